"""Contrast sets: is a student still right when the question changes a little?

A contrast set (Gardner et al., 2020; SCoTD, Fig. 5) changes test problems minimally:
the split `contrast` of `imdb`, our `challenge` of `gradeschool` (where only some
answers change).  *Consistency* is the share of pairs with both sides right.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    students = dict.fromkeys(row["student"] for row in rows)
    ids = {s: {row["id"] for row in rows if row["student"] == s} for s in students}
    found = [{a, b} for b, a in base_of.items()]
    ids = {s: own for s, own in ids.items() if any(pair <= own for pair in found)}
    common, table = set.intersection(*(ids.values() or [set()])), []
    rows = [row for row in rows if row["student"] in ids and row["id"] in common]
    rows = alike(rows, ["student", "split"])
    for student in ids:
        found = pairs((r for r in rows if r["student"] == student), base_of)
        if not found:
            continue
        line: dict[str, Any] = {"student": student, "pairs": len(found)}
        both = [dict(original=a, contrast=b, consistency=a and b) for a, b in found]
        for name in both[0]:
            score = accuracy(both, name)
            line |= {name: score["accuracy"], f"{name}_low": score["ci_low"],
                     f"{name}_high": score["ci_high"]}  # fmt: skip
        table.append(line | {"p_value": paired(found)[-1]})
    return table
