"""BLEU and #Q of sub-questions, on cases that can be counted by hand."""

import sys
import types
from math import exp

import pytest

from socratic_utils.metrics.question_quality import (
    bert_f1,
    quality_table,
    questions,
)
from socratic_utils.problems import Problem, Step

ASKED = ("How many rolls does she make in a day?", "How many rolls are left for sale?")
STEPS = tuple(Step(question, "x", "1") for question in ASKED)
PROBLEMS = [Problem(f"p{i}", "toy", "test", "Mia.", "1", steps=STEPS) for i in range(4)]


def quality(rows, problems):
    return quality_table(rows, problems).to_dict("records")


def row(number, *asked, student="qg"):
    lines = [{"role": "question", "text": f"Q: {text}"} for text in asked]
    lines.append({"role": "solution", "text": "A: 3 * 4 = 12"})
    return {"id": f"p{number}", "student": student, "lines": lines}


def test_the_same_questions_are_perfect():
    rows = [row(i, *ASKED) for i in range(4)]
    assert questions(rows[0]) == list(ASKED)
    (line,) = quality(rows, PROBLEMS)
    assert (line["n"], line["bleu"], line["same_count"]) == (4, 100.0, 1.0)


def test_fewer_and_other_questions():
    rows = [row(0, *ASKED), row(1, ASKED[0]), row(2), row(3, *ASKED[::-1])]
    (line,) = quality(rows, PROBLEMS)
    assert line["same_count"] == 0.5 and 0 < line["bleu"] < 100
    assert line["ci_low"] < 0.5 < line["ci_high"]
    # The brevity penalty alone, by hand: half of the words, every one of them right.
    (short,) = quality([row(0, ASKED[0])], PROBLEMS)
    words, all_words = 10, 18  # sacreBLEU counts each "?" as a word
    assert short["bleu"] == pytest.approx(100 * exp(1 - all_words / words), abs=0.05)


def test_a_student_that_does_not_ask_has_no_row():
    rows = [row(i, student="cot") for i in range(4)] + [row(0, *ASKED)]
    assert [line["student"] for line in quality(rows, PROBLEMS)] == ["qg"]
    without = [Problem("p0", "toy", "test", "Mia.", "1")]
    assert quality([row(0, *ASKED)], without) == []
    line = quality([row(0, *ASKED)], PROBLEMS)[0]
    assert tuple(quality_table([], PROBLEMS).columns) == tuple(line)


def test_bertscore_is_none_where_it_is_not_available(monkeypatch):
    monkeypatch.setitem(sys.modules, "bert_score", None)
    assert bert_f1(["a"], ["b"]) is None
    module = types.ModuleType("bert_score")

    def no_hub(*_, **__):
        raise OSError("cannot reach the hub")

    module.score = no_hub
    monkeypatch.setitem(sys.modules, "bert_score", module)
    assert bert_f1(["a"], ["b"]) is None


def test_questions_separate_from_the_facts_count_as_gold():
    """StrategyQA's are no part of its steps."""
    facts = (Step("", "A tortoise walks 300 metres an hour.", ""),)
    apart = Problem("p0", "strategyqa", "test", "Could it?", "no", "yes_no", facts,
                    extra={"sub_questions": list(ASKED)})  # fmt: skip
    (line,) = quality([row(0, *ASKED)], [apart])
    assert (line["n"], line["bleu"], line["same_count"]) == (1, 100.0, 1.0)
