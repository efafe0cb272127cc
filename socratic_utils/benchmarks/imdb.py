"""IMDB reviews (Maas et al. 2011) and their contrast set (Gardner et al. 2020).

SCoTD (Figure 5) trains on the full set and evaluates on two small splits: `original`,
488 of the test reviews, and `contrast`, the same reviews minimally edited by experts so
that the label flips.  Pairs are marked in `extra`:

    imdb-contrast-0007  {"base_id": "imdb-original-0007"}

Reviews are read from `SOCRATIC_DATA_DIR/imdb/{train,test}/{neg,pos}/*.txt` or the hub,
pairs from `SOCRATIC_DATA_DIR/imdb/test_{original,contrast}.tsv` or from the authors'
repository.  As published, all negative reviews come first; we alternate, so that a
limit gives both.  Not covered: unlabelled reviews, the contrast set's validation split.
"""

import os
from itertools import zip_longest
from pathlib import Path

from socratic_utils.problems import Problem

from .loading import DATA_VARIABLE, downloaded_file, hub_rows, local_file, read_table
from .multiple_choice import SENTIMENTS, review_problem

SIZES = {"train": 25_000, "test": 25_000, "original": 488, "contrast": 488}  # published
PAIRED = ("original", "contrast")
HUB = ("stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31")
CONTRAST_SETS = (
    "https://raw.githubusercontent.com/allenai/contrast-sets/"
    "9d0ce57bfc43aee75264ca6ed5306a9ccc722374/IMDb/data"
)


def load(split: str) -> list[Problem]:
    """All problems of a split, negative and positive reviews in alternation."""
    found, digits = (pairs(split), 4) if split in PAIRED else (reviews(split), 5)
    problems = []
    for number, (text, label) in enumerate(found):
        id = f"{split}-{number:0{digits}d}"
        base = {"base_id": f"imdb-original-{number:04d}"} if split == "contrast" else {}
        problems.append(review_problem("imdb", split, id, text, label, base))
    return problems


def reviews(split: str) -> list[tuple[str, int]]:
    """Texts and labels of a large split, both labels in alternation."""
    if folder := os.environ.get(DATA_VARIABLE):
        root = Path(folder, "imdb", split)
        paths = {0: _files(root / "neg"), 1: _files(root / "pos")}
        rows = [(path.read_text("utf-8"), n) for n in paths for path in paths[n]]
    else:
        rows = [(row["text"], row["label"]) for row in hub_rows(*HUB, split)]
    negative, positive = ([row for row in rows if row[1] == n] for n in (0, 1))
    return [row for both in zip_longest(negative, positive) for row in both if row]


def pairs(split: str) -> list[tuple[str, int]]:
    """Texts and labels of one side; ValueError if the two sides make no pairs."""
    sides: dict[str, list[tuple[str, int]]] = {side: [] for side in PAIRED}
    for side, found in sides.items():
        name = f"test_{side}.tsv"
        path = local_file("imdb", name) or downloaded_file(f"{CONTRAST_SETS}/{name}")
        for number, row in enumerate(read_table(path, "Sentiment", "Text"), 1):
            sentiment = row["Sentiment"].strip().lower()
            if sentiment not in SENTIMENTS:
                fault = f"{row['Sentiment']!r} is no sentiment"
                raise ValueError(f"{name}, row {number}: {fault}")
            found.append((row["Text"], SENTIMENTS.index(sentiment)))
    counts = {side: len(found) for side, found in sides.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"imdb: {counts} reviews do not make pairs: take both files "
                         f"from the same source")  # fmt: skip
    return sides[split]


def _files(folder: Path) -> list[Path]:
    """Reviews in numerical order: 12_9.txt is number 12."""
    found = list(folder.glob("*.txt"))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no reviews: unpack the published archive there, or unset "
            f"{DATA_VARIABLE} to download it from the Hugging Face hub"
        )
    return sorted(found, key=lambda path: (len(path.stem.split("_")[0]), path.stem))
