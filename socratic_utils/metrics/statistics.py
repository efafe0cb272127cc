"""Scores with their uncertainty: intervals and paired tests."""

from collections import Counter
from collections.abc import Iterable
from math import nan
from numbers import Real


def wilson_interval(correct: int, total: int, confidence=0.95) -> tuple[float, float]:
    """Wilson's score interval (1927) of a proportion: (low, high), as fractions."""
    from scipy.stats import binomtest  # slow to import; `--help` needs none of it

    k, n = _count(correct, "correct"), _count(total, "total")
    if k > n or not 0 < confidence < 1:
        raise ValueError(f"{k} correct of {n} at confidence {confidence} is impossible")
    if n == 0:
        return 0.0, 1.0
    interval = binomtest(k, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def accuracy(rows: Iterable[dict], column: str = "correct") -> dict[str, float]:
    """`n, correct, accuracy, ci_low, ci_high`, as fractions; no rows: accuracy NaN."""
    verdicts = [bool(row[column]) for row in rows]
    n, right = len(verdicts), sum(verdicts)
    low, high = (round(end, 4) for end in wilson_interval(right, n))
    share = round(right / n, 4) if n else nan
    return dict(n=n, correct=right, accuracy=share, ci_low=low, ci_high=high)


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value (McNemar, 1947) of what A alone and B alone solve."""
    from scipy.stats import binomtest

    a, b = _count(only_a, "only_a"), _count(only_b, "only_b")
    return float(binomtest(a, a + b, 0.5).pvalue) if a + b else 1.0


def paired(verdicts: Iterable[tuple[bool, bool]]) -> tuple[int, int, float]:
    """(only A right, only B right, `mcnemar` p to 6 digits) of (A right, B right)s."""
    counts = Counter(verdicts)
    only_a, only_b = counts[True, False], counts[False, True]
    return only_a, only_b, float(f"{mcnemar(only_a, only_b):.6g}")


def _count(value: int, name: str) -> int:
    if not isinstance(value, Real) or value < 0 or value % 1:  # inf % 1: nan, truthy
        raise ValueError(f"{name} must be a whole number from 0, not {value!r}")
    return int(value)
