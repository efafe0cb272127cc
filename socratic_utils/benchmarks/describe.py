"""A benchmark in numbers: problems, answers and steps per split."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from statistics import median
from typing import Any

from socratic_utils.answers import extract_answer
from socratic_utils.problems import Problem

from . import load_problems, splits_of

MOST_STEPS = 8  # this many steps or more share one column


def overview(dataset: str) -> list[dict[str, Any]]:
    """One row per split; without its file it is skipped (all: FileNotFoundError)."""
    rows, missing = [], None
    for split in splits_of(dataset):
        try:
            found = load_problems(dataset, split)
        except FileNotFoundError as error:
            print(f"{split} is skipped: {error}")
            missing = error
        else:
            row = {"split": split, "problems": len(found), "answers": answers_of(found)}
            rows.append(row | steps_of(found))
    if missing and not rows:
        raise missing
    return rows


def answers_of(problems: Sequence[Problem]) -> str:
    """The distribution of the gold answers: shares, or the median of numbers."""
    if problems[0].kind != "number":
        counts = sorted(Counter(problem.answer for problem in problems).items())
        return ", ".join(f"{a} {100 * n / len(problems):.0f} %" for a, n in counts)
    values = [Fraction(extract_answer(problem.answer)) for problem in problems]
    whole = sum(value.denominator == 1 for value in values) / len(values)
    return f"median {float(median(values)):g}, {100 * whole:.0f} % whole numbers"


def steps_of(problems: Sequence[Problem]) -> dict[str, int]:
    """The number of problems with 1, 2, ... gold steps; {} if none has any."""
    counts = Counter(min(len(p.steps), MOST_STEPS) for p in problems if p.steps)
    names = [f"{n} steps" for n in range(1, MOST_STEPS)] + [f"{MOST_STEPS} or more"]
    return {names[n - 1]: counts[n] for n in range(1, max(counts, default=0) + 1)}
