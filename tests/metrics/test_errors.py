"""First errors: one problem gone wrong in every way."""

import pytest

from socratic_utils.metrics import correct_with_wrong_steps, first_error
from socratic_utils.metrics.errors import ERRORS
from socratic_utils.problems import Problem, Step

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
def test_the_first_error_is_classified(kind, step, prediction):
    assert first_error(prediction, PROBLEM) == (kind, step)


def test_every_kind_of_error_is_tested():
    assert {kind for kind, _, _ in CASES} == {*ERRORS, "none"}


def test_chains_without_gold_steps_or_numbers_are_classified():
    bare = Problem("p", "d", "test", "How many?", "3")
    assert first_error(row(A1, "A: 1 + 1 = 3"), bare) == ("wrong arithmetic", 1)
    assert first_error(row(Q1, A1), bare) == ("wrong reading", 1)
    fact = Step("Can a fish fly?", "Fish have no wings.", "")
    problem = Problem("p", "d", "test", "Do fish fly?", "no", "yes_no", (fact,))
    assert first_error(row("Q: Can fish fly?", "A: Yes."), problem) == (
        "wrong reading",
        1,
    )
    other = row("Q: Is water wet?", "A: Yes.")
    assert first_error(other, problem) == ("wrong question", 0)


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


def test_correct_answers_may_follow_wrong_steps():
    false = row("A: She needs 6 * 4 = 23 sticks.", "T: The answer is 3.", correct=True)
    fine, wrong = row(A1, A2, A3, correct=True), row("A: She needs 6 * 4 = 23 sticks.")
    rows = [{**one, "id": "p"} for one in (false, fine, wrong)]
    assert correct_with_wrong_steps(rows, [PROBLEM]) == rows[:1]
