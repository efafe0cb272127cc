"""Adversarial NLI, round 3 (Nie et al. 2020): a premise and a hypothesis, CC BY-NC 4.0.

Used in SCoTD's transfer experiment (section 3).
"""

from socratic_utils.problems import Problem

from .loading import choice_problem, hub_rows, local_file, read_lines

SIZES = {"train": 100_459, "validation": 1_200, "test": 1_200}  # as published
HUB = ("facebook/anli", "b83b1452ab817eac4dcb36625e7c1fa95025093d")
CHOICES = ((0, "entailment"), (1, "neutral"), (2, "contradiction"))  # the hub's labels
SHORT = {"e": 0, "n": 1, "c": 2}  # labels in the published files


def load(split: str) -> list[Problem]:
    file = split.replace("validation", "dev")
    if path := local_file("anli", "R3", f"{file}.jsonl"):
        rows = read_lines(path, "uid", "label", texts=("context", "hypothesis"))
        for row in rows:  # the names of the hub
            row.update(premise=row["context"], label=SHORT.get(row["label"]))
    else:
        rows = hub_rows(*HUB, f"{file}_r3")
    problems = []
    for row in rows:
        claim = f"Claim: {row['hypothesis'].strip()} What is the claim to the text?"
        id, stem = row["uid"], f"{row['premise'].strip()} {claim}"
        problems.append(choice_problem("anli", split, id, stem, CHOICES, row["label"]))
    return problems
