"""Contrast sets: is a student still right when the question changes a little?

A contrast set (Gardner et al., 2020; SCoTD, Fig. 5) changes test problems minimally:
the split `contrast` of `imdb`, our `challenge` of `gradeschool` (where only some
answers change).  *Consistency* is the share of pairs with both sides right.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from socratic_utils.problems import Problem

from .alike import alike
from .statistics import accuracy, paired


def bases(problems: Iterable[Problem]) -> dict[str, str]:
    """Problem id -> id of its original (`extra["base_id"]`), where it has one."""
    return {p.id: p.extra["base_id"] for p in problems if p.extra.get("base_id")}


def pairs(rows: Iterable[dict], base_of: Mapping[str, str]) -> list[tuple[bool, bool]]:
    """(original right, changed right) of every pair with both sides in `rows`."""
    right = {row["id"]: bool(row["correct"]) for row in rows}
    return [(right[a], right[b]) for b, a in base_of.items() if {a, b} <= right.keys()]


def contrast_table(rows: Sequence[dict], base_of: Mapping[str, str]) -> list[dict]:
    """One row per student with a pair: accuracies, consistency, McNemar's `p_value`,
    of the pairs that all these students have; ValueError as of `alike`."""
    own, table = defaultdict(list), []
    for row in rows:
        own[row["student"]].append(row)
    own = {name: found for name, found in own.items() if pairs(found, base_of)}
    ids = [{row["id"] for row in found} for found in own.values()]
    common = set.intersection(*ids) if ids else set()
    own = {name: [r for r in found if r["id"] in common] for name, found in own.items()}
    alike(sum(own.values(), []), ["student", "split"])
    for student, found in own.items():
        both = pairs(found, base_of)
        if not both:
            continue
        line = {"student": student, "pairs": len(both)}
        sides = [dict(original=a, contrast=b, consistency=a and b) for a, b in both]
        for name in sides[0]:
            _, _, share, low, high = accuracy(sides, name).values()
            line |= {name: share, f"{name}_low": low, f"{name}_high": high}
        table.append(line | {"p_value": paired(both)[-1]})
    return table
