"""Where a text states its answer: answer marks, talk about the answer, negation.

    >>> stated("The answer is 12.\\nNote: the answer is rounded to 2 decimals.")[0].line
    '12.'
    >>> affirmed("not (a) or (b), leaving (c)", marked=True)
    'not, leaving (c)'

Not covered: answers that no mark introduces.
"""

import re
from pathlib import Path
from typing import NamedTuple

from .arithmetic import CURRENCY, PLAIN_NUMBER


def _phrases() -> dict[str, str]:
    """The sections of phrases.txt as alternatives: 'if|whether|...'."""
    text = Path(__file__).with_name("phrases.txt").read_text("utf-8")
    sections = [section.split("\n") for section in text.split("=== ")[1:]]
    return {
        name: "|".join(line for line in lines if line and line[0] != "#")
        for name, *lines in sections
    }


PHRASES, MAX_LINE = _phrases(), 500
MARK = re.compile(
    r"(?=[a#\\])(?:"  # the lookahead rules out most positions at once
    r"\banswer(?:\s{1,3}to\s[^.\n]{1,80}?)?\s{0,3}(?:is(?:\b|(?=n['’]?t\b))|[:=])"
    r"[\s:]{0,5}|####|\\f?boxed\s?\{)",
    re.I,
)
# A sure statement has only certain words and names between the mark and the answer.
_LEADS = re.compile(
    rf"(?:[\W_]|(?!(?:yes|true|false)\b)(?:{PHRASES['leads']}|(?-i:(?!No\b)[A-Z][a-z]+))"
    r"\b){0,30}+(?:\d|√|(?:yes|no|true|false|[a-z])\b)",
    re.I,
)
NO_ANSWER = re.compile(rf"(?:\W|still\b|thus\b)*+(?:{PHRASES['unknown']})\b", re.I)
_TALK = re.compile(
    rf"\W*(?:also |indeed |not )?(?:{PHRASES['talk']})\b"
    r"(?!(?: as| to| by|:)? ?[$(]?-?\d[\d.,]*\W*$)",  # "rounded to 13."
    re.I,
)
_DOUBT = re.compile(
    rf"\b(?:{PHRASES['doubt']})\s(?:that\s|if\s)?"
    r"(?:the|my|our|your|this|final|correct|right|\s){0,9}$",
    re.I,
)
_NOT = rf"(?:\b(?:{PHRASES['not']})|n['’]t)\b"
_FILL = rf"(?:\s+(?:{PHRASES['between']})(?=\s)){{0,5}}"
_CLAUSE = rf"\b(?:{PHRASES['clause']})\b|[;:\n]|[,.](?!\d)| - "
_REST = rf"(?:(?!{_CLAUSE}).){{0,80}}+"
_ITEM = rf"(?:(?!\b(?:n?or|and)\b|{_CLAUSE}).){{0,80}}+"
_VALUE = rf"(?:{PLAIN_NUMBER}|\([a-z]\)|\b[a-z]\)|\b(?-i:[A-Z])\b(?!['’]))"
_DENIED = [
    re.compile(  # text without a mark: only "not 5", "rather than the 5", "isn't yes"
        rf"{_NOT}{_FILL}\s+[{CURRENCY}(\[\"'“‘-]{{0,4}}"
        rf"(?:{_VALUE}|(?:yes|no|true|false)\b)",
        re.I,
    ),
    re.compile(  # a marked line: also "not a, b or c", "A is wrong"
        rf"{_NOT}{_REST}(?:(?:, ?{_ITEM}){{0,6}},? ?\b(?:n?or|and)\b{_REST}){{0,3}}"
        rf"|\bnone of [^;.\n]{{0,80}}|{_VALUE}(?:,? (?:and |or )?{_VALUE}){{0,6}}"
        rf"[^,;.\n]{{0,40}}?(?:\b(?:is|are|was|were|be|been)\s(?:\w+ly\s|also\s"
        rf"|both\s)?(?:{PHRASES['false']})|isn['’]t (?:correct|right|true))\b",
        re.I,
    ),
]


def affirmed(text: str, marked: bool) -> str:
    """The text without what it negates: 'not 15 but 18' -> 'not but 18'."""
    return _DENIED[marked].sub("not", text)


def may_be_marked(text: str) -> bool:
    """A fast test that is never wrongly False; the pattern itself is slow."""
    return "####" in text or "boxed" in text or "answer" in text.lower()


class Statement(NamedTuple):
    """What stands behind an answer mark, which is text[start:end]."""

    line: str
    start: int
    end: int
    asks: bool  # "How do we know the answer is 12?"
    rank: int  # 0 sure, 1 in doubt, 2 talk


def statements(text: str) -> list[Statement]:
    """The rest of the line behind each mark, the last one first; no empty lines."""
    found = []
    marks, stop = list(MARK.finditer(text)) if may_be_marked(text) else [], len(text)
    for mark in reversed(marks):
        (start, end), span = mark.span(), text[mark.end() : stop]
        stop = start
        if mark[0].startswith("\\"):
            span = span.partition("}")[0]
        lines = [line for line in span.splitlines() if any(map(str.isalnum, line))]
        for line in lines[:1]:
            sure = _LEADS.match(line) or NO_ANSWER.match(line)
            asks = bool(re.match(r"[^.?!\n]+\?", line))
            doubt = not sure or asks or _DOUBT.search(text[max(0, start - 80) : start])
            rank = 2 if _TALK.match(line) else int(bool(doubt))
            found.append(Statement(line[:MAX_LINE], start, end, asks, rank))
    return found


def stated(text: str) -> list[Statement]:
    """The statements of a text, the most credible first, and then the last."""
    return sorted(statements(text), key=lambda statement: statement.rank)
