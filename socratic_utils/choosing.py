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
from .problems import LETTERS, Problem


def answer_of(text: str, problem: Problem, strict: bool = False) -> str | None:
    """The answer of a text to a problem; `strict` counts what is marked only."""
    if problem.choices:
        return choice_of(text, problem.choices, strict)
    return (extract_marked_answer if strict else extract_answer)(text, problem.kind)


def choice_of(text: str, choices: Sequence[str], strict: bool = False) -> str | None:
    """The letter of the choice that a text means; None where it means none or two.

    "The answer is a lake" is the lake, not choice a: where a choice is named by its
    words, a bare letter before them does not count.
    """
    line = marked_line(text)
    letter = extract_marked_answer(text, "choice")
    bracketed = re.search(r"\(?\b[A-Za-z]\)", line or "")
    if line and not bracketed and (named := by_words(line, choices)):
        return named
    if letter is None and line is None and not strict:
        letter = extract_answer(text, "choice")
    return letter if letter in tuple(LETTERS[: len(choices)]) else None


def meant(problem: Problem, reply: dict, letter: str | None) -> str | None:
    """The answer of a teacher's reply whose parse gave a `letter`, or nothing.

    The last line of a reply that was cut off may go on: its words do not count.
    """
    if not problem.choices:
        return letter
    if letter or reply.get("finish_reason") == "length":
        return letter if letter in tuple(LETTERS[: len(problem.choices)]) else None
    return by_words(marked_line(reply["text"]) or "", problem.choices)


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
