"""Scores of prediction rows: every share has an interval, every comparison a test.

    >>> wilson_interval(31, 200)[0] < 31 / 200 < wilson_interval(31, 200)[1]
    True

Both papers report bare accuracies.  Not covered: tables and figures (`results`).
"""

from .errors import correct_with_wrong_steps, first_error, line_marks
from .statistics import accuracy, mcnemar, paired, wilson_interval
