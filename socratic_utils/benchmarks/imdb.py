"""IMDB reviews (Maas et al. 2011) and their contrast set (Gardner et al. 2020).

25,000 training and 25,000 test reviews, negative or positive, and two small splits that
belong together: `original`, 488 of the test reviews, and `contrast`, the same reviews
changed by experts as little as turns the label round.  P2 (Fig 5) trains on the one
and scores both.  Row k of one is the pair of row k of the other, which its `extra`
says, as `contrast` reads it:

    imdb-contrast-0007  {"base_id": "imdb-original-0007"}

Reviews are read from `SOCRATIC_DATA_DIR/imdb/{train,test}/{neg,pos}/*.txt` or the hub
(`stanfordnlp/imdb`), pairs from `SOCRATIC_DATA_DIR/imdb/test_{original,contrast}.tsv`
or from the authors' repository.

Not covered: the unlabelled reviews, the contrast set's 100 validation reviews.
"""

from __future__ import annotations

import os
from itertools import zip_longest
from pathlib import Path

from socratic_utils.problems import Problem

from .loading import downloaded_file, hub_rows, read_table
from .sentiment import LABELS, review_problem
from .sources import VARIABLE, local_file

SPLITS = ("train", "test", "original", "contrast")
PAIRED = ("original", "contrast")
HUB_ID = "stanfordnlp/imdb"
HUB_REVISION = "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
CONTRAST_SETS = (
    "https://raw.githubusercontent.com/allenai/contrast-sets/"
    "9d0ce57bfc43aee75264ca6ed5306a9ccc722374/IMDb/data"
)


def load(split: str) -> list[Problem]:
    """All problems of a split; a negative and a positive review in turn.

    As published all negative ones come first, so that the first hundred were of one
    kind.
    """
    if split not in PAIRED:
        return [
            review_problem("imdb", split, f"{split}-{number:05d}", text, label)
            for number, (text, label) in enumerate(reviews(split))
        ]
    rows = pairs(split)
    return [
        review_problem(
            "imdb", split, f"{split}-{number:04d}", row["Text"],
            LABELS.index(row["Sentiment"].strip().lower()),
            {} if split == "original" else {"base_id": f"imdb-original-{number:04d}"},
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


def reviews(split: str) -> list[tuple[str, int]]:
    """Texts and labels of the large splits."""
    if folder := os.environ.get(VARIABLE):
        return in_turn([
            (path.read_text("utf-8"), label)
            for label, name in enumerate(("neg", "pos"))
            for path in _files(Path(folder) / "imdb" / split / name)
        ])  # fmt: skip
    rows = hub_rows(HUB_ID, HUB_REVISION, split)
    return in_turn([(row["text"], row["label"]) for row in rows])


def in_turn(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Reviews of both labels in turn, each kind in its published order."""
    sides = [[pair for pair in found if pair[1] == label] for label in (0, 1)]
    both = [pair for pairs in zip_longest(*sides) for pair in pairs]
    return [pair for pair in both if pair]


def pairs(split: str) -> list[dict]:
    """The rows of one side of the contrast set.

    Raises ValueError on a sentiment that is neither of the two, and where one side has
    more rows than the other, as a pair is two rows of one number.
    """
    sides = {}
    for side in PAIRED:
        name = f"test_{side}.tsv"
        path = local_file("imdb", name) or downloaded_file(f"{CONTRAST_SETS}/{name}")
        sides[side] = read_table(path, "Sentiment", "Text")
        for number, row in enumerate(sides[side], 1):
            if str(row["Sentiment"]).strip().lower() not in LABELS:
                found = row["Sentiment"]
                raise ValueError(f"{name}, row {number}: {found!r} is no sentiment")
    counts = {side: len(rows) for side, rows in sides.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"imdb: {counts} reviews do not make pairs: take both files "
                         f"from the same place")  # fmt: skip
    return sides[split]


def _files(folder: Path) -> list[Path]:
    """Reviews in the order of their numbers, as 12_9.txt is the twelfth."""
    found = list(folder.glob("*.txt"))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no reviews: unpack the published archive there, or unset "
            f"{VARIABLE} to download it from the Hugging Face hub"
        )
    return sorted(found, key=lambda path: (len(path.stem.split("_")[0]), path.stem))
