"""Benchmarks in numbers: sizes, answers, steps."""

from socratic_utils.benchmarks.describe import answers_of, overview, steps_of
from socratic_utils.problems import Problem, Step
from tests.helpers.published_rows import REAL_DATA, needs_real_data


def problem(answer, kind="number", steps=0):
    own = tuple(Step("q", "s", "1") for _ in range(steps))
    return Problem("i", "demo", "test", "t", answer, kind, own)


def test_gradeschool():
    rows = {row["split"]: row for row in overview("gradeschool")}
    assert [row["problems"] for row in rows.values()] == [640, 150, 300, 200, 201]
    train = rows["train"]
    assert "100 % whole numbers" in train["answers"]
    assert sum(n for name, n in train.items() if "steps" in name) == 640


def test_answers():
    choices = [problem(x, "choice") for x in "aab"]
    assert answers_of(choices) == "a 67 %, b 33 %"
    assert answers_of([problem("no", "yes_no")]) == "no 100 %"
    numbers = [problem(x) for x in ("1/2", "3", "4")]
    assert answers_of(numbers) == "median 3, 67 % whole numbers"


def test_steps():
    assert steps_of([problem("1")]) == {}
    found = steps_of([problem("1", steps=n) for n in (2, 2, 4, 11)])
    assert {name: n for name, n in found.items() if n} == {
        "2 steps": 2, "4 steps": 1, "8 or more": 1,
    }  # fmt: skip


@needs_real_data
def test_the_published_sizes(monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    sizes = {
        name: [row["problems"] for row in overview(name)]
        for name in ("gsm8k", "commonsense_qa", "openbookqa", "multistep")
    }
    assert sizes == {
        "gsm8k": [7473, 1319],
        "commonsense_qa": [9741, 1221],
        "openbookqa": [4957, 500, 500],
        "multistep": [1065, 237],  # the paper has 761 and 237
    }


@needs_real_data
def test_multistep_number_slots_are_filled(monkeypatch):
    from socratic_utils.benchmarks import load_problems

    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    for split in ("train", "test"):
        for found in load_problems("multistep", split):
            assert "number0" not in found.text and "number0" in found.extra["slots"]
            assert len(found.extra["equation"].split()) >= 5
    first = load_problems("multistep")[0]
    assert first.text.startswith("Conner has 25000 dollars in his bank account .")
    assert first.answer == "13000"
