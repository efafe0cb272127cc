"""Metrics: values worked by hand or published, and one problem gone wrong each way."""

import math
import random
from math import comb

import numpy as np
import pytest

from socratic_utils.metrics.statistics import (
    ERRORS,
    accuracy,
    first_error,
    mcnemar,
    paired_bootstrap,
    relative_gain,
    wilson_interval,
)
from socratic_utils.problems import Problem, Step

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
def test_wilson(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-6)


def test_wilson_as_published():
    """Newcombe 1998, table I, method 3, to the four digits printed there."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_wilson_properties():
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
def test_wilson_refuses(counts):
    with pytest.raises(ValueError, match=r"cannot be|whole number"):
        wilson_interval(*counts)


def test_mcnemar():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(1, 9) == mcnemar(9, 1) == pytest.approx(2 * (1 + 10) / 2**10)
    tail = sum(comb(20, k) for k in range(6)) / 2**20
    assert mcnemar(5, 15) == pytest.approx(2 * tail)
    with pytest.raises(ValueError, match="only_b"):
        mcnemar(1, -1)


def test_bootstrap():
    a, b = [True] * 60 + [False] * 40, [True] * 50 + [False] * 50
    difference, low, high = paired_bootstrap(a, b, seed=3)
    assert difference == pytest.approx(0.1)
    # 100 draws of +1 with chance 0.1: binomial quantiles 5 and 16 of 100
    assert (low, high) == pytest.approx((0.05, 0.16), abs=0.011)
    assert paired_bootstrap(a, b, seed=3) == (difference, low, high)
    assert paired_bootstrap(b, a, seed=3)[0] == pytest.approx(-0.1)
    assert paired_bootstrap(a, a) == (0, 0, 0)
    for bad in (([], []), ([True], [True, False])):
        with pytest.raises(ValueError, match="one length"):
            paired_bootstrap(*bad)


def test_accuracy():
    rows = [{"correct": i < 5, "correct_strict": False} for i in range(10)]
    five = {"n": 10, "correct": 5, "accuracy": 0.5, "ci_low": 0.2366, "ci_high": 0.7634}
    assert accuracy(rows) == five
    assert accuracy(rows, "correct_strict")["ci_high"] == 0.2775
    assert math.isnan(accuracy([])["accuracy"])


def test_relative_gain_has_the_papers_convention():
    gain = relative_gain(5.05, 6.44)  # P1, Table 2, GSM8K small: "up 20%"
    assert gain.of_new == pytest.approx(0.216, abs=5e-4)
    assert gain.of_old == pytest.approx(0.275, abs=5e-4)
    assert relative_gain(27.5, 47.1).of_new == pytest.approx(0.416, abs=5e-4)
    assert math.isnan(relative_gain(0, 5).of_old)
    assert relative_gain(0, 5).of_new == 1


# --- first errors -----------------------------------------------------------------

STEPS = (
    Step("How many sticks does Hana need?", "She needs 6 * 4 = 24 sticks.", "24"),
    Step("How many more must she buy?", "She must buy 24 - 3 = 21 sticks.", "21"),
    Step("How many packs is that?", "That is 21 / 7 = 3 packs.", "3"),
)
PROBLEM = Problem("p", "d", "test", "Hana makes 6 kites ...", "3", steps=STEPS)


def row(*lines, correct=False, truncated=False):
    """Lines as "Q: ..." and "A: ..."; the text keeps no mark, as students save it."""
    roles = {"Q": "question", "A": "solution", "T": "answer", "O": "other"}
    split = [{"role": roles[line[0]], "text": line[3:]} for line in lines]
    return {"correct": correct, "truncated": truncated, "lines": split}


Q1, Q2, Q3 = (f"Q: {step.question}" for step in STEPS)
A1, A2, A3 = (f"A: {step.solution}" for step in STEPS)
CASES = [
    # Socratic
    ("wrong arithmetic", 1, row(Q1, A1, Q2, "A: She must buy 24 - 3 = 20.", Q3, A3)),
    ("wrong question", 0, row("Q: How tall is the tree?", "A: It is 6 + 4 = 10.")),
    ("wrong question", 1, row(Q1, A1, Q1, A1)),  # asks again
    ("wrong reading", 1, row(Q1, A1, Q2, "A: She must buy 24 + 3 = 27 sticks.")),
    ("wrong reading", 0, row(Q1, "A: She needs 42 sticks.", Q2, A2)),
    ("stopped early", 2, row(Q1, A1, Q2, A2, "T: The answer is 21.")),
    ("stopped early", 1, row(Q2, "A: 24 - 3 = 21")),
    ("ran on", 3, row(Q1, A1, Q2, A2, Q3, A3, "Q: And then?", "A: 3 + 3 = 7")),
    ("ran on", 1, row(Q1, A1, Q2, "A: She must buy 24 -", truncated=True)),
    ("wrong arithmetic", 0, row(Q1, "A: 6 * 4 = 9", "T: The answer", truncated=True)),
    ("ran on", 1, row(Q1, A1, "T: The answer is 2 2 2", truncated=True)),
    ("wrong arithmetic", 0, row(Q1, "A: 6 * 4 = 25", Q2, "A: 25", truncated=True)),
    ("wrong reading", 3, row(Q1, A1, Q2, A2, Q3, A3, "T: The answer is 4.")),
    ("wrong arithmetic", 2, row(Q1, Q2, Q3, A1, A2, "A: 21 / 7 = 4")),  # asked upfront
    ("none", None, row(Q1, "A: 6 * 4 = 99", correct=True)),
    # other order of operands; the question in other words, the gold computation
    ("stopped early", 1, row("Q: What is required?", "A: 4 * 6 = 24")),
    # without questions
    ("wrong arithmetic", 1, row(A1, "A: 24 - 3 = 22", A3)),
    ("wrong reading", 1, row(A1, "A: 24 + 6 = 30 sticks.")),
    ("stopped early", 2, row(A1, "A: She has 3 already.")),
    (
        "wrong arithmetic",
        1,
        row("A: First 6 * 4 = 24. Then 24 - 3 = 20. So 21 / 7 = 3"),
    ),
    ("stopped early", 1, row("A: Together 6 * 4 = 24")),
    # no chain
    ("no chain", None, row("T: The answer is 4.")),
    ("no chain", None, row("O: 1 2 3", truncated=True)),
]


@pytest.mark.parametrize(("kind", "step", "prediction"), CASES)
def test_first_error(kind, step, prediction):
    assert first_error(prediction, PROBLEM) == (kind, step)


def test_first_error_names_are_closed():
    assert {kind for kind, _, _ in CASES} == {*ERRORS, "none"}


def test_first_error_without_gold_steps_or_numbers():
    bare = Problem("p", "d", "test", "How many?", "3")
    assert first_error(row(A1, "A: 1 + 1 = 3"), bare) == ("wrong arithmetic", 1)
    assert first_error(row(Q1, A1), bare) == ("wrong reading", 1)
    fact = Step("Can a fish fly?", "Fish have no wings.", "")
    told = Problem("p", "d", "test", "Do fish fly?", "no", "yes_no", (fact,))
    assert first_error(row("Q: Can fish fly?", "A: Yes."), told) == ("wrong reading", 1)
    other = row("Q: Is water wet?", "A: Yes.")
    assert first_error(other, told) == ("wrong question", 0)


def test_gold_chains_have_no_error_in_their_steps():
    """Our own data: a gold chain with a wrong answer line only errs in that line."""
    from socratic_utils.benchmarks import load_problems

    for problem in load_problems("gradeschool", "test", 60):
        lines = [
            x for s in problem.steps for x in (f"Q: {s.question}", f"A: {s.solution}")
        ]
        expected = ("wrong reading", len(problem.steps))
        assert first_error(row(*lines), problem) == expected, problem.id
        assert first_error(row(*lines[1::2]), problem) == expected, problem.id
