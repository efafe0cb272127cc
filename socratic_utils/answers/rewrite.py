"""Substitutions in order, each tried only on a text that holds what it needs.

    >>> bold = rules(("**", r"[*]{2}", ""))
    >>> rewrite("**48** rolls", bold)
    '48 rolls'

Looking for a few characters costs a hundredth of looking for a pattern, and most of
what models write has no LaTeX in it.
"""

import re
from collections.abc import Callable, Iterable

Rule = tuple[str, re.Pattern, str | Callable[[re.Match], str]]


def rules(*rows: tuple[str, str, str | Callable[[re.Match], str]]) -> list[Rule]:
    """(what a text must hold, pattern, replacement); "" is in every text."""
    return [(needle, re.compile(pattern), new) for needle, pattern, new in rows]


def rewrite(text: str, rules: Iterable[Rule]) -> str:
    """The text after all substitutions, one after the other."""
    for needle, pattern, new in rules:
        if needle in text:
            text = pattern.sub(new, text)
    return text
