"""Multi-step problems as in P1: trained on ASDiv's, tested on SVAMP's.

P1 (section 4) trains on 761 multi-step problems of ASDiv's training set and tests on
237 of SVAMP, and does not say how they were chosen.  Our rule is two operations or more
in the published equation.  It gives 237 test problems, P1's number, and 1,065 training
problems, because the file that SVAMP's authors publish (Patel et al. 2021) has MAWPS
and ASDiv-A mixed and does not say which is which.

    Frank made number0 dollars ... how many number2 dollar games could he buy ...?
    - number0 number1 / number2   ->  numbers put in, answer "4"

`extra` keeps the text with number slots and the equation in prefix notation, which P1's
prompt uses (Table 6).  Read from `SOCRATIC_DATA_DIR/svamp/mawps-asdiv-a_svamp/` or from
the authors' repository.  MIT licence; ASDiv itself is CC BY-NC 4.0.

Not covered: problems with one operation, which the papers leave out too.
"""

from __future__ import annotations

import re

from socratic_utils.answers import format_number
from socratic_utils.problems import Problem

from .loading import downloaded_file, read_table
from .sources import local_file

SPLITS = ("train", "test")
FOLDER = "mawps-asdiv-a_svamp"
FILES = {"train": "train.csv", "test": "dev.csv"}  # dev.csv is all of SVAMP
REPOSITORY = (
    "https://raw.githubusercontent.com/arkilpatel/SVAMP/"
    f"689d7ccac74b9983a2ac7cc3b264f441b99e7c53/data/{FOLDER}"
)
OPERATIONS = 2  # at least
_SLOT = re.compile(r"number(\d+)")


def load(split: str) -> list[Problem]:
    """All problems of a split in published order; ids count the published rows."""
    return [
        to_problem(f"multistep-{split}-{number:04d}", split, row)
        for number, row in enumerate(read(split))
        if operations(row["Equation"]) >= OPERATIONS
    ]


def read(split: str) -> list[dict]:
    """The published rows."""
    fields = ("Question", "Numbers", "Equation", "Answer")
    path = local_file("svamp", FOLDER, FILES[split])
    path = path or downloaded_file(f"{REPOSITORY}/{FILES[split]}")
    return read_table(path, *fields, delimiter=",")


def operations(equation: str) -> int:
    """How many operations an equation in prefix notation has.

    >>> operations("/ - number0 number1 number2")
    2
    """
    return sum(token in "+-*/" for token in equation.split())


def to_problem(id: str, split: str, row: dict) -> Problem:
    """One published row as a Problem; ValueError on a slot without a number."""
    try:
        numbers = [format_number(value) for value in str(row["Numbers"]).split()]
        text = _SLOT.sub(lambda slot: numbers[int(slot[1])], row["Question"])
        answer = format_number(row["Answer"])
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{id}: not as published ({error})") from None
    return Problem(
        id, "multistep", split, " ".join(text.split()), answer,
        extra={"slots": " ".join(row["Question"].split()),
               "equation": row["Equation"], "numbers": numbers},
    )  # fmt: skip
