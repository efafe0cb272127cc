"""The transcript, the roles and the mask: golden texts and token-exact checks."""

import pytest

from socratic_utils.problems import Chain, Problem, Step, gold_chain
from socratic_utils.students.base_models import tiny
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.transcript import (
    IGNORED,
    prompt_ids,
    prompt_text,
    role_of,
    segments,
    tokenize,
)

PROBLEM = Problem(
    "p", "gradeschool", "train", "Mia buys 3 bags of 4 apples and eats 2. How many?",
    "10",
    steps=(
        Step("How many does she buy?", "She buys 3 * 4 = 12 apples.", "12"),
        Step("How many are left?", "There are 12 - 2 = 10 left.", "10"),
    ),
)  # fmt: skip
MODEL, TOKENIZER = tiny()

P = "Problem: Mia buys 3 bags of 4 apples and eats 2. How many?\n"
Q1, A1 = "Q: How many does she buy?\n", "A: She buys 3 * 4 = 12 apples.\n"
Q2, A2 = "Q: How many are left?\n", "A: There are 12 - 2 = 10 left.\n"
END = "The answer is 10.<end>"
DONE = "No more questions.<end>"

# supervision: (everything shown, what is in the loss)
GOLDEN = {
    "answer_only": (P + END, END),
    "gt_steps": (P + A1 + A2 + END, A1 + A2 + END),
    "cot": (P + A1 + A2 + END, A1 + A2 + END),
    "socratic_unified": (P + Q1 + A1 + Q2 + A2 + END, Q1 + A1 + Q2 + A2 + END),
    "qg": (P + Q1 + Q2 + DONE, Q1 + Q2 + DONE),
    "qg_sees_solutions": (P + Q1 + A1 + Q2 + A2 + DONE, Q1 + Q2 + DONE),
    "qa": (P + Q1 + A1 + Q2 + A2 + END, A1 + A2 + END),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_shown_and_what_is_in_the_loss(name):
    example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), SUPERVISIONS[name])
    ids, labels = example["input_ids"], example["labels"]
    in_loss = [i for i, label in zip(ids, labels, strict=True) if label != IGNORED]
    assert (TOKENIZER.decode(ids), TOKENIZER.decode(in_loss)) == GOLDEN[name]
    assert all(label in (IGNORED, i) for i, label in zip(ids, labels, strict=True))


@pytest.mark.parametrize("name", SUPERVISIONS)
def test_the_end_mark_is_trained_and_stands_last(name):
    example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), SUPERVISIONS[name])
    assert example["labels"][-1] == TOKENIZER.eos_token_id
    assert example["labels"].count(TOKENIZER.eos_token_id) == 1


def test_a_problem_alone_is_the_exact_beginning_of_its_training_example():
    prompt = prompt_ids(TOKENIZER, PROBLEM)
    for supervision in SUPERVISIONS.values():
        example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), supervision)
        assert example["input_ids"][: len(prompt)] == prompt


def test_line_breaks_in_a_chain_cannot_break_the_transcript():
    chain = Chain(
        "p", "socratic", (Step("Why\nnow?", "So\n\n2 + 2 = 4.", "4"),), "4", "t"
    )
    assert [s.text for s in segments(PROBLEM, chain)][1:] == [
        "Q: Why now?",
        "A: So 2 + 2 = 4.",
        "The answer is 4.",
    ]


def test_choices_are_lettered():
    problem = Problem("c", "d", "s", "Where?", "b", "choice", choices=("bank", "river"))
    assert prompt_text(problem) == "Problem: Where? (a) bank (b) river"


def test_roles_are_read_back_from_written_lines():
    for segment in segments(PROBLEM, gold_chain(PROBLEM)):
        assert role_of(segment.text) == segment.role
    assert role_of("No more questions.") == "done"
    assert role_of("Hello") == "other"
