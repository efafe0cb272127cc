"""A published multiple-choice question as a Problem: answers become letters.

Choices keep their published order and are lettered from "a", whatever their labels
were, so that the gold answer is what `problem_text` shows:

    >>> row = [("1", "ocean"), ("2", "drawer")]
    >>> choice_problem("demo", "train", "k1", "Where are keys kept?", row, "2").answer
    'b'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socratic_utils.problems import LETTERS, Problem

from .loading import text_of


def choice_problem(
    dataset: str,
    split: str,
    id: str,
    stem: str,
    choices: Sequence[tuple[Any, str]],
    key: Any,
    extra: dict | None = None,
) -> Problem:
    """`choices` are (label, text), `key` the label of the right one.

    Raises ValueError that names the question when no choice has that label.
    """
    id, labels = f"{dataset}-{id}", [label for label, _ in choices]
    if key not in labels:
        raise ValueError(f"{id}: no gold answer, answerKey {key!r} is none of {labels}")
    return Problem(
        id, dataset, split, stem.strip(), LETTERS[labels.index(key)], kind="choice",
        choices=tuple(text.strip() for _, text in choices), extra=extra or {},
    )  # fmt: skip


def published_question(id: str, question: Any) -> tuple[str, list[tuple[str, str]]]:
    """Stem and choices of {"stem": ..., "choices": [{"label", "text"}, ...]}.

    Raises ValueError that names the question, by its `id`, where it is not laid out so.
    """
    stem, choices = text_of(question, "stem", id), question.get("choices")
    if not isinstance(choices, list):
        raise ValueError(
            f"{id}: its 'choices' are no list of labels and texts but "
            f"{choices!r:.60}: correct it, or take the published file"
        )
    return stem, [
        (text_of(choice, "label", where), text_of(choice, "text", where))
        for number, choice in enumerate(choices, 1)
        for where in [f"{id}, choice {number}"]
    ]


def hub_choices(choices: dict) -> list[dict]:
    """The hub's two lists of labels and texts in the published layout."""
    pairs = zip(choices["label"], choices["text"], strict=True)
    return [{"label": label, "text": text} for label, text in pairs]
