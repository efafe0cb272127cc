"""Which of its choices a text about a problem means: by letter, or by its words.

    >>> choice_of("The answer is (B).", ("ocean", "drawer", "cloud"))
    'b'
    >>> choice_of("So the answer is a drawer.", ("ocean", "drawer", "cloud"))
    'b'
    >>> choice_of("The answer is (z).", ("ocean", "drawer", "cloud")) is None
    True

Words count behind an answer mark only, and only where they name one choice: a chain
speaks of other choices on its way.  Of two choices of which one holds the other's words
("car", "car park") the longer one is meant.  A letter that no choice has is no answer.

Not covered: words spelled otherwise than in the choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .answers import extract_answer, extract_marked_answer, marked_line
from .parsing import names_several, without_thoughts
from .problems import LETTERS, Problem


def answer_of(text: str, problem: Problem, strict: bool = False) -> str | None:
    """The answer of a text to a problem; `strict` counts what is marked only."""
    if problem.choices:
        return choice_of(text, problem.choices, strict)
    return (extract_marked_answer if strict else extract_answer)(text, problem.kind)


def choice_of(text: str, choices: Sequence[str], strict: bool = False) -> str | None:
    """The letter of the choice that a text means; None where it means none or two.

    A letter behind the mark counts, else the words there; "a lake" is no letter but the
    lake.  Without a mark the last letter counts, unless `strict`.
    """
    line = marked_line(text)
    if line is not None:
        letter = extract_marked_answer(text, "choice")
        found = letter or by_words(line, choices)
    else:
        found = None if strict else extract_answer(text, "choice")
    return found if found in tuple(LETTERS[: len(choices)]) else None


def meant(problem: Problem, reply: dict, letter: str | None) -> str | None:
    """The answer of a teacher's reply whose parse gave a `letter`, or nothing.

    The last line of a reply that was cut off may go on: its words do not count.
    """
    if not problem.choices:
        return letter
    if letter or reply.get("finish_reason") == "length":
        return letter if letter in tuple(LETTERS[: len(problem.choices)]) else None
    text = without_thoughts(reply["text"])
    if names_several(text):
        return None
    return by_words(marked_line(text) or "", problem.choices)


def by_words(line: str, choices: Sequence[str]) -> str | None:
    """The letter of the one choice whose words stand in a line."""
    plain = _plain(line)
    found = [i for i, text in enumerate(choices) if f" {_plain(text)} " in f" {plain} "]
    texts = [_plain(choices[i]) for i in found]
    widest = [
        i
        for i, own in zip(found, texts, strict=True)
        if not any(own != other and f" {own} " in f" {other} " for other in texts)
    ]
    return LETTERS[widest[0]] if len(widest) == 1 else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
