"""Multi-step problems for training (ASDiv) and for testing (SVAMP).

Socratic CoT (section 4.1) trains on 761 problems, tests on 237, and does not say how
they were selected.  Our rule, at least two operations, selects the same 237 and 1,065
training problems: the file of SVAMP's authors (MIT licence) mixes MAWPS and ASDiv-A (CC
BY-NC 4.0).  `extra` keeps the number slots and the prefix equation for the paper's
prompt (Table 6), such as "- number0 number1 / number2".
"""

import re

from socratic_utils.answers import format_number
from socratic_utils.problems import Problem

from .loading import GITHUB, downloaded_file, local_file, read_table

SIZES = {"train": 1_065, "test": 237}  # counted, after the selection
FOLDER = "mawps-asdiv-a_svamp"
FILES = {"train": "train.csv", "test": "dev.csv"}  # dev.csv is all of SVAMP
COMMIT = "689d7ccac74b9983a2ac7cc3b264f441b99e7c53"
REPOSITORY = f"{GITHUB}/arkilpatel/SVAMP/{COMMIT}/data/{FOLDER}"
OPERATIONS = 2  # at least
_SLOT = re.compile(r"number(\d+)")


def load(split: str) -> list[Problem]:
    file = FILES[split]
    path = local_file("svamp", FOLDER, file) or downloaded_file(f"{REPOSITORY}/{file}")
    fields = ("Question", "Numbers", "Equation", "Answer")
    return [
        _to_problem(f"multistep-{split}-{number:04d}", split, row)
        for number, row in enumerate(read_table(path, *fields, delimiter=","))
        if sum(sign in "+-*/" for sign in row["Equation"].split()) >= OPERATIONS
    ]


def _to_problem(id: str, split: str, row: dict) -> Problem:
    try:
        numbers = [format_number(value) for value in str(row["Numbers"]).split()]
        text = _SLOT.sub(lambda slot: numbers[int(slot[1])], row["Question"])
        answer = format_number(row["Answer"])
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{id}: not as published ({error})") from None
    text, slots = (" ".join(words.split()) for words in (text, row["Question"]))
    extra = {"slots": slots, "equation": row["Equation"], "numbers": numbers}
    return Problem(id, "multistep", split, text, answer, extra=extra)
