"""Adversarial NLI, round 3 (Nie et al. 2020): CC BY-NC 4.0.

100,459 training, 1,200 validation and 1,200 test pairs of a premise and a hypothesis.
P2's transfer experiment (section 3) trains on it, on CommonsenseQA and on OpenBookQA.

Read from `SOCRATIC_DATA_DIR/anli/R3/{train,dev,test}.jsonl` or the hub
(`facebook/anli`); ids are `anli-<published id>` from both.

Not covered: rounds 1 and 2.
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from .loading import hub_rows, read_lines
from .multiple_choice import choice_problem
from .sources import local_file

SPLITS = ("train", "validation", "test")
FILES = {"train": "train.jsonl", "validation": "dev.jsonl", "test": "test.jsonl"}
ON_HUB = {"train": "train_r3", "validation": "dev_r3", "test": "test_r3"}
HUB_ID = "facebook/anli"
HUB_REVISION = "b83b1452ab817eac4dcb36625e7c1fa95025093d"
LABELS = ("entailment", "neutral", "contradiction")  # the hub's 0, 1 and 2
SHORT = {"e": 0, "n": 1, "c": 2}  # of the published files


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    return [to_problem(split, row) for row in read(split)]


def read(split: str) -> list[dict]:
    """Rows with uid, premise, hypothesis and label, as the hub names them."""
    if path := local_file("anli", "R3", FILES[split]):
        rows = read_lines(path, "uid", "label", texts=("context", "hypothesis"))
        return [
            {**row, "premise": row["context"], "label": SHORT.get(row["label"])}
            for row in rows
        ]
    return hub_rows(HUB_ID, HUB_REVISION, ON_HUB[split])


def to_problem(split: str, row: dict) -> Problem:
    """One row as a Problem with three choices."""
    stem = (f"{row['premise'].strip()} Claim: {row['hypothesis'].strip()} "
            f"What is the claim to the text?")  # fmt: skip
    choices = list(enumerate(LABELS))
    return choice_problem("anli", split, row["uid"], stem, choices, row["label"])
