"""CommonsenseQA 1.11, random split (Talmor et al. 2019): MIT licence.

9,741 training and 1,221 validation questions with five choices, used by SCoTD (P2
section 3).  The gold answer is the letter of its choice, as `problem_text` letters
them:

    Where would you keep a spare key? (a) ocean (b) drawer (c) cloud (d) soup (e) song
    -> "b"

The 1,140 test questions are published without gold answers, so P2 and we evaluate on
the validation split.  Read from `SOCRATIC_DATA_DIR/commonsense_qa/` or the hub
(`tau/commonsense_qa`); ids are `commonsense_qa-<published id>` from both.

Not covered: the question-token split.
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from .loading import hub_rows, read_lines
from .multiple_choice import choice_problem, hub_choices, published_question
from .sources import local_file

SPLITS = ("train", "validation")
UNLABELLED = ("test",)
FILES = {"train": "train_rand_split.jsonl", "validation": "dev_rand_split.jsonl"}
HUB_ID = "tau/commonsense_qa"
HUB_REVISION = "94630fe30dad47192a8546eb75f094926d47e155"


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    return [to_problem(split, row) for row in read(split)]


def read(split: str) -> list[dict]:
    """The rows in the published layout: id, answerKey, question{stem, choices}."""
    if path := local_file("commonsense_qa", FILES[split]):
        return read_lines(path, "id", "question")
    return [as_published(row) for row in hub_rows(HUB_ID, HUB_REVISION, split)]


def as_published(row: dict) -> dict:
    """A row of the hub, where labels and texts are two lists, as published."""
    question = {
        "stem": row["question"],
        "question_concept": row["question_concept"],
        "choices": hub_choices(row["choices"]),
    }
    return {"id": row["id"], "answerKey": row["answerKey"], "question": question}


def to_problem(split: str, row: dict) -> Problem:
    """One published row as a Problem."""
    stem, choices = published_question(f"commonsense_qa-{row['id']}", row["question"])
    return choice_problem(
        "commonsense_qa", split, row["id"], stem, choices, row.get("answerKey"),
        {"concept": row["question"].get("question_concept", "")},
    )  # fmt: skip
