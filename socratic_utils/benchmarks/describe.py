"""A benchmark in numbers: how many problems, which answers, how many steps.

    >>> overview("gradeschool")[0]["problems"]
    400

Not covered: how hard it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from socratic_utils.answers import extract_answer
from socratic_utils.problems import Problem

from . import BENCHMARKS, load_problems

MOST_STEPS = 8  # of their own; more are one column


def overview(dataset: str) -> list[dict[str, Any]]:
    """A row a split: problems, answers, and steps where there are gold ones.

    A split whose file is not there is told and left out.  Raises FileNotFoundError
    where that is so for all of them.
    """
    rows, missing = [], None
    for split in BENCHMARKS[dataset].SPLITS:
        try:
            found = load_problems(dataset, split)
        except FileNotFoundError as error:
            print(f"{split} is left out: {error}")
            missing = error
            continue
        line = {"split": split, "problems": len(found), "answers": answers_of(found)}
        rows.append(line | steps_of(found))
    if missing and not rows:
        raise missing
    return rows


def answers_of(problems: Sequence[Problem]) -> str:
    """How the gold answers are distributed: shares, or the middle of numbers."""
    if problems[0].kind != "number":
        counts = Counter(problem.answer for problem in problems)
        shares = {name: counts[name] / len(problems) for name in sorted(counts)}
        return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    values = [float_of(problem.answer) for problem in problems]
    whole = sum(value == int(value) for value in values) / len(values)
    return f"median {median(values):g}, {whole:.0%} whole numbers"


def float_of(answer: str) -> float:
    """The value of a gold number, "1/2" as well as "0.5"."""
    top, _, bottom = (extract_answer(answer) or "nan").partition("/")
    return float(top) / float(bottom or 1)


def steps_of(problems: Sequence[Problem]) -> dict[str, int]:
    """How many problems have 1, 2, ... gold steps; nothing where none has any."""
    counts = Counter(min(len(p.steps), MOST_STEPS) for p in problems if p.steps)
    if not counts:
        return {}
    names = {n: f"{n} steps" for n in range(1, MOST_STEPS)} | {
        MOST_STEPS: f"{MOST_STEPS} or more"
    }
    return {names[n]: counts[n] for n in range(1, max(counts) + 1)}
