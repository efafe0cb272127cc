"""SVAMP (Patel et al. 2021): one- and two-step problems, MIT licence.

SVAMP was published as a test set.  The 800/200 split is that of Hsieh et al. (2023,
"Distilling step-by-step"), whose teacher chains can be imported; the hub has another.
All of SVAMP as a test set is in `multistep`.
"""

from socratic_utils.answers import format_number
from socratic_utils.problems import Problem

from .loading import hub_rows, local_file, read_array

SIZES = {"train": 800, "test": 200}  # counted
FIELDS = ("ID", "Body", "Question", "Equation", "Answer", "Type")
HUB = ("ChilleD/SVAMP", "5e0bf1e5e7c0e9c4bc39180d224f41f3f801b7ef")
SEED = 0  # of the permutation that gives exactly the published 800/200 split


def load(split: str) -> list[Problem]:
    import numpy as np  # here, because `paper --dry-run` does not need it

    if path := local_file("svamp", "SVAMP.json"):
        rows = read_array(path, *FIELDS, texts=("Body", "Question"))
    else:
        rows = hub_rows(*HUB, "train", "test")
    by_id = {row["ID"]: row for row in rows}
    ids = [f"chal-{number}" for number in range(1, len(rows) + 1)]
    size = len(rows)  # another one would give another split and leak test problems
    if set(by_id) != set(ids):
        raise ValueError(f"svamp: the IDs of {size} rows are not chal-1 to chal-{size}")
    order = np.random.RandomState(SEED).permutation(size)
    train, test = np.split(order, [size * 8 // 10])
    chosen = train if split == "train" else test
    return [_to_problem(split, by_id[ids[place]]) for place in chosen]


def _to_problem(split: str, row: dict) -> Problem:
    id = f"svamp-{row['ID']}"
    try:
        answer = format_number(row["Answer"])
    except (TypeError, ValueError):
        raise ValueError(f"{id}: no gold answer in {row['Answer']!r}") from None
    return Problem(
        id, "svamp", split, f"{row['Body'].strip()} {row['Question'].strip()}", answer,
        extra={"equation": row["Equation"], "type": row["Type"]})  # fmt: skip
