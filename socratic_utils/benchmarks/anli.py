"""Adversarial NLI, round 3 (Nie et al. 2020): CC BY-NC 4.0.

A premise and a hypothesis, from SCoTD's transfer experiment (section 3).  Read from
`SOCRATIC_DATA_DIR/anli/R3/{train,dev,test}.jsonl` or the hub; ids are
`anli-<published id>`.  Not covered: rounds 1 and 2.
"""

from socratic_utils.problems import Problem

from .loading import hub_rows, local_file, read_lines
from .multiple_choice import choice_problem

SIZES = {"train": 100_459, "validation": 1_200, "test": 1_200}  # as published
FILES = {"train": "train.jsonl", "validation": "dev.jsonl", "test": "test.jsonl"}
ON_HUB = {"train": "train_r3", "validation": "dev_r3", "test": "test_r3"}
HUB = ("facebook/anli", "b83b1452ab817eac4dcb36625e7c1fa95025093d")
LABELS = ("entailment", "neutral", "contradiction")  # the hub's 0, 1 and 2
SHORT = {"e": 0, "n": 1, "c": 2}  # labels in the published files


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    if path := local_file("anli", "R3", FILES[split]):
        rows = read_lines(path, "uid", "label", texts=("context", "hypothesis"))
        for row in rows:  # the names of the hub
            row.update(premise=row["context"], label=SHORT.get(row["label"]))
    else:
        rows = hub_rows(*HUB, ON_HUB[split])
    choices, problems = list(enumerate(LABELS)), []
    for row in rows:
        claim = f"Claim: {row['hypothesis'].strip()} What is the claim to the text?"
        stem = f"{row['premise'].strip()} {claim}"
        problem = choice_problem("anli", split, row["uid"], stem, choices, row["label"])
        problems.append(problem)
    return problems
