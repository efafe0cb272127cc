"""The regular expressions of this folder, which are read from `patterns.txt`.

>>> PATTERNS.DENIED_WORD.search("It isn't true.")[1]
'true'
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace


def _sections(file: str, between_lines: str) -> Iterator[tuple[str, str]]:
    """The title and the lines, joined, of each section `=== title`; "#": a comment."""
    text = Path(__file__).with_name(file).read_text("utf-8")
    for section in text.split("\n=== ")[1:]:
        title, *lines = section.split("\n")
        yield title, between_lines.join(x for x in lines if x and x[0] != "#")


PATTERNS, _known = SimpleNamespace(), dict(_sections("phrases.txt", "|"))
for _title, _text in _sections("patterns.txt", ""):
    _name, _, _flags = _title.partition(" ")
    _known[_name] = re.sub(r"\{([A-Za-z]\w+)\}", lambda m: _known[m[1]], _text)
    _compiled = re.compile(_known[_name], sum(getattr(re, f.upper()) for f in _flags))
    setattr(PATTERNS, _name, _compiled)
