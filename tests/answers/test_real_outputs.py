"""Real outputs of models, parsed as a careful reader would.

`real_outputs.jsonl` has one output per row; `real_outputs.md` names their sources and
the rules for steps and answers.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from socratic_utils.answers import parse_chain

PATH = Path(__file__).parent / "real_outputs.jsonl"
ROWS = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
FIELDS = "source problem_id style kind cut_off text steps answer".split()
REAL = [row for row in ROWS if row["source"] != "hand-written"]


def name(row):
    return "-".join([row["source"].split("-")[0], row["problem_id"], row["style"]])


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_real_output(row):
    arguments = (row[key] for key in ("text", "style", "kind", "cut_off"))
    steps, answer = parse_chain(*arguments)
    assert [[step.question, step.solution] for step in steps] == row["steps"]
    assert answer == row["answer"]


def test_every_source_style_and_kind_is_covered():
    assert len(REAL) >= 64
    models = Counter(row["source"] for row in REAL)
    assert len(models) >= 3 and min(models.values()) >= 10
    assert {row["style"] for row in REAL} == {"cot", "socratic"}
    assert {row["kind"] for row in REAL} == {"number", "yes_no", "choice"}


def test_every_row_is_complete_and_explains_a_missing_answer():
    for row in ROWS:
        assert [field for field in row if field != "note"] == FIELDS
        assert len(row["text"]) < 1200
        assert row["answer"] is not None or row["note"]
    assert len({row["text"] for row in ROWS}) == len(ROWS)
