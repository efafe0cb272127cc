"""Which choice of a multiple-choice problem a text gives: by letter or by its words.

    >>> choice_of("So the answer is a drawer.", ("ocean", "drawer", "cloud"))
    'b'

Words count only behind an answer mark, spelled as in the choice, and only if they name
one choice; of "car" and "car park" the longer match counts.
"""

import re
from collections.abc import Sequence

from socratic_utils.problems import LETTERS, Problem

from .extract import (
    extract_answer,
    extract_marked_answer,
    names_several,
    read_choice,
    readable,
)
from .marks import affirmed, may_be_marked, stated, statements
from .replies import own_task, without_thoughts


def answer_of(text: str, problem: Problem, strict: bool = False) -> str | None:
    """The answer a text gives to a problem; `strict` requires an answer mark."""
    if problem.choices:
        return choice_of(text, problem.choices, strict)
    return (extract_marked_answer if strict else extract_answer)(text, problem.kind)


def choice_of(text: str, choices: Sequence[str], strict: bool = False) -> str | None:
    """The chosen letter or None; without a mark the last letter, unless `strict`."""
    if may_be_marked(text) and statements(readable(text)):
        return _stated_choice(text, choices, None)
    letter = None if strict else extract_answer(text, "choice")
    return letter and marked_choice(text, letter, choices)


def choice_in_reply(problem: Problem, reply: dict, letter: str | None) -> str | None:
    """The answer in a teacher's reply in which `parse_chain` read `letter`."""
    if not problem.choices:
        return letter
    text, is_over = own_task(without_thoughts(reply["text"]))
    if reply.get("finish_reason") == "length" and not is_over:
        text = text.rpartition("\n")[0]  # the last line may have continued
    return _stated_choice(text, problem.choices, letter)


def _stated_choice(text: str, choices: Sequence[str], letter: str | None) -> str | None:
    for line, *_, rank in stated(readable(text)):
        own = letter or read_choice(line, True)
        found = marked_choice(line, own, choices)
        if found or not rank or names_several(affirmed(line, True)):
            return found
    return None


def marked_choice(line: str, letter: str | None, choices: Sequence[str]) -> str | None:
    """The choice given on the line behind a mark: by letter, else by words.

    A letter inside a choice's own words ("plan A") is no letter of a choice.
    """
    left = affirmed(line, True)
    texts = dict(zip(LETTERS, map(_words, choices), strict=False))
    found = {
        own: text for own, text in texts.items()
        if text in _words(line if affirmed(text, True) != text else left)
    }  # fmt: skip
    rest = left
    for words in sorted((text.split() for text in texts.values()), key=len)[::-1]:
        if len(words) > 1:
            if words[0] not in ("option", "choice"):  # "plan B" may be no choice
                words = [word if len(word) > 1 else "[a-z]" for word in words]
            own_words = r"\b" + r"[\W_]+".join(words) + r"\b"
            rest = re.sub(own_words, "|", rest, flags=re.I)
    if names_several(rest):
        return None
    before, words, behind = rest.partition("|")
    if words and letter:  # behind the words only "(a)" counts
        lettered = re.search(r"\([a-z]\)", behind, re.I)
        letter = read_choice(before, True) or (lettered and lettered[0][1].lower())
    if letter:
        return _in_range(letter, choices)
    shorter = {a for a in found.values() for b in found.values() if a != b and a in b}
    longest = [letter for letter, text in found.items() if text not in shorter]
    return longest[0] if len(longest) == 1 else None


def _in_range(letter: str | None, choices: Sequence[str]) -> str | None:
    return letter if letter in tuple(LETTERS[: len(choices)]) else None


def _words(text: str) -> str:
    """Lower-case words between single spaces, so that `in` compares whole words."""
    words = " ".join(re.findall(r"[^\W_]+", text.lower()))
    return f" {words} "
