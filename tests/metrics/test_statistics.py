"""Scores: values worked out by hand or published."""

import math
import random
from math import comb

import numpy as np
import pytest

from socratic_utils.metrics import accuracy, mcnemar, wilson_interval

Z = 1.959963984540054  # of 95 %


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (0, 10, 0.0, Z**2 / (10 + Z**2)),  # by hand: centre and half width are equal
        (10, 10, 10 / (10 + Z**2), 1.0),
        (5, 10, 0.236593, 0.763407),
        (0, 0, 0.0, 1.0),
        (np.int64(1), np.int64(1), 0.206549, 1.0),
    ],
)
def test_wilson_equals_values_worked_out_by_hand(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-6)


def test_wilson_equals_published_values():
    """Newcombe 1998, table I, method 3, to the four digits printed there."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_wilson_is_symmetric_and_contains_the_share():
    rng = random.Random(0)
    for _ in range(300):
        n = rng.randint(1, 500)
        k = rng.randint(0, n)
        low, high = wilson_interval(k, n)
        assert 0 <= low <= k / n <= high <= 1
        mirrored = wilson_interval(n - k, n)
        assert (1 - high, 1 - low) == pytest.approx(mirrored)
        wide = wilson_interval(k, n, confidence=0.99)
        assert wide[0] <= low and high <= wide[1]


@pytest.mark.parametrize(
    "counts",
    [(11, 10), (-1, 10), (1.5, 3), (1, 0), (0, -1), (math.nan, 3), (1, math.inf),
     ("1", 3), (None, 3), (1, 2, 0), (1, 2, 1.0), (1, 2, 95)],
)  # fmt: skip
def test_wilson_refuses_impossible_counts(counts):
    with pytest.raises(ValueError, match=r"impossible|whole number"):
        wilson_interval(*counts)


def test_mcnemar_is_the_exact_binomial_test():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(1, 9) == mcnemar(9, 1) == pytest.approx(2 * (1 + 10) / 2**10)
    tail = sum(comb(20, k) for k in range(6)) / 2**20
    assert mcnemar(5, 15) == pytest.approx(2 * tail)
    with pytest.raises(ValueError, match="only_b"):
        mcnemar(1, -1)


def test_accuracy_has_its_interval():
    rows = [{"correct": i < 5, "correct_strict": False} for i in range(10)]
    five = {"n": 10, "correct": 5, "accuracy": 0.5, "ci_low": 0.2366, "ci_high": 0.7634}
    assert accuracy(rows) == five
    assert accuracy(rows, "correct_strict")["ci_high"] == 0.2775
    assert math.isnan(accuracy([])["accuracy"])
