"""A review as a Problem with two choices: shared by `sst2` and `imdb`.

>>> review_problem("demo", "test", "1", "A  joy.<br /><br />See it!", 1).text
'A joy. See it! Is this review negative or positive?'
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from .multiple_choice import choice_problem

LABELS = ("negative", "positive")  # 0 and 1, on the hub and in P2
QUESTION = "Is this review negative or positive?"


def review_problem(
    dataset: str, split: str, id: str, text: str, label: int, extra: dict | None = None
) -> Problem:
    """ValueError, from `choice_problem`, where `label` is neither 0 nor 1."""
    plain = " ".join(text.replace("<br />", " ").split())
    choices = list(enumerate(LABELS))
    stem = f"{plain} {QUESTION}"
    return choice_problem(dataset, split, id, stem, choices, label, extra)
