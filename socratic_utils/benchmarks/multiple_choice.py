"""Published multiple-choice questions and reviews as Problems: answers become letters.

Choices keep their published order and are lettered from "a", whatever their labels
were, so that the gold answer is the letter that `problem_text` shows:

    >>> row = [("1", "ocean"), ("2", "drawer")]
    >>> choice_problem("demo", "train", "k1", "Where are keys kept?", row, "2").answer
    'b'
"""

import os
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from socratic_utils.problems import LETTERS, Problem

from .catalogue import BENCHMARKS, rows_of
from .loading import DATA_VARIABLE, field_of

SENTIMENTS = ((0, "negative"), (1, "positive"))  # labels on the hub and in SCoTD
LABELS = {"negative": 0, "positive": 1, "0": 0, "1": 1}  # labels in files
CLAIMS = ((0, "entailment"), (1, "neutral"), (2, "contradiction"))  # the hub's labels
SHORT = {"e": 0, "n": 1, "c": 2}  # labels in ANLI's published files
PAIRED = ("original", "contrast")  # splits of IMDB
_TWO_CHOICES = re.compile(r"^(.*?)\s*\(A\)\s*(.*?)\s*\(B\)\s*(.*?)\s*$", re.S)


def choice_problem(
    dataset: str, split: str, id: str, stem: str, choices: Sequence[tuple[Any, str]],
    key: Any, extra: dict | None = None,
) -> Problem:  # fmt: skip
    """`choices` are (label, text) pairs, `key` the right one's label, or ValueError."""
    id, labels = f"{dataset}-{id}", [label for label, _ in choices]
    if key not in labels:
        raise ValueError(f"{id}: no gold answer, answerKey {key!r} is none of {labels}")
    return Problem(
        id, dataset, split, stem.strip(), LETTERS[labels.index(key)], kind="choice",
        choices=tuple(text.strip() for _, text in choices), extra=extra or {},
    )  # fmt: skip


def choices(name: str, split: str) -> Iterator[Problem]:
    """The problems of a multiple-choice benchmark; ValueError names a damaged row."""
    read = {"quarel": _quarel, "anli": _anli, "sst2": _sst2}.get(name, _question)
    for number, row in enumerate(rows_of(name, split)):
        own = read(name, row, f"{split}-{number:05d}")
        yield choice_problem(name, split, *own)


def _question(name: str, row: dict, _: str) -> tuple:
    """A question of CommonsenseQA or OpenBookQA, in AI2's layout or the hub's.

    {"id", "answerKey", "question": {"stem", "choices": [{"label", "text"}]}}
    """
    id, question = f"{name}-{row['id']}", row.get("question")
    if both := row.get("choices"):  # the hub's
        text, question = row.get("question_stem", question), row
        pairs = list(zip(both["label"], both["text"], strict=True))
    else:
        text, pairs = field_of(question, "stem", id), _pairs(question, id)
    fields = BENCHMARKS[name].get("extra", {})
    extra = {name: question.get(field, "") for name, field in fields.items()}
    return row["id"], text, pairs, row.get("answerKey"), extra


def _pairs(question: dict, id: str) -> list[tuple]:
    if not isinstance(choices := question.get("choices"), list):
        fault = f"its 'choices' are no list of labels and texts but {choices!r:.60}"
        raise ValueError(f"{id}: {fault}: correct it, or take the published file")
    return [
        tuple(field_of(choice, name, f"{id}, choice {n}") for name in ("label", "text"))
        for n, choice in enumerate(choices, 1)
    ]


def _quarel(name: str, row: dict, _: str) -> tuple:
    """A story whose text ends with "(A) ... (B) ..."."""
    parts = _TWO_CHOICES.match(row["question"])
    if not parts or not all(parts.groups()):
        raise ValueError(f"{name}-{row['id']}: no choices (A) and (B) in its text")
    stem, *choices = parts.groups()
    return row["id"], stem, list(enumerate(choices)), row["answer_index"]


def _anli(name: str, row: dict, _: str) -> tuple:
    """What a text says of a claim: entailment, neutral or contradiction."""
    text = row.get("premise") or row["context"]  # as the hub or the files call it
    stem = f"{text.strip()} Claim: {row['hypothesis'].strip()} "
    key = SHORT.get(row["label"], row["label"])
    return row["uid"], f"{stem}What is the claim to the text?", CLAIMS, key


def _sst2(name: str, row: dict, id: str) -> tuple:
    return id, *sentiment(row["sentence"], row["label"])


def sentiment(review: str, label: Any) -> tuple:
    """Stem, choices and key of a review that is negative (or 0) or positive (1)."""
    plain = " ".join(review.replace("<br />", " ").split())
    stem = f"{plain} Is this review negative or positive?"
    return stem, SENTIMENTS, LABELS.get(str(label).strip().lower(), label)


def imdb(name: str, split: str) -> Iterator[Problem]:
    """Reviews, or one side of the contrast set's pairs."""
    found, digits = (_sides(split), 4) if split in PAIRED else (_reviews(split), 5)
    for number, (text, label) in enumerate(found):
        own = f"{split}-{number:0{digits}d}", *sentiment(text, label)
        base = {"base_id": f"imdb-original-{number:04d}"} if split == "contrast" else {}
        yield choice_problem(name, split, *own, base)


def _reviews(split: str) -> list[tuple[str, int]]:
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


def _sides(split: str) -> list[tuple[str, str]]:
    """Texts and labels of one side; ValueError if the two sides make no pairs."""
    sides = {side: rows_of("imdb", side, "pairs") for side in PAIRED}
    counts = {side: len(rows) for side, rows in sides.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"imdb: {counts} reviews do not make pairs: take both files "
                         f"from the same source")  # fmt: skip
    return [(row["Text"], row["Sentiment"]) for row in sides[split]]
