"""load_problems and the GSM8K loader, on small files in the published format."""

import json
import os

import pytest

from socratic_utils.answers import is_correct
from socratic_utils.benchmarks import load_problems

REAL_DATA = os.environ.get("SOCRATIC_DATA_DIR")

ROWS = [  # question, main solution, Socratic solution
    (
        "Janet's ducks lay 16 eggs. She eats 3 and bakes with 4. She sells the rest "
        "for $2 each. How much does she make?",
        "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\n"
        "She makes 9 * 2 = $<<9*2=18>>18.\n#### 18",
        "How many eggs does Janet sell? ** Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 "
        "eggs.\nHow much does she make? ** She makes 9 * 2 = $<<9*2=18>>18.\n#### 18",
    ),
    (
        " A school buys 4 desks at $300 each. How much does it pay?\n",
        "It pays 4 * $300 = $<<4*300=1200>>1,200.\n#### 1,200",
        "It pays 4 * $300 = $<<4*300=1200>>1,200.\n\n#### 1,200",
    ),
    (
        "A pool at -3 degrees warms by half a degree. How warm is it?",
        "It is -3 + .5 = <<-3+.5=-2.5>>-2.5 degrees.\n#### -2.5",
        "How warm? ** It has -2.5 degrees.\n#### -2.5",
    ),
]


def write_gsm8k(folder, split="test", rows=ROWS, files=("main", "socratic")):
    """The published layout: test.jsonl and test_socratic.jsonl, one row per line."""
    folder = folder / "gsm8k"
    folder.mkdir(parents=True, exist_ok=True)
    for name, column, suffix in (("main", 1, ""), ("socratic", 2, "_socratic")):
        lines = [json.dumps({"question": r[0], "answer": r[column]}) for r in rows]
        if name in files:
            (folder / f"{split}{suffix}.jsonl").write_text("\n".join(lines) + "\n")


# --- load_problems ----------------------------------------------------------------


def test_limit():
    everything = load_problems("gradeschool", "test")
    assert len(everything) == 300
    assert load_problems("gradeschool", "test", 3) == everything[:3]
    assert load_problems("gradeschool", split="test", limit=0) == []
    assert load_problems("gradeschool", "test", 10**6) == everything
    assert load_problems("gradeschool")[0].split == "train"


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("gsm9k",), "unknown dataset 'gsm9k': choose from ['gradeschool', 'gsm8k'"),
        (("gsm8k", "dev"), "gsm8k has no split 'dev': choose from ['train', 'test']"),
        (("gradeschool", "Test"), "gradeschool has no split 'Test': choose from ['tr"),
        (("gradeschool", "test", -1), "limit must not be negative, not -1"),
    ],
)
def test_refusals(arguments, sentence):
    with pytest.raises(ValueError) as caught:
        load_problems(*arguments)
    assert str(caught.value).startswith(sentence)


# --- gsm8k ------------------------------------------------------------------------


def test_gsm8k(data):
    write_gsm8k(data)
    eggs, desks, pool = load_problems("gsm8k", "test")
    assert (eggs.id, eggs.dataset, eggs.split) == ("gsm8k-test-0000", "gsm8k", "test")
    assert [step.question for step in eggs.steps] == [
        "How many eggs does Janet sell?",
        "How much does she make?",
    ]
    assert eggs.steps[0].solution == "Janet sells 16 - 3 - 4 = 9 eggs."
    assert eggs.steps[1].solution == "She makes 9 * 2 = $18."
    assert [step.answer for step in eggs.steps] == ["9", "18"]
    assert eggs.extra["solution"] == ROWS[0][1]  # the main edition, as published
    assert [p.answer for p in (eggs, desks, pool)] == ["18", "1200", "-2.5"]
    assert desks.text.startswith("A school") and desks.text.endswith("pay?")


def test_gsm8k_step_without_a_question_or_a_note(data):
    write_gsm8k(data)
    _, desks, pool = load_problems("gsm8k", "test")
    assert [step.question for step in desks.steps] == [""]
    assert desks.steps[0].solution == "It pays 4 * $300 = $1,200."
    assert desks.steps[0].answer == "1200"
    assert pool.steps[0].answer == "-2.5"


def test_gsm8k_limit(data):
    write_gsm8k(data)
    assert [p.id for p in load_problems("gsm8k", "test", 2)] == [
        "gsm8k-test-0000",
        "gsm8k-test-0001",
    ]


@pytest.mark.parametrize("files", [(), ("main",), ("socratic",)])
def test_gsm8k_missing_file(data, files):
    write_gsm8k(data, files=files)
    with pytest.raises(FileNotFoundError) as caught:
        load_problems("gsm8k", "test")
    message = str(caught.value)
    missing = "test_socratic.jsonl" if "main" in files else "test.jsonl"
    assert message.startswith(str(data / "gsm8k" / missing))
    assert "unset SOCRATIC_DATA_DIR" in message and "\n" not in message


def test_gsm8k_editions_that_do_not_match(data):
    write_gsm8k(data, files=("main",))
    write_gsm8k(data, files=("socratic",), rows=ROWS[::-1])
    with pytest.raises(ValueError, match="gsm8k test: .* do not match"):
        load_problems("gsm8k", "test")


def test_gsm8k_row_without_an_answer(data):
    write_gsm8k(data, rows=[("How many?", "No idea.", "How many? ** No idea.")])
    with pytest.raises(ValueError, match="gsm8k-test-0000: no final answer"):
        load_problems("gsm8k", "test")


@pytest.mark.parametrize("files", ["main", "socratic"])
@pytest.mark.parametrize(
    "row, fault",
    [
        ({"question": "How many?"}, "no field 'answer'"),
        ({"question": "How many?", "answer": None}, "its 'answer' is no text but None"),
        ({"question": 3, "answer": "#### 3"}, "its 'question' is no text but 3"),
    ],
)
def test_gsm8k_row_that_lacks_something_is_named(data, files, row, fault):
    write_gsm8k(data)
    path = data / "gsm8k" / f"test{'_socratic' * (files == 'socratic')}.jsonl"
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
    with pytest.raises(ValueError) as caught:
        load_problems("gsm8k", "test")
    assert str(caught.value).startswith(f"{path}, row 4: {fault}")
    assert "\n" not in str(caught.value)


def test_gsm8k_last_number_of_a_solution_without_its_mark_is_no_gold_answer(data):
    cut = "She has 3 + 4 = 7 pens and 9 hats."
    write_gsm8k(data, rows=[*ROWS, ("How many pens?", cut, cut)])
    with pytest.raises(ValueError, match="gsm8k-test-0003: no final answer after '#"):
        load_problems("gsm8k", "test")


@pytest.mark.skipif(not REAL_DATA, reason="SOCRATIC_DATA_DIR is not set")
@pytest.mark.parametrize("split, size", [("train", 7473), ("test", 1319)])
def test_the_published_gsm8k(split, size):
    problems = load_problems("gsm8k", split)
    assert len(problems) == size == len({p.id for p in problems})
    assert all(is_correct(p.answer, p.answer) and p.steps for p in problems)
    steps = [step for p in problems for step in p.steps]
    assert not any("<<" in s.solution or " ** " in s.solution for s in steps)
    agreeing = [p for p in problems if is_correct(p.steps[-1].answer, p.answer)]
    assert len(agreeing) >= 0.98 * size
