"""Damaged rows of benchmarks are named in one sentence."""

import pytest

from socratic_utils.benchmarks import load_problems
from tests.helpers.published_rows import (
    cqa_row,
    strategyqa_row,
    svamp_row,
    write_array,
    write_lines,
)

PLACES = ("ocean", "drawer", "cloud", "soup", "song")
KEY_ROW = cqa_row("k1", "B", "Where is a spare key kept?", PLACES)
SUN = {
    "id": "7-1",
    "answerKey": "A",
    "question": {
        "stem": "The sun makes",
        "choices": [{"label": "A", "text": "light"}, {"label": "B", "text": "soup"}],
    },
}
ICE = {"id": "QuaRel_1", "question": "Which? (A) snow (B) ice", "answer_index": 1}


@pytest.mark.parametrize(
    "change, fault",
    [
        ({"choices": None}, ": its 'choices' are no list of labels and texts but None"),
        ({"choices": "ocean, drawer"}, ": its 'choices' are no list"),
        ({"choices": ["ocean", "drawer"]}, ", choice 1: no field 'label'"),
        ({"choices": [{"label": "A", "text": "x"}, {"label": "B", "text": None}]},
         ", choice 2: its 'text' is no text but None"),
        ({"choices": [{"text": "x"}]}, ", choice 1: no field 'label'"),
        ({"stem": None}, ": its 'stem' is no text but None"),
        ("stem", ": no field 'stem'"),
        ("choices", ": its 'choices' are no list"),
        (None, ": no field 'stem'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name, file, row",
    [
        ("commonsense_qa", "train_rand_split.jsonl", KEY_ROW),
        ("openbookqa", "train.jsonl", SUN),
    ],
)
def test_a_question_with_another_layout_is_named(data, name, file, row, change, fault):
    question = dict(row["question"])
    if isinstance(change, str):
        del question[change]
    else:
        question = question | change if change else "Where?"
    write_lines(data / name / file, [{**row, "question": question}])
    with pytest.raises(ValueError) as caught:
        load_problems(name)
    assert str(caught.value).startswith(f"{name}-{row['id']}{fault}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, file, row, field",
    [
        ("quarel", "quarel-v1-train.jsonl", ICE, "question"),
        ("strategyqa", "train.json", strategyqa_row(1, None), "question"),
        ("svamp", "SVAMP.json", svamp_row(1) | {"Body": None}, "Body"),
        ("anli", "R3/train.jsonl",
         {"uid": "u", "context": None, "hypothesis": "x", "label": "e"}, "context"),
    ],
)  # fmt: skip
def test_a_missing_text_is_named(data, name, file, row, field):
    path = data / name / file
    write = write_array if file.endswith(".json") else write_lines
    write(path, [{**row, field: None}])
    write_array(data / "strategyqa" / "dev.json", [])
    with pytest.raises(ValueError) as caught:
        load_problems(name)
    wanted = f"{path}, row 1: its {field!r} is no text but None"
    assert str(caught.value).startswith(wanted)
