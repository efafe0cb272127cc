"""Where a text states its answer: answer marks, talk about the answer, negation.

    >>> stated("The answer is 12.\\nSo the answer is correct.", "number")
    ['12.']
    >>> affirmed("not (a) or (b), leaving (c)", "choice")
    ' not , leaving (c)'

Behind a mark stands an answer ("The answer is 12"), talk ("The answer is rounded to 2
decimals"), or neither.  Not covered: answers that no mark introduces.
"""

import re
from typing import NamedTuple

from .arithmetic import CURRENCY, PLAIN_NUMBER

MAX_LINE = 500
MARK = re.compile(
    r"(?=[a#\\])(?:"  # the lookahead rules out most positions at once
    r"\banswer(?:\s{1,3}to\s[^.\n]{1,80}?)?\s{0,3}(?:is(?:\b|(?=n['’]?t\b))|[:=])[\s:]{0,5}"
    r"|####|\\f?boxed\s?\{)",
    re.I,
)
# Talk behind a mark, such as "correct to 2 decimals" or "shown above".
_TALK = re.compile(
    r"\W*(?:(?:also|indeed|thus|therefore|hence|then|now|still|clearly|already|always|only"
    r"|both|very|quite|probably|likely|definitely|not|n['’]t|usually|often|being|be|an?"
    r"|the|my|our|your|same|most|more|really|actually|as|just|simply|expected|to)\s+){0,4}+"
    r"(?:(?:in)?correct|(?:in)?accurate|right|wrong|(?:in)?valid|(?:un)?reasonable|sound"
    r"|plausible|sensible|consistent|logical|clear|obvious|unique|sure|close(?! to \d)"
    r"|final|simple|easy|hard|important|needed|required|positive|negative|whole|integer"
    r"|even|odd|prime|decimal|fraction|percentage|number|exact|approximate|estimate"
    r"|rounded|supported|explained|confirmed|checked|verified|based|above|below|follows"
    r"|(?:shown|given|stated|written|expressed|found|reported|obtained|derived|computed"
    r"|calculated|determined|reached)(?! (?:as|by|to be|with|from)\b)"
    r"|in\s(?:the\s|its\s)?(?:\w+\s)?(?:dollars|cents|euros|pounds|units?|form|terms|step"
    r"|line|box|hours|minutes|days|weeks|meters|metres|feet|inches|percent)"
    r"|ready|done|complete|good|fine|ok(?:ay)?|what|how|why|because|since)\b"
    # "rounded to 13." and "clear: (b)" give an answer all the same
    r"(?!(?: as| to| by| of|:|,)? ?[$€£(]?(?:-?\d[\d.,]*|[a-e]\b|yes|no|true|false)\W*$)",
    re.I,
)
NO_ANSWER = re.compile(
    r"\W*(?:(?:still|therefore|thus|is)\s)?(?:unknown|undefined|undetermined|impossible"
    r"|uncertain|cannot|can['’]t|not (?:known|possible|given|enough)|indeterminate)\b",
    re.I,
)
# Between a mark and its answer: "that Ann has $12", "x = 5", "either (b)".
_LEADS = re.compile(
    r"(?:[\W_]|(?!yes\b|true\b|false\b)(?:[a-z]|that|s?he|they|it|there|we|you|has|have|had"
    r"|is|are|was|were|will|gets?|makes?|needs?|about|around|roughly|approx\w*|exactly"
    r"|equals?|equal to|simply|just|now|still|thus|then|therefore|actually|instead|the|an"
    r"|option|answer|choice|number|total|sum|either|most|likely|probably|but|not|so|of|rs"
    r"|no(?=\. ?\d)|(?-i:[A-Z](?!o\b)[a-z]+))\b){0,30}+(?:\d|√|yes\b|no\b|true\b|false\b)",
    re.I,
)
_DOUBT = re.compile(  # before a mark: "check that the", "if the", "they may think the"
    r"(?:\b(?:if|whether|unless|why|suppose|assum\w+|(?:may|might|would|could) (?:say|think"
    r"|guess)|(?:check|verif|confirm|test|valid|prove|explain|justif)\w*)\s(?:that\s|if\s)?"
    r"(?:the|my|our|your|this|final|correct|right|\s){0,9})$",
    re.I,
)

_NOT = (
    r"(?:\b(?:not(?! only)|never|neither|nor|cannot|except(?: for)?|no longer|(?:rather"
    r"|other) than|instead of|anything but|far from|as opposed to|unlike|hardly|rul(?:es?"
    r"|ed|ing) out|(?:eliminat|exclud)(?:es?|ed|ing)|(?:is|are|was|do|does|did|wo|ca|could)nt)|n['’]t)\b"
)
_FILL = (
    r"(?:\s+(?:necessarily|really|simply|exactly|actually|quite|always|definitely|be|equal"
    r"|equals|to|options?|choices?|answers?|letters?|the|an?|that|any|either|likely"
    r"|probably|only|case|it|is|of)(?=\s)){0,5}"
)
_STOP = (
    r"(?:\b(?:but|it|it's|so|leav\w+|hence|thus|then|therefore|because|since|which|making"
    r"|must|only|is|are|yes)\b|[,;:\n]|\.(?!\d)| - )"
)
_REST = rf"(?:(?!{_STOP}).){{0,80}}+"
_ITEM = _REST.replace("(?:(?!", r"(?:(?!\b(?:n?or|and)\b|", 1)
_LIST = rf"(?:(?:, ?{_ITEM}){{0,6}},? ?\b(?:n?or|and)\b{_REST}){{0,3}}"
_NUMERAL = rf"\s+[{CURRENCY}(\[\"'“‘-]{{0,4}}{PLAIN_NUMBER}"
_FALSE = (
    r"[^,;.\n]{0,40}?(?:\b(?:is|are|was|were|be|been)\s(?:clearly\s|also\s|both\s)?(?:not"
    r" (?:correct|right|true|possible|it|the answer)|wrong|incorrect|false|impossible"
    r"|ruled out|eliminated|excluded)|isn['’]t (?:correct|right|true|possible))\b"
)
DENIAL = re.compile(rf"{_NOT}{_FILL}\W{{0,4}}$", re.I)  # in front of a negated word
_DENIED = {
    "number": re.compile(
        rf"{_NOT}{_FILL}{_NUMERAL}{_REST}"
        rf"(?:(?:,{_NUMERAL}){{0,6}},? (?:n?or|and)(?: the)?{_NUMERAL}{_REST})?"
        rf"|(?<![\w.,])[{CURRENCY}]?{PLAIN_NUMBER}{_FALSE}",
        re.I,
    ),
    "choice": re.compile(
        rf"{_NOT}{_REST}{_LIST}|(?:\([a-z]\)|\b[a-z]\)|\b(?-i:[A-Z])\b){_FALSE}", re.I
    ),
}


def affirmed(text: str, kind: str) -> str:
    """The text without negated numbers or choices: 'not 15 but 18' -> 'not but 18'."""
    return _DENIED[kind].sub("not ", text) if kind in _DENIED else text


def may_be_marked(text: str) -> bool:
    """A fast test that is never wrongly False; the pattern itself is slow."""
    return "####" in text or "boxed" in text or "answer" in text.lower()


class Statement(NamedTuple):
    """What stands behind an answer mark, which is text[start:end]."""

    line: str
    start: int
    end: int
    rank: int  # 0 sure, 1 in doubt ("if the answer is 5"), 2 talk


def statements(text: str, kind: str) -> list[Statement]:
    """The rest of the line behind each mark, the last one first; no empty lines."""
    found = []
    marks, stop = list(MARK.finditer(text)) if may_be_marked(text) else [], len(text)
    for mark in reversed(marks):
        (start, end), span = mark.span(), text[mark.end() : stop]
        stop = start
        if mark[0].startswith("\\"):
            span = span.partition("}")[0]
        line = next((s for s in span.splitlines() if any(map(str.isalnum, s))), "")
        line = line[:MAX_LINE]
        sure = kind == "choice" or _LEADS.match(line) or NO_ANSWER.match(line)
        doubt = not sure or _DOUBT.search(text[max(0, start - 80) : start])
        if line:
            rank = 2 if _TALK.match(line) else int(bool(doubt))
            found.append(Statement(line, start, end, rank))
    return found


def stated(text: str, kind: str) -> list[str]:
    """The lines of all statements but talk, the most credible first.

    Later ones come first, those in doubt after all others.  Talk is last, and for
    choices only, which may be called "right".
    """
    ranked = sorted(statements(text, kind), key=lambda statement: statement.rank)
    return [s.line for s in ranked if s.rank < 2 or kind == "choice"]
