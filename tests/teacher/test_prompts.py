"""The shipped prompts: every exemplar is read as it was meant."""

import pytest

from socratic_utils.answers import parse_chain
from socratic_utils.benchmarks import load_problems, splits_of
from socratic_utils.problems import Problem
from socratic_utils.teacher.prompts import STYLES, asked_text, load_prompt, parse_prompt
from socratic_utils.teacher.teacher import Teacher
from tests.helpers.published_rows import REAL_DATA, needs_real_data

OWN = {  # (dataset, style): exemplars, answers
    ("commonsense_qa", "cot"): "bcadebc",
    ("openbookqa", "cot"): "bcad",
    ("quarel", "cot"): "abbab",
    ("strategyqa", "cot"): ("no", "yes", "no"),
    ("strategyqa", "socratic"): ("no", "yes", "no"),
    ("gradeschool", "cot"): ("3", "30", "25"),
    ("gradeschool", "socratic"): ("3", "30", "25"),
}
KINDS = {"commonsense_qa": "choice", "openbookqa": "choice", "quarel": "choice",
         "strategyqa": "yes_no"}  # fmt: skip


@pytest.mark.parametrize("dataset, style", OWN)
def test_exemplars_say_what_they_were_written_for(dataset, style):
    prompt = load_prompt(dataset, style)
    read = [
        parse_chain(chain, style, KINDS.get(dataset, "number"))
        for _, chain in prompt.exemplars
    ]
    assert [answer for _, answer in read] == list(OWN[dataset, style])
    for steps, _ in read:
        assert len(steps) >= 2
        assert all(bool(step.question) == (style == "socratic") for step in steps)


@pytest.mark.parametrize("dataset", ["gradeschool", "strategyqa"])
def test_the_styles_differ_in_their_questions_alone(dataset):
    cot, socratic = (load_prompt(dataset, style) for style in ("cot", "socratic"))
    kind = KINDS.get(dataset, "number")
    for one, other in zip(cot.exemplars, socratic.exemplars, strict=True):
        assert one[0] == other[0]
        plain, asked = (
            [step.solution for step in parse_chain(text, style, kind)[0]]
            for text, style in ((one[1], "cot"), (other[1], "socratic"))
        )
        assert plain == asked


@pytest.mark.parametrize("dataset, style", [k for k in OWN if k[0] in KINDS])
def test_choices_are_written_as_problems_are(dataset, style):
    for text, _ in load_prompt(dataset, style).exemplars:
        assert ("(a) " in text) == (KINDS[dataset] == "choice")


@needs_real_data
@pytest.mark.parametrize("dataset", ["commonsense_qa", "openbookqa", "strategyqa"])
def test_no_exemplar_is_a_question_of_its_benchmark(monkeypatch, dataset):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    known = {
        problem.text.lower()
        for split in splits_of(dataset)
        for problem in load_problems(dataset, split)
    }
    for style in STYLES:
        for text, _ in load_prompt(dataset, style).exemplars:
            assert text.partition(" (a)")[0].lower() not in known


def test_a_prompt_file_that_is_no_prompt_is_named():
    with pytest.raises(ValueError, match="mine.cot.txt: expected '=== instruction'"):
        parse_prompt("mine.cot.txt", "=== instruction\nDo.\n=== problem\nWhat?\n")
    with pytest.raises(ValueError, match="style must be one of"):
        load_prompt("gradeschool", "poem")


GIVEN = ("socratic_from_steps", "socratic_from_questions")


@pytest.mark.parametrize("dataset", ["gradeschool", "strategyqa"])
@pytest.mark.parametrize("style", GIVEN)
def test_what_is_given_is_shown_as_in_the_exemplars(dataset, style):
    """Each exemplar is what a problem with these very steps would look like."""
    kind = KINDS.get(dataset, "number")
    plain = load_prompt(dataset, "socratic").exemplars
    for (text, chain), (shown, told) in zip(
        plain, load_prompt(dataset, style).exemplars, strict=True
    ):
        steps, answer = parse_chain(chain, "socratic", kind)
        problem = Problem("p", dataset, "train", text, answer, kind, steps)
        assert asked_text(problem, style) == shown
        assert parse_chain(told, style, kind) == (steps, answer)


def test_what_is_not_there_cannot_be_given():
    bare = Problem("p", "gradeschool", "train", "How many?", "3")
    for style in GIVEN:
        with pytest.raises(ValueError, match="'p' has nothing to give for"):
            asked_text(bare, style)


def test_one_shot_is_another_request():
    problem = Problem("p", "gradeschool", "train", "How many?", "3")
    many, one = (
        Teacher("t", recorded=(), shots=shots).request(problem, "cot", 0.0, 0)
        for shots in (0, 1)
    )
    assert len(many["messages"]) == 8 and len(one["messages"]) == 4


def test_questions_alone_are_read():
    _, chain = load_prompt("gradeschool", "questions").exemplars[0]
    steps, answer = parse_chain(chain, "questions")
    assert [step.question for step in steps] == chain.replace("Q1: ", "").replace(
        "Q2: ", "").replace("Q3: ", "").split("\n")  # fmt: skip
    assert answer is None
