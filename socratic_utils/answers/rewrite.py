"""Ordered substitutions, each skipped when the text lacks the substring it needs.

    >>> bold = rules(("**", r"[*]{2}", ""))
    >>> substitute("**48** rolls", bold)
    '48 rolls'

A substring test is about 100 times faster than a regular expression, and most model
output contains no LaTeX.
"""

import re
from collections.abc import Callable, Iterable

Rule = tuple[str, re.Pattern, str | Callable[[re.Match], str]]


def rules(*rows: tuple[str, str, str | Callable[[re.Match], str]]) -> list[Rule]:
    """Compile rows of (required substring, pattern, replacement)."""
    return [(needle, re.compile(pattern), new) for needle, pattern, new in rows]


def substitute(text: str, rules: Iterable[Rule]) -> str:
    """The text after all substitutions, applied in order."""
    for needle, pattern, new in rules:
        if needle in text:
            text = pattern.sub(new, text)
    return text
