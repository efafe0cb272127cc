"""The embedded set: regenerates identically, is right, varied and plain English."""

import operator
import re
from collections import Counter

import pytest

from socratic_utils.benchmarks import gradeschool
from socratic_utils.files import write_jsonl_rows
from tools.gradeschool import generate as generator
from tools.gradeschool.stories import SEEN, UNSEEN

SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.floordiv,
}
EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
SIZES = gradeschool.SIZES
CONSTANTS = {
    "half": 2,
    "twice": 2,
    "both": 2,
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "three": 3,
    "10 percent": 10,
    "20 percent": 5,
    "25 percent": 4,
    "50 percent": 2,
    "hours": 60,
    "all around": 2,
    "walks down": 2,
}
PROBLEMS = {split: gradeschool.load(split) for split in SIZES}
ALL = [problem for problems in PROBLEMS.values() for problem in problems]
MAIN = [problem for problem in ALL if problem.split != "challenge"]


def equation_of(step):
    found = EQUATION.findall(step.solution)
    assert len(found) == 1, step.solution
    left, sign, right, result = found[0]
    return int(left), sign, int(right), int(result)


def numbers_of(text):
    return {int(n) for n in re.findall(r"\d+", text)}


def sentences_of(text):
    return re.split(r"(?<=[.?])(?<!Mr\.)(?<!Ms\.)(?<!Mrs\.) ", text)


@pytest.mark.parametrize("split", SIZES)
def test_regeneration_is_identical(split, tmp_path):
    path = tmp_path / "again.jsonl"
    write_jsonl_rows(path, generator.make_problems(split))
    assert path.read_bytes() == gradeschool.data_path(split).read_bytes()


def test_generation_is_deterministic():
    first = generator.make_problems("validation")
    generator.stories.cache_clear()
    assert generator.make_problems("validation") == first


@pytest.mark.parametrize("split, size", SIZES.items())
def test_sizes_and_ids(split, size):
    assert [p.id for p in PROBLEMS[split]] == [
        f"gradeschool-{split}-{i:04d}" for i in range(size)
    ]
    assert {p.split for p in PROBLEMS[split]} == {split}


def test_families():
    assert len(SEEN) >= 20 and len(UNSEEN) >= 12
    assert not SEEN.keys() & UNSEEN.keys()
    for split in ("train", "validation", "test", "unseen"):
        known = UNSEEN if split == "unseen" else SEEN
        assert {p.extra["family"] for p in PROBLEMS[split]} == set(known)
    assert all(p.extra["unseen"] == (p.extra["family"] in UNSEEN) for p in ALL)
    assert all(len(generator.reach(name)) >= 2 for name in SEEN | UNSEEN)


@pytest.mark.parametrize("split", ["train", "validation", "test", "unseen"])
def test_step_shares_and_distractors(split):
    problems = PROBLEMS[split]
    counts = Counter(len(p.steps) for p in problems)
    for steps, share in {2: 0.5, 3: 0.5}.items():
        assert counts[steps] == pytest.approx(share * len(problems), abs=1)
    distractors = sum(p.extra["distractor"] for p in problems)
    assert 0.15 <= distractors / len(problems) <= 0.3


@pytest.mark.parametrize("problem", ALL, ids=lambda p: p.id)
def test_steps_are_right(problem):
    assert 2 <= len(problem.steps) <= 5
    known = numbers_of(problem.text)
    words = problem.text.lower()
    known |= {number for word, number in CONSTANTS.items() if word in words}
    for step in problem.steps:
        left, sign, right, result = equation_of(step)
        assert SIGNS[sign](left, right) == result >= 2
        assert sign != "/" or left % right == 0
        assert {left, right} <= known, (problem.text, step.solution)
        assert step.answer == str(result)
        assert numbers_of(EQUATION.sub("", step.solution)) == set()
        assert step.question.endswith("?") and step.solution.endswith(".")
        assert len(step.question.split()) <= 14
        assert len(step.solution.split()) <= 16
        known.add(result)
    assert problem.answer == problem.steps[-1].answer
    assert problem.text.endswith(" " + problem.steps[-1].question)


@pytest.mark.parametrize("problem", ALL, ids=lambda p: p.id)
def test_plain_english(problem):
    texts = [problem.text]
    texts += [text for step in problem.steps for text in (step.question, step.solution)]
    for text in texts:
        assert "  " not in text and text == text.strip()
        assert not re.search(r"\b1 \w+s\b", text), text
        assert not re.search(r"\ba [aeio]", text), text
        assert not re.search(r"\ban (?!hour)[^aeiou]", text), text
        assert "#" not in text and "{" not in text
        assert not re.search(r"\b(\w+) \1\b", text), text
    assert len(problem.text.split()) < 60
    for sentence in sentences_of(problem.text):
        assert sentence[0].isupper() and sentence[-1] in ".?", sentence


def test_every_step_result_is_used_later():
    """A chain has no idle step: each result but the last feeds a later equation."""
    for problem in ALL:
        for i, step in enumerate(problem.steps[:-1]):
            later = [equation_of(s) for s in problem.steps[i + 1 :]]
            assert any(int(step.answer) in (a, b) for a, _, b, _ in later), problem.id


def test_nothing_occurs_twice():
    assert len({p.text for p in ALL}) == len(ALL)
    keys = [(p.extra["family"], *sorted(re.findall(r"\d+", p.text))) for p in MAIN]
    assert len(set(keys)) == len(keys)


def test_challenge_variants():
    base = {p.id: p for p in PROBLEMS["test"]}
    counts = Counter(p.extra["variant"] for p in PROBLEMS["challenge"])
    assert counts.keys() == set(generator.VARIANTS)
    assert min(counts.values()) >= 60
    for problem in PROBLEMS["challenge"]:
        original = base[problem.extra["base_id"]]
        facts = sentences_of(problem.text)[:-1]
        facts_before = sentences_of(original.text)[:-1]
        assert problem.extra["family"] == original.extra["family"]
        match problem.extra["variant"]:
            case "question_changed":
                assert facts == facts_before
                assert problem.answer != original.answer
            case "number_added":
                assert set(facts) > set(facts_before)
                assert problem.steps == original.steps
            case "order_changed":
                assert facts != facts_before and sorted(facts) == sorted(facts_before)
                assert problem.steps == original.steps
