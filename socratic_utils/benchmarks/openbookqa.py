"""OpenBookQA, Main (Mihaylov et al. 2018): Apache-2.0 by its authors' repository.

4,957 training, 500 validation and 500 test questions of elementary science with four
choices, used by SCoTD (P2 section 3):

    The sun is responsible for (a) puppies learning new tricks ... (d) plants sprouting,
    blooming and wilting
    -> "d"

Read from `SOCRATIC_DATA_DIR/openbookqa/` or the hub (`allenai/openbookqa`, "main"); ids
are `openbookqa-<published id>` from both.

Not covered: the open book of facts, which P2 does not use either.
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from .loading import hub_rows, read_lines
from .multiple_choice import choice_problem, hub_choices, published_question
from .sources import local_file

SPLITS = ("train", "validation", "test")
FILES = {"train": "train.jsonl", "validation": "dev.jsonl", "test": "test.jsonl"}
HUB_ID, HUB_NAME = "allenai/openbookqa", "main"
HUB_REVISION = "388097ea7776314e93a529163e0fea805b8a6454"


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    return [to_problem(split, row) for row in read(split)]


def read(split: str) -> list[dict]:
    """The rows in the published layout: id, answerKey, question{stem, choices}."""
    if path := local_file("openbookqa", FILES[split]):
        return read_lines(path, "id", "question")
    rows = hub_rows(HUB_ID, HUB_REVISION, split, name=HUB_NAME)
    return [as_published(row) for row in rows]


def as_published(row: dict) -> dict:
    """A row of the hub, where labels and texts are two lists, as published."""
    question = {"stem": row["question_stem"], "choices": hub_choices(row["choices"])}
    return {"id": row["id"], "answerKey": row["answerKey"], "question": question}


def to_problem(split: str, row: dict) -> Problem:
    """One published row as a Problem."""
    stem, choices = published_question(f"openbookqa-{row['id']}", row["question"])
    return choice_problem(
        "openbookqa", split, row["id"], stem, choices, row.get("answerKey")
    )
