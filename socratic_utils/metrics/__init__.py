"""Scores of prediction rows, with their uncertainty.

Both papers report bare accuracies (Tables 2 to 5 of Socratic CoT, Tables 2 and 3 of
SCoTD).  Here every share has an interval and every comparison an exact paired test.

    >>> wilson_interval(31, 200)[0] < 31 / 200 < wilson_interval(31, 200)[1]
    True

Not covered: tables and figures (`results`).
"""

from .errors import correct_with_wrong_steps, first_error, line_marks
from .statistics import accuracy, mcnemar, paired, relative_gain, wilson_interval

__all__ = [
    "accuracy", "correct_with_wrong_steps", "first_error", "line_marks", "mcnemar",
    "paired", "relative_gain", "wilson_interval",
]  # fmt: skip
