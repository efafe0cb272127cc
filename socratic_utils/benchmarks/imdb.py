"""IMDB reviews, and the pairs of its contrast set (see `catalogue.toml`)."""

import os
from itertools import zip_longest
from pathlib import Path

from socratic_utils.problems import Problem

from .catalogue import rows_of
from .loading import DATA_VARIABLE
from .multiple_choice import choice_problem, sentiment

PAIRED = ("original", "contrast")


def load(name: str, split: str) -> list[Problem]:
    found, digits = (pairs(split), 4) if split in PAIRED else (reviews(split), 5)
    problems = []
    for number, (text, label) in enumerate(found):
        own = f"{split}-{number:0{digits}d}", *sentiment(text, label)
        base = {"base_id": f"imdb-original-{number:04d}"} if split == "contrast" else {}
        problems.append(choice_problem(name, split, *own, base))
    return problems


def reviews(split: str) -> list[tuple[str, int]]:
    """Texts and labels; negative ones are published first, so both alternate here."""
    if folder := os.environ.get(DATA_VARIABLE):
        root = Path(folder, "imdb", split)
        sides = [_texts(root / "neg"), _texts(root / "pos")]
    else:
        rows = rows_of("imdb", split)
        sides = [[row["text"] for row in rows if row["label"] == n] for n in (0, 1)]
    labelled = ([(text, label) for text in side] for label, side in enumerate(sides))
    return [row for both in zip_longest(*labelled) for row in both if row]


def _texts(folder: Path) -> list[str]:
    """Reviews in numerical order: 12_9.txt is number 12."""
    found = list(folder.glob("*.txt"))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no reviews: unpack the published archive there, or unset "
            f"{DATA_VARIABLE} to download it from the Hugging Face hub"
        )
    found.sort(key=lambda path: (len(path.stem.split("_")[0]), path.stem))
    return [path.read_text("utf-8") for path in found]


def pairs(split: str) -> list[tuple[str, str]]:
    """Texts and labels of one side; ValueError if the two sides make no pairs."""
    sides = {side: rows_of("imdb", side, "pairs") for side in PAIRED}
    counts = {side: len(rows) for side, rows in sides.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"imdb: {counts} reviews do not make pairs: take both files "
                         f"from the same source")  # fmt: skip
    return [(row["Text"], row["Sentiment"]) for row in sides[split]]
