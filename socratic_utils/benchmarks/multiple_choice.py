"""A published multiple-choice question or review as a Problem: answers become letters.

Choices keep their published order and are lettered from "a", whatever their labels
were, so that the gold answer is the letter that `problem_text` shows:

    >>> row = [("1", "ocean"), ("2", "drawer")]
    >>> choice_problem("demo", "train", "k1", "Where are keys kept?", row, "2").answer
    'b'
"""

from collections.abc import Sequence
from typing import Any

from socratic_utils.problems import LETTERS, Problem

from .loading import field_of, hub_rows, local_file, read_lines

SENTIMENTS = ("negative", "positive")  # labels 0 and 1, on the hub and in SCoTD


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
    name: str | None = None, **extra: str,
) -> list[Problem]:  # fmt: skip
    """Questions in AI2's layout, or the hub's with two lists of labels and texts.

    {"id", "answerKey", "question": {"stem", "choices": [{"label", "text"}]}}; the hub
    calls the text `stem`.  `extra` are names in `Problem.extra` and the fields they
    come from.  Raises ValueError that names the first question with another layout.
    """
    if path := local_file(dataset, file):
        rows = read_lines(path, "id", "question")
    else:
        rows = []
        for row in hub_rows(*hub, split, name=name):
            pairs = zip(row["choices"]["label"], row["choices"]["text"], strict=True)
            choices = [{"label": label, "text": text} for label, text in pairs]
            question = row | {"stem": row[stem], "choices": choices}
            rows.append(row | {"question": question})
    return [_question_problem(dataset, split, row, extra) for row in rows]


def _question_problem(dataset: str, split: str, row: dict, extra: dict) -> Problem:
    id, question = f"{dataset}-{row['id']}", row["question"]
    stem, choices = field_of(question, "stem", id), question.get("choices")
    if not isinstance(choices, list):
        fault = f"its 'choices' are no list of labels and texts but {choices!r:.60}"
        raise ValueError(f"{id}: {fault}: correct it, or take the published file")
    pairs = [
        tuple(field_of(choice, name, f"{id}, choice {n}") for name in ("label", "text"))
        for n, choice in enumerate(choices, 1)
    ]
    extra = {name: question.get(field, "") for name, field in extra.items()}
    key = row.get("answerKey")
    return choice_problem(dataset, split, row["id"], stem, pairs, key, extra)


def review_problem(
    dataset: str, split: str, id: str, text: str, label: int, extra: dict | None = None
) -> Problem:
    """A review that is negative (label 0) or positive (1); ValueError otherwise."""
    plain = " ".join(text.replace("<br />", " ").split())
    stem = f"{plain} Is this review negative or positive?"
    choices = list(enumerate(SENTIMENTS))
    return choice_problem(dataset, split, id, stem, choices, label, extra)
