"""The regular expressions of this folder (`patterns.txt`) and what replaces them.

>>> PATTERNS.DENIED_WORD.search("It isn't true.")[1]
'true'
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path


def _read(file: str) -> str:
    return Path(__file__).with_name(file).read_text("utf-8")


def _sections(file: str, between_lines: str) -> Iterator[tuple[str, str]]:
    """The title and the lines, joined, of each section `=== title`; "#": a comment."""
    for section in _read(file).split("\n=== ")[1:]:
        title, *lines = section.split("\n")
        yield title, between_lines.join(x for x in lines if x and x[0] != "#")


_known, _flags = dict(_sections("phrases.txt", "|")), {}


def _expanded(text: str) -> str:
    return re.sub(r"\{([A-Za-z]\w+)\}", lambda name: _known[name[1]], text)


for _title, _text in _sections("patterns.txt", ""):
    _name, _, _flags[_name] = _title.partition(" ")
    _known[_name] = _expanded(_text)


class _Patterns:
    """Compiled when they are first used: `--help` needs none."""

    def __getattr__(self, name: str) -> re.Pattern:
        if name not in _flags:
            raise AttributeError(name)
        flags = sum(getattr(re, flag.upper()) for flag in _flags[name])
        setattr(self, name, re.compile(_known[name], flags))
        return self.__dict__[name]


PATTERNS = _Patterns()
REWRITES = {
    name: [(needle, re.compile(_expanded(old)), new) for needle, old, new in rules]
    for name, rules in tomllib.loads(_read("rewrites.toml")).items()
}
