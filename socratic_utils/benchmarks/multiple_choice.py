"""A published multiple-choice question or review as a Problem.

Choices keep their published order and are lettered from "a", whatever their labels
were, so that the gold answer is the letter that `problem_text` shows.
"""

from collections.abc import Sequence
from typing import Any

from socratic_utils.problems import LETTERS, Problem

from .loading import field_of, hub_rows, local_file, read_lines

SENTIMENTS = ((0, "negative"), (1, "positive"))  # labels on the hub and in SCoTD
LABELS = {"negative": 0, "positive": 1, "0": 0, "1": 1}  # labels in files


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


def question_problems(
    dataset: str, split: str, file: str, hub: tuple[str, str], stem: str,
    name: str = "", **extra: str,
) -> list[Problem]:  # fmt: skip
    """Questions in AI2's layout, or the hub's, which calls the text `stem`.  {"id",
    "answerKey", "question": {"stem", "choices": [{"label", "text"}]}}.  `extra`: names
    in `Problem.extra` and their fields.  ValueError names a row it cannot read."""
    if path := local_file(dataset, file):
        rows = read_lines(path, "id", "question")
    else:
        rows = hub_rows(*hub, split, name=name)
    problems = []
    for row in rows:
        id, question = f"{dataset}-{row['id']}", row["question"] if path else row
        if path:
            text, pairs = field_of(question, "stem", id), _pairs(question, id)
        else:
            text, both = row[stem], row["choices"]
            pairs = list(zip(both["label"], both["text"], strict=True))
        more = {name: question.get(field, "") for name, field in extra.items()}
        problems.append(choice_problem(dataset, split, row["id"], text, pairs,
                                       row.get("answerKey"), more))  # fmt: skip
    return problems


def _pairs(question: dict, id: str) -> list[tuple]:
    if not isinstance(choices := question.get("choices"), list):
        fault = f"its 'choices' are no list of labels and texts but {choices!r:.60}"
        raise ValueError(f"{id}: {fault}: correct it, or take the published file")
    return [
        tuple(field_of(choice, name, f"{id}, choice {n}") for name in ("label", "text"))
        for n, choice in enumerate(choices, 1)
    ]


def review_problem(
    dataset: str, split: str, id: str, text: str, label: Any, extra: dict | None = None
) -> Problem:
    """A review that is negative (or 0) or positive (1), or else ValueError."""
    plain = " ".join(text.replace("<br />", " ").split())
    stem = f"{plain} Is this review negative or positive?"
    key = LABELS.get(str(label).strip().lower(), label)
    return choice_problem(dataset, split, id, stem, SENTIMENTS, key, extra)
