"""Which of its choices a text about a problem means: by letter, or by its words.

    >>> choice_of("The answer is (B).", ("ocean", "drawer", "cloud"))
    'b'
    >>> choice_of("So the answer is a drawer.", ("ocean", "drawer", "cloud"))
    'b'
    >>> choice_of("The answer is (z).", ("ocean", "drawer", "cloud")) is None
    True

Words count behind an answer mark only, and only where they name one choice: a chain
speaks of other choices on its way.  Of two choices of which one holds the other's words
("car", "car park") the longer one is meant.  A letter that no choice has is no answer,
and "(a) or (b)" is none, whether a student or a teacher wrote it.

Not covered: words spelled otherwise than in the choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from socratic_utils.problems import LETTERS, Problem

from .chains import without_thoughts
from .extract import extract_answer, extract_marked_answer, marked_line, names_several


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
        return marked_choice(line, extract_marked_answer(text, "choice"), choices)
    return None if strict else known(extract_answer(text, "choice"), choices)


def meant(problem: Problem, reply: dict, letter: str | None) -> str | None:
    """The answer of a teacher's reply whose parse gave a `letter`, or nothing.

    The last line of a reply that was cut off may go on: its words do not count.
    """
    if not problem.choices:
        return letter
    if reply.get("finish_reason") == "length":
        return known(letter, problem.choices)
    line = marked_line(without_thoughts(reply["text"])) or ""
    return marked_choice(line, letter, problem.choices)


def marked_choice(line: str, letter: str | None, choices: Sequence[str]) -> str | None:
    """What the line behind a mark means: its letter, else its words, if it is one."""
    if names_several(line):
        return None
    return known(letter or by_words(line, choices), choices)


def known(letter: str | None, choices: Sequence[str]) -> str | None:
    """The letter, if a choice has it."""
    return letter if letter in tuple(LETTERS[: len(choices)]) else None


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
