"""IMDB reviews (Maas et al. 2011) and their contrast set (Gardner et al. 2020).

SCoTD (Figure 5) evaluates on two small splits: `original`, 488 of the test reviews, and
`contrast`, the same reviews minimally edited by experts so that the label flips.
"""

import os
from itertools import zip_longest
from pathlib import Path

from socratic_utils.problems import Problem

from . import loading

SIZES = {"train": 25_000, "test": 25_000, "original": 488, "contrast": 488}  # published
PAIRED = ("original", "contrast")
HUB = ("stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31")
COMMIT = "9d0ce57bfc43aee75264ca6ed5306a9ccc722374"
CONTRAST_SETS = f"{loading.GITHUB}/allenai/contrast-sets/{COMMIT}/IMDb/data"


def load(split: str) -> list[Problem]:
    found, digits = (pairs(split), 4) if split in PAIRED else (reviews(split), 5)
    problems = []
    for number, (text, label) in enumerate(found):
        id = f"{split}-{number:0{digits}d}"
        base = {"base_id": f"imdb-original-{number:04d}"} if split == "contrast" else {}
        problems.append(loading.review_problem("imdb", split, id, text, label, base))
    return problems


def reviews(split: str) -> list[tuple[str, int]]:
    """Texts and labels; negative ones are published first, so both alternate here."""
    if folder := os.environ.get(loading.DATA_VARIABLE):
        root = Path(folder, "imdb", split)
        sides = [_texts(root / "neg"), _texts(root / "pos")]
    else:
        rows = loading.hub_rows(*HUB, split)
        sides = [[row["text"] for row in rows if row["label"] == n] for n in (0, 1)]
    labelled = ([(text, label) for text in side] for label, side in enumerate(sides))
    return [row for both in zip_longest(*labelled) for row in both if row]


def _texts(folder: Path) -> list[str]:
    """Reviews in numerical order: 12_9.txt is number 12."""
    found = list(folder.glob("*.txt"))
    if not found:
        fault = f"{folder} has no reviews: unpack the published archive there"
        raise FileNotFoundError(f"{fault}, or {loading.REMEDY}")
    found.sort(key=lambda path: (len(path.stem.split("_")[0]), path.stem))
    return [path.read_text("utf-8") for path in found]


def pairs(split: str) -> list[tuple[str, str]]:
    """Texts and labels of one side; ValueError if the two sides make no pairs."""
    sides = {}
    for side in PAIRED:
        name = f"test_{side}.tsv"
        path = loading.local_file("imdb", name)
        path = path or loading.downloaded_file(f"{CONTRAST_SETS}/{name}")
        sides[side] = loading.read_table(path, "Sentiment", "Text")
        for number, row in enumerate(sides[side], 1):
            if row["Sentiment"].strip().lower() not in loading.LABELS:
                fault = f"{row['Sentiment']!r} is no sentiment"
                raise ValueError(f"{name}, row {number}: {fault}")
    counts = {side: len(rows) for side, rows in sides.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"imdb: {counts} reviews do not make pairs: take both files "
                         f"from the same source")  # fmt: skip
    return [(row["Text"], row["Sentiment"]) for row in sides[split]]
