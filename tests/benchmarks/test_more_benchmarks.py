"""CommonsenseQA, StrategyQA and SVAMP, on handwritten rows in the published formats."""

import json
import os
from pathlib import Path

import pytest

from socratic_utils.answers import extract_answer, is_correct
from socratic_utils.benchmarks import load_problems, strategyqa
from socratic_utils.benchmarks import loading as published
from socratic_utils.problems import gold_chain, problem_text
from tests.helpers.published_rows import (
    REAL_DATA,
    cqa_row,
    needs_real_data,
    strategyqa_row,
    svamp_row,
    write_array,
    write_lines,
    write_strategyqa,
    write_svamp,
)

CHOICES = ("ocean", "drawer", "cloud", "soup", "song")
KEY_ROW = cqa_row("k1", "B", "Where is a spare key kept?", CHOICES)
SNAILS = [f"Could snail {number} outrun a tortoise?" for number in range(10)]


# --- commonsense_qa ---------------------------------------------------------------


def test_commonsense_qa(data):
    write_lines(data / "commonsense_qa" / "dev_rand_split.jsonl", [KEY_ROW])
    [key] = load_problems("commonsense_qa", "validation")
    assert (key.id, key.split, key.kind) == (
        "commonsense_qa-k1",
        "validation",
        "choice",
    )
    assert key.choices == CHOICES
    assert problem_text(key).endswith("kept? (a) ocean (b) drawer (c) cloud (d) soup "
                                      "(e) song")  # fmt: skip
    reply = "So the answer is (B) drawer."
    assert extract_answer(reply, "choice") == key.answer == "b"


def test_a_split_without_gold_labels(data):
    with pytest.raises(ValueError) as caught:
        load_problems("commonsense_qa", "test")
    assert str(caught.value) == (
        "the test split of commonsense_qa is published without gold answers: choose "
        "from ['train', 'validation']"
    )


@pytest.mark.parametrize("key", ["", "F", None])
def test_commonsense_qa_row_without_a_gold_answer(data, key):
    path = data / "commonsense_qa" / "train_rand_split.jsonl"
    write_lines(path, [{**KEY_ROW, "answerKey": key}])
    with pytest.raises(ValueError, match="commonsense_qa-k1: no gold answer"):
        load_problems("commonsense_qa")


# --- strategyqa -------------------------------------------------------------------


def test_strategyqa_is_split_in_file_order(data):
    write_strategyqa(data, SNAILS)
    ids = {
        split: [p.id for p in load_problems("strategyqa", split)]
        for split in ("train", "validation", "test")
    }
    assert ids["train"] == [f"strategyqa-q{number}" for number in range(8)]
    assert (ids["validation"], ids["test"]) == (["strategyqa-q8"], ["strategyqa-q9"])


def test_strategyqa_keeps_facts_and_sub_questions_apart(data):
    write_strategyqa(data, SNAILS)
    problem, other = load_problems("strategyqa", limit=2)
    assert (problem.kind, problem.answer, other.answer) == ("yes_no", "yes", "no")
    assert [(s.question, s.solution) for s in gold_chain(problem).steps] == [
        ("", "A snail does 1 metre an hour."),
        ("", "A tortoise does 300."),
    ]
    assert problem.extra["sub_questions"][1] == "Is #1 more than 300?"


def test_strategyqa_is_downloaded_once(data, web, monkeypatch):
    address, asked = web
    assert "/1ba1e97452e189569357876f2854b01357ffbe37/" in strategyqa.ADDRESS
    write_strategyqa(data, SNAILS)
    monkeypatch.delenv("SOCRATIC_DATA_DIR")
    monkeypatch.setattr(strategyqa, "ADDRESS", f"{address}/strategyqa")
    for _ in range(2):
        assert [p.id for p in load_problems("strategyqa", "test")] == ["strategyqa-q9"]
    assert asked == [("/strategyqa/train.json", 200), ("/strategyqa/dev.json", 200)]


def test_a_page_in_place_of_a_file_is_refused_and_not_cached(data, web):
    address, _ = web
    (data / "rows.csv").write_text(" <!doctype html><p>Welcome to our hotel</p>")
    with pytest.raises(FileNotFoundError, match="a web page came in its place"):
        published.downloaded_file(f"{address}/rows.csv")
    (data / "rows.csv").write_text("Question,Answer\nHow many?,2\n")
    path = published.downloaded_file(f"{address}/rows.csv")
    assert path.read_text() == "Question,Answer\nHow many?,2\n"


def test_a_missing_download_is_reported_and_not_cached(web):
    address, asked = web
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="cannot be downloaded .*404"):
            published.downloaded_file(f"{address}/none.csv")
    assert asked == [("/none.csv", 404)] * 2


# --- svamp ------------------------------------------------------------------------


def test_svamp(data):
    write_svamp(data)
    train, test = load_problems("svamp"), load_problems("svamp", "test")
    assert (len(train), len(test)) == (8, 2)
    assert {p.id for p in train + test} == {f"svamp-chal-{n}" for n in range(1, 11)}
    three = next(p for p in train + test if p.id == "svamp-chal-3")
    assert three.answer == "6"
    assert three.text == (
        "Ann had 3 pens. If she got 3 more pens How many pens does she have?"
    )
    assert three.extra == {"equation": "( 3.0 + 3.0 )", "type": "Addition"}


@pytest.mark.parametrize("numbers", [(1, 2, 4), (1, 1, 2), (0, 1, 2)])
def test_svamp_with_a_missing_row_is_refused(data, numbers):
    write_svamp(data, numbers)
    with pytest.raises(ValueError, match="the IDs of 3 rows are not chal-1 to chal-3"):
        load_problems("svamp")


# --- all of them ------------------------------------------------------------------

FIRST_FILES = {
    "commonsense_qa": ("commonsense_qa", "train_rand_split.jsonl"),
    "strategyqa": ("strategyqa", "train.json"),
    "svamp": ("svamp", "SVAMP.json"),
}


@pytest.mark.parametrize("name", FIRST_FILES)
def test_missing_file(data, name):
    with pytest.raises(FileNotFoundError) as caught:
        load_problems(name)
    message = str(caught.value)
    assert message.startswith(str(data.joinpath(*FIRST_FILES[name])))
    assert "SOCRATIC_DATA_DIR" in message and "\n" not in message


@pytest.mark.parametrize("name", FIRST_FILES)
def test_unreachable_downloads(name, web, monkeypatch):
    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    monkeypatch.setattr(strategyqa, "ADDRESS", "http://127.0.0.1:9")  # no server there
    with pytest.raises(FileNotFoundError) as caught:
        load_problems(name)
    message = str(caught.value)
    assert "cannot be downloaded" in message and "\n" not in message
    assert message.endswith("the folder that SOCRATIC_DATA_DIR names")


@pytest.mark.parametrize("name", FIRST_FILES)
@pytest.mark.parametrize(
    "content, sentence",
    [
        ('[{"ID": 1', "not JSON"),
        ('{"rows": []}\n', "not a JSON array|no field 'id'"),
        ('[{"ID": "chal-1", "qid": "q1", "question": "?"}]', "no field|not a JSON obj"),
        ("[3]", "no field|not a JSON object"),
        ("[" * 200_000, "not JSON"),
    ],
)
def test_broken_file(data, name, content, sentence):
    path = data.joinpath(*FIRST_FILES[name])
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(ValueError, match=sentence) as caught:
        load_problems(name)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, folder, files, row",
    [
        ("strategyqa", "strategyqa", ("train.json", "dev.json"),
         strategyqa_row(1, "Is it?", None)),
        ("svamp", "svamp", ("SVAMP.json",), svamp_row(1, "many")),
    ],
)  # fmt: skip
def test_row_without_a_gold_answer(data, name, folder, files, row):
    for file in files:
        write_array(data / folder / file, [row])
    with pytest.raises(ValueError, match=f"{name}-.*1: no gold answer"):
        load_problems(name, "test")


# --- the published files ----------------------------------------------------------


@needs_real_data
@pytest.mark.parametrize(
    "name, sizes",
    [
        ("commonsense_qa", {"train": 9741, "validation": 1221}),
        ("strategyqa", {"train": 1832, "validation": 229, "test": 229}),
        ("svamp", {"train": 800, "test": 200}),
    ],
)
def test_the_published_benchmark(name, sizes):
    splits = {split: load_problems(name, split) for split in sizes}
    assert {split: len(problems) for split, problems in splits.items()} == sizes
    problems = [p for part in splits.values() for p in part]
    assert len({p.id for p in problems}) == len(problems)
    assert all(is_correct(p.answer, p.answer, p.kind) for p in problems)
    # The answer has the very form that extract_answer returns.
    assert all(
        extract_answer(f"The answer is {p.answer}.", p.kind) == p.answer
        for p in problems
    )


@needs_real_data
def test_strategyqa_test_split_is_the_authors_dev_file():
    with open(os.path.join(REAL_DATA, "strategyqa", "dev.json")) as file:
        ids = [f"strategyqa-{row['qid']}" for row in json.load(file)]
    assert [p.id for p in load_problems("strategyqa", "test")] == ids


@needs_real_data
@pytest.mark.parametrize("split", ["train", "test"])
def test_svamp_split_is_the_one_of_the_published_chains(split):
    folder = os.path.join(REAL_DATA, "teacher_chains", "distilling_step_by_step")
    with open(os.path.join(folder, "svamp", f"svamp_{split}.json")) as lines:
        inputs = [" ".join(json.loads(line)["input"].split()) for line in lines]
    assert [" ".join(p.text.split()) for p in load_problems("svamp", split)] == inputs


# --- openbookqa and quarel --------------------------------------------------------

SUN = {
    "id": "7-980",
    "question": {
        "stem": "The sun is responsible for",
        "choices": [
            {"text": "puppies learning tricks", "label": "A"},
            {"text": "plants sprouting ", "label": "B"},
        ],
    },
    "answerKey": "B",
}
ICE = {
    "id": "QuaRel_V1_Fr_0223",
    "question": "Mike went faster on ice because _____ is smoother. (A) snow (B) ice",
    "answer_index": 1,
}


def test_openbookqa(data):
    write_lines(data / "openbookqa" / "dev.jsonl", [SUN])
    [sun] = load_problems("openbookqa", "validation")
    assert (sun.id, sun.answer, sun.kind) == ("openbookqa-7-980", "b", "choice")
    text = "The sun is responsible for (a) puppies learning tricks (b) plants sprouting"
    assert problem_text(sun) == text
    write_lines(data / "openbookqa" / "dev.jsonl", [{**SUN, "answerKey": "C"}])
    with pytest.raises(ValueError, match="openbookqa-7-980: no gold answer"):
        load_problems("openbookqa", "validation")


def test_quarel(data):
    write_lines(data / "quarel" / "quarel-v1-train.jsonl", [ICE])
    [ice] = load_problems("quarel")
    assert (ice.choices, ice.answer) == (("snow", "ice"), "b")
    assert ice.text == "Mike went faster on ice because _____ is smoother."


@pytest.mark.parametrize(
    "change, message",
    [
        ({"question": "Which is smoother?"}, "no choices"),
        ({"question": "Which? (A) (B) ice"}, "no choices"),
        ({"answer_index": 2}, "no gold answer"),
    ],
)
def test_a_quarel_row_that_cannot_be_read_is_named(data, change, message):
    write_lines(data / "quarel" / "quarel-v1-train.jsonl", [{**ICE, **change}])
    with pytest.raises(ValueError, match=f"quarel-QuaRel_V1_Fr_0223: {message}"):
        load_problems("quarel")


@needs_real_data
@pytest.mark.parametrize(
    "split, count", [("train", 4957), ("validation", 500), ("test", 500)]
)
def test_real_openbookqa(monkeypatch, split, count):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    problems = load_problems("openbookqa", split)
    assert len(problems) == len({p.id for p in problems}) == count
    assert {len(p.choices) for p in problems} == {4}
    assert {p.answer for p in problems} == set("abcd")


@needs_real_data
def test_the_published_sample_of_quarel(data):
    sample = Path(REAL_DATA, "quarel", "quarel_sample.jsonl").read_text("utf-8")
    path = data / "quarel" / "quarel-v1-test.jsonl"
    path.parent.mkdir()
    path.write_text(sample, "utf-8")
    problems = load_problems("quarel", "test")
    assert [p.answer for p in problems] == ["b", "a", "b"]
    assert problems[1].choices == ("more friction", "less friction.")
