r"""Read the final answer out of a model's text and compare it with the gold answer.

    >>> is_correct("18.0", "18"), is_correct("0.5", "1/2"), is_correct(None, "3")
    (True, True, False)

Thoughts, further tasks and what is negated do not count.  The last statement behind an
answer mark counts, and there the first answer of the line or the result of its
equation; without any mark, the last answer in the text.  A formula, power or root
behind a mark counts by its value; one with an unknown ("4x"), words only, or more than
50 digits give None.  "1st" and "A4" count only if there is no other number, dates never
do.  "1e3" is 1000, "50%" is 50; a minus behind an operand is no sign ("10-3").

Not covered: numbers in words ("twelve", "2 million"), decimal commas, clock times.
"""

import re
from decimal import Decimal
from fractions import Fraction

from .arithmetic import (
    CURRENCY,
    MAX_DIGITS,
    PLAIN_NUMBER,
    find_equations,
    format_number,
    value_of,
)
from .marks import MARK, NO_ANSWER, affirmed, stated
from .notation import UNKNOWN, plain, rules, substitute
from .replies import body

ANSWER_MARK = "The answer is"  # every student's transcript ends "The answer is 42."

_NUMBER = re.compile(
    r"(?=[.\d])(?:(?P<date>\d\d?/\d\d?/\d{4}(?!\d)|\d{4}([-/])\d\d\2\d\d(?!\d))"
    r"|(?:(?P<whole>\d++) (?:and )?)?(?P<num>\d++) ?/ ?(?P<den>\d++)(?!\.?\d|,\d{3})"
    rf"|(?P<plain>{PLAIN_NUMBER})(?:[eE](?P<exp>[-+]?\d\d?)(?!\w))?"
    r"(?P<ordinal>(?:st|nd|rd|th)\b)?)"
)
_MIXED = re.compile(
    r"(?<!\d)(\d{1,50}) (and )?(?=(\d{1,50}) ?/ ?(\d{1,50})(?!\d)( ?=)?)"
)
_UNKNOWN = r"(?:[xyzXYZ]|some)\b"
_FORMULA = re.compile(  # at the start of the text behind a mark
    rf"\W{{0,9}}(?:{_UNKNOWN} ?[-+*/]|\d[\d,]*[.,]\d+ ?/ ?[\d.]|\d+ ?/ ?\d*\.\d"
    r"|[\d.,]++(?: ?/ ?\d++)?(?:[xyzXYZ]\b(?! ?\d)|[)%]{0,9} ?"
    rf"(?:[*+] ?[\d$(]| - [\d$(]|[-+*/] ?(?:[(?$]|{_UNKNOWN}))))"
)
_SPACED_GROUPS = re.compile(r"\W{0,5}[1-9]\d{0,2}(?: \d{3}){1,15}(?![\d/]| \d)")
_YES_NO = re.compile(r"(?<![^\W_])(yes|no|true|false)(?![^\W_]|['’-]\w|\. ?\d)", re.I)
_IDIOM = re.compile(r"\bno (?:doubt|question|one|problem|matter)\b", re.I)
_DENIED = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bno longer)\s+(yes|no|true|false)\b", re.I
)
_MAYBE = r"\b(?:maybe|perhaps|possibly|partly|partially|sometimes)\b"
_BOTH = re.compile(
    rf"\b(?:yes|true)\W+(?:or|and)\W+(?:no|false)\b|{_MAYBE}.*{_MAYBE}", re.I
)
_CHOICE = re.compile(  # "(b)", "b)", "B." or a lone "B"
    r"(?<![\w.-])(?<!\w['’])(?:\(([A-Za-z])\)|([A-Za-z])\)|([A-Za-z])(?!\w|['’]\w|-\w|\.\w))"
)
_SEVERAL = re.compile(  # "(a) sea or (b) lake", "B and C"; but not "B or a lake"
    r"(?:[A-Za-z]{2,} ){0,4}"
    r"(?:\(\w\)(?:[^()]*, \(\w\))*[^()]*\b(?:or|and) \(\w\)"
    r"|[A-Za-z]\)?(?:, [A-Za-z]\)?)*,? (?:or|and) "
    r"(?:[B-HJ-Zb-hj-z]|[AIai](?! [a-z]))(?![\w'’-]))"
)


_SIGNS_AND_BOLD = rules(
    ("\\", r"\\[()\[\]]", " "),
    # **42** is bold, 2**3 is a power
    ("**", r"(?<!\d)(?<!\d )\*\*|\*\*(?! ?\d)", ""),
    ("tive ", r"\b[Nn]egative (?=[$\d])", "-"),
    ("inus ", r"\b[Mm]inus (?=[$\d])", "-"),
)


def extract_answer(text: str, kind: str = "number") -> str | None:
    """The answer that the text states; without a mark, the last answer in the text."""
    reader, text = _reader(kind), readable(text)
    marked, answer = _read_marked(text, kind)
    return answer if marked else reader(text, False)


def extract_marked_answer(text: str, kind: str = "number") -> str | None:
    """The answer that the text states behind "The answer is", "####", ..., or None."""
    _reader(kind)
    return _read_marked(readable(text), kind)[1]


def names_several(line: str) -> bool:
    """Whether a line behind a mark begins with two choices: "(a) or (b)"."""
    return bool(_SEVERAL.match(line))


def is_correct(predicted: str | None, gold: str, kind: str = "number") -> bool:
    """Whether two answers have equal values; ValueError if `gold` is not one answer."""
    reader = _reader(kind)
    wanted = extract_answer(gold, kind) if isinstance(gold, str) else None
    if wanted is not None and not MARK.search(gold):
        wanted = wanted if reader(readable(gold), True) == wanted else None
    if wanted is None:
        raise ValueError(f"The gold answer {gold!r:.80} is not one {kind} answer.")
    got = None if predicted is None else extract_answer(predicted, kind)
    if kind == "number" and got is not None:
        return _equal(got, wanted)
    return got == wanted


def _equal(*numbers: str) -> bool:
    """Exactly, unless one has the 15 or more digits of a floating-point number."""
    left, right = map(Fraction, numbers)
    noisy = any("." in n and len(re.sub(r"^-?[0.]*|\.", "", n)) >= 15 for n in numbers)
    slack = min(max(abs(right), Fraction(1)), Fraction(1000)) / 10**12
    return abs(left - right) <= noisy * slack


def _reader(kind: str):
    readers = {"number": _read_number, "yes_no": _read_yes_no, "choice": read_choice}
    if kind not in readers:
        raise ValueError(f"Unknown kind {kind!r}; choose one of {', '.join(readers)}.")
    return readers[kind]


def readable(text: str) -> str:
    """The reply itself without LaTeX, bold marks and non-ASCII digits."""
    return substitute(plain(body(text)), _SIGNS_AND_BOLD)


def _read_marked(text: str, kind: str) -> tuple[bool, str | None]:
    """(whether there is a mark, the answer of the most credible statement)."""
    for line, *_, rank in stated(text):
        if rank == 2 and kind != "choice":
            break
        answer = _reader(kind)(line, True)
        number = kind == "number" and re.search(rf"\d|{UNKNOWN}", affirmed(line, True))
        if answer or number or NO_ANSWER.match(line) or (kind == "choice" and not rank):
            return True, answer
    return bool(MARK.search(text)), None


def _read_number(text: str, marked: bool) -> str | None:
    text = affirmed(text, marked)
    if marked and "=" not in text and _FORMULA.match(text):
        return _formula_value(text)
    if "/" in text:
        text = _MIXED.sub(_apart, text)
    if groups := _SPACED_GROUPS.match(text):
        joined = re.sub(r"(?<=\d) (?=\d)", "", groups[0])
        text = joined + text[groups.end() :]
    found = [m for m in _NUMBER.finditer(text) if not m["date"]]
    found = [  # "1st" and "A4" are labels, but 3x4 is a product
        m for m in found
        if not (m["ordinal"] or text[m.start() - 1 : m.start()].strip("xX").isalpha())
    ] or found  # fmt: skip
    outer = found and (text[: found[0].start()] if marked else text[found[-1].end() :])
    if not found or UNKNOWN in outer:  # 2√3 is no rational number
        return None
    if not marked:
        return _canonical(found[-1], text)
    start = end = found[0].start()
    for equation in find_equations(text):
        # The first equation must open at our number; later ones of a chain overlap it.
        if equation.start <= end and equation.end > start:
            end = equation.end
            start = text.rfind("=", equation.start, end)
    chosen = next((m for m in found if m.start() >= start), found[0])
    return _canonical(chosen, text)


def _apart(match: re.Match) -> str:
    """'3 1/2' is one number; '60 and 60/2 = 30' and '3 10/2' are two."""
    proper = int(match[3]) < int(match[4]) and not (match[2] and match[5])
    return match[0] if proper else f"{match[1]} ; "


def _formula_value(text: str) -> str | None:
    """'(16 * 17) * 4.' -> '1088'; '3 * 4 apples, which is many' -> '12'; else None."""
    formula = re.split(r"[,;](?!\d)|\.(?!\d)|\bwhich\b", text)[0]
    formula = re.sub(rf"[{CURRENCY}]|(?<=[\d)])(?: [^\W\d_]{{2,}})+", "", formula)
    value = value_of(formula.strip(" ."))
    body = "" if value is None else format_number(value)
    return body if 0 < len(body) <= MAX_DIGITS else None


def _canonical(match: re.Match, text: str) -> str | None:
    """'$1,200.00' -> '1200', '3 1/2' -> '7/2'; None if too long or n/0."""
    if len(match[0]) > 2 * MAX_DIGITS or (match["den"] and not int(match["den"])):
        return None
    if match["den"]:
        fraction = Fraction(int(match["num"]), int(match["den"]))
        body = str(int(match["whole"] or 0) + fraction)
    else:
        body = match["plain"].replace(",", "")
        if match["exp"] or not body.isdecimal() or body[0] == "0":
            body = format(Decimal(f"{body}e{match['exp'] or 0}"), "f")
            body = body.rstrip("0").rstrip(".") if "." in body else body
    if len(body) > MAX_DIGITS:
        return None
    return "-" + body if body != "0" and _is_negative(text, match.start()) else body


def _is_negative(text: str, start: int) -> bool:
    before, minus, between = text[:start].rstrip(CURRENCY).rpartition("-")
    near, far = before[-1:], before.rstrip()[-1:]
    operand = near.isalnum() or near in {*")%-"} or far.isdigit() or far in {*")%"}
    return bool(minus) and not between and not operand


def _read_yes_no(text: str, marked: bool) -> str | None:
    if marked:
        text = _IDIOM.sub("", text)
        if _BOTH.search(text):
            return None
    words = _YES_NO.findall(affirmed(text, marked))
    if not words and (denied := _DENIED.search(text)):
        return "no" if denied[1].lower() in ("yes", "true") else "yes"
    word = words[0 if marked else -1].lower() if words else None
    return word and ("yes" if word in ("yes", "true") else "no")


def read_choice(text: str, marked: bool) -> str | None:
    """The first letter of a choice in a marked text, the last in another."""
    text, letters = affirmed(text, marked), []
    words = r" (?!because|since|as\b|and\b|or\b)[a-z]"
    for match in _CHOICE.finditer(text):
        bare, letter = match[3], match[1] or match[2] or match[3]
        word = re.match(words, text[match.end() : match.end() + 9])
        # A capital A is a letter behind a mark and an article elsewhere.
        article = bare and word and (bare in "aIi" or (bare == "A" and not marked))
        lower = bare and bare.islower() and not marked and len(text.strip(" .:\n")) > 1
        if not article and not lower:
            letters.append(letter.lower())
    return letters[0 if marked else -1] if letters else None
