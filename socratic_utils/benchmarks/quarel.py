"""QuaRel v1 (Tafjord et al. 2018), stories used by SCoTD: the hub states no licence.

Mike ... went much faster on the ice because _____ is smoother. (A) snow (B) ice
-> text "Mike ... is smoother.", choices ("snow", "ice"), answer "b"
"""

import re

from socratic_utils.problems import Problem

from .loading import choice_problem, hub_rows, local_file, read_lines

SIZES = {"train": 1_941, "validation": 278, "test": 552}  # as published
HUB = ("community-datasets/quarel", "52be7f062d2c13d401a9e53b6963d8fbcc4abeb4")
_CHOICES = re.compile(r"^(.*?)\s*\(A\)\s*(.*?)\s*\(B\)\s*(.*?)\s*$", re.S)


def load(split: str) -> list[Problem]:
    file = split.replace("validation", "dev")
    if path := local_file("quarel", f"quarel-v1-{file}.jsonl"):
        rows = read_lines(path, "id", "answer_index", texts=("question",))
    else:
        rows = hub_rows(*HUB, split)  # the same fields
    problems = []
    for row in rows:
        parts = _CHOICES.match(row["question"])
        if not parts or not all(parts.groups()):
            raise ValueError(f"quarel-{row['id']}: no choices (A) and (B) in its text")
        stem, *choices = parts.groups()
        key, choices = row["answer_index"], list(enumerate(choices))
        problems.append(choice_problem("quarel", split, row["id"], stem, choices, key))
    return problems
