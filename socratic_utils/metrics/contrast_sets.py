"""Contrast sets: does a student still answer right when the question changes a little?

A contrast set (Gardner et al. 2020, used in P2's Fig 5) is a changed copy of test
problems: as little is changed as gives another answer.  Accuracy on the two sides hides
who answers both of a pair by luck, so *consistency* counts pairs with both right.

    >>> rows = [{"id": "t-1", "correct": True}, {"id": "c-1", "correct": False}]
    >>> pairs(rows, {"c-1": "t-1"})
    [(True, False)]

A problem names its original in `extra["base_id"]`: the split `contrast` of `imdb`, and
`challenge` of `gradeschool`, whose variants of test problems (another question, one
more number, another order) are our small contrast set; only some change the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from socratic_utils.problems import Problem

from .statistics import accuracy, paired


def bases(problems: Iterable[Problem]) -> dict[str, str]:
    """The original of each problem that has one."""
    return {p.id: p.extra["base_id"] for p in problems if p.extra.get("base_id")}


def pairs(rows: Iterable[dict], base_of: Mapping[str, str]) -> list[tuple[bool, bool]]:
    """(original right, changed right) of every pair whose sides are both in `rows`."""
    right = {row["id"]: bool(row["correct"]) for row in rows}
    return [
        (right[base], right[changed])
        for changed, base in base_of.items()
        if base in right and changed in right
    ]


def contrast_table(
    rows: Sequence[dict], base_of: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a student: accuracy on both sides and consistency, over the same pairs.

    Intervals are Wilson's; `p_value` is McNemar's exact test between the two sides.
    A student whose rows hold no whole pair has no line.
    """
    table = []
    for student in dict.fromkeys(row["student"] for row in rows):
        found = pairs((r for r in rows if r["student"] == student), base_of)
        if not found:
            continue
        line: dict[str, Any] = {"student": student, "pairs": len(found)}
        for name, verdicts in (
            ("original", [a for a, _ in found]),
            ("contrast", [b for _, b in found]),
            ("consistency", [a and b for a, b in found]),
        ):
            score = accuracy({"correct": verdict} for verdict in verdicts)
            line |= {name: score["accuracy"], f"{name}_low": score["ci_low"],
                     f"{name}_high": score["ci_high"]}  # fmt: skip
        table.append(line | {"p_value": paired(found)[-1]})
    return table
