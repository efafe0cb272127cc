"""Contrast sets: is a student still right when the question changes a little?

    >>> contrast_table(rows, bases(load_problems("gradeschool", "challenge")))

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
    """One row per student with a pair: accuracies, consistency, McNemar's `p_value`.

    Only pairs that all these students have count.  ValueError as of `alike`.
    """
    ids: dict[str, set[str]] = {row["student"]: set() for row in rows}
    for row in rows:
        ids[row["student"]].add(row["id"])
    having = [own for own in ids.values() if any({*p} <= own for p in base_of.items())]
    base_of = {b: a for b, a in base_of.items() if all({a, b} <= own for own in having)}
    sides = {*base_of, *base_of.values()}
    rows = [r for r in rows if ids[r["student"]] in having and r["id"] in sides]
    rows, table = alike(rows, ["student", "split"]), []
    for student in dict.fromkeys(row["student"] for row in rows):
        found = pairs((r for r in rows if r["student"] == student), base_of)
        line: dict[str, Any] = {"student": student, "pairs": len(found)}
        both = [dict(original=a, contrast=b, consistency=a and b) for a, b in found]
        for name in both[0]:
            score = accuracy(both, name)
            line |= {name: score["accuracy"], f"{name}_low": score["ci_low"],
                     f"{name}_high": score["ci_high"]}  # fmt: skip
        table.append(line | {"p_value": paired(found)[-1]})
    return table
