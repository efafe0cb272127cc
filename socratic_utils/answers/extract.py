r"""Read the final answer out of a model's text and compare it with the gold answer.

    >>> is_correct("18.0", "18"), is_correct("0.5", "1/2"), is_correct(None, "3")
    (True, True, False)
    >>> choice_of("So the answer is a drawer.", ("ocean", "drawer", "cloud"))
    'b'

Thoughts, further tasks and what is negated do not count.  The last statement behind an
answer mark counts, and there the first answer of the line or the result of its
equation; without any mark, the last answer in the text.  A formula, power or root
behind a mark counts by its value; one with an unknown ("4x"), words only, or more than
50 digits give None.  "1st" and "A4" count only if there is no other number, dates never
do.  "1e3" is 1000, "50%" is 50; a minus behind an operand is no sign ("10-3").  The
words of a choice count only behind a mark, spelled as in the choice, and only if they
name one choice; of "car" and "car park" the longer match counts.
Not covered: numbers in words ("twelve", "2 million"), decimal commas, clock times.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from socratic_utils.problems import LETTERS, Problem

from . import arithmetic, replies
from .arithmetic import CURRENCY, MAX_DIGITS, UNKNOWN, find_equations, format_number
from .patterns import PATTERNS as P

ANSWER_MARK = "The answer is"  # every student's transcript ends "The answer is 42."


def extract_answer(text: str, kind: str = "number") -> str | None:
    """The answer that the text states; without a mark, the last answer in the text."""
    reader, text = _reader(kind), readable(text)
    marked, answer = _read_marked(text, kind)
    return answer if marked else reader(text, False)


def extract_marked_answer(text: str, kind: str = "number") -> str | None:
    """The answer that the text states behind "The answer is", "####", ..., or None."""
    _reader(kind)
    return _read_marked(readable(text), kind)[1]


def is_correct(predicted: str | None, gold: str, kind: str = "number") -> bool:
    """Whether two answers have equal values; ValueError if `gold` is not one answer."""
    reader = _reader(kind)
    wanted = extract_answer(gold, kind) if isinstance(gold, str) else None
    if wanted is not None and not P.MARK.search(gold):
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
    text, _ = replies.own_task(replies.without_thoughts(text))
    return arithmetic.substitute(arithmetic.plain(text), "signs_and_bold")


def _read_marked(text: str, kind: str) -> tuple[bool, str | None]:
    """(whether there is a mark, the answer of the most credible statement)."""
    for line, *_, rank in replies.stated(text):
        if rank == 2 and kind != "choice":
            break
        answer = _reader(kind)(line, True)
        number = re.search(rf"\d|{UNKNOWN}", replies.affirmed(line, True))
        certain = {"number": number, "choice": not rank}.get(kind)
        if answer or certain or P.NO_ANSWER.match(line):
            return True, answer
    return bool(P.MARK.search(text)), None


def _read_number(text: str, marked: bool) -> str | None:
    text = replies.affirmed(text, marked)
    if marked and "=" not in text and P.STATED_FORMULA.match(text):
        return _formula_value(text)
    if "/" in text:
        text = P.MIXED.sub(_apart, text)
    if groups := P.SPACED_GROUPS.match(text):
        text = re.sub(r"(?<=\d) (?=\d)", "", groups[0]) + text[groups.end() :]
    found = [m for m in P.NUMBER.finditer(text) if not m["date"]]
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
    head, _, tail = text.partition("=")  # "20% of 50 = 10"
    worded = re.search(r"[^\W\d_]|[*+(]", head) and not P.CLAUSE.search(head)
    closed = head.count("(") == head.count(")")
    result = rf" ?[{CURRENCY}]?-?{arithmetic.PLAIN_NUMBER}(?! ?[-+*/=\d])"
    if end == start and worded and closed and re.match(result, tail):
        start = max(start, len(head))
    return _canonical(next((m for m in found if m.start() >= start), found[0]), text)


def _apart(match: re.Match) -> str:
    """'3 1/2' is one number; '60 and 60/2 = 30' and '3 10/2' are two."""
    proper = int(match[3]) < int(match[4]) and not (match[2] and match[5])
    return match[0] if proper else f"{match[1]} ; "


def _formula_value(text: str) -> str | None:
    """'(16 * 17) * 4.' -> '1088'; '3 * 4 apples, which is many' -> '12'; else None."""
    formula = re.split(r"[,;](?!\d)|\.(?!\d)|\bwhich\b", text)[0]
    formula = re.sub(rf"[{CURRENCY}]|(?<=[\d)])(?: [^\W\d_]{{2,}})+", "", formula)
    value = arithmetic.value_of(formula.strip(" ."))
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
        text = P.IDIOM.sub("", text)
        if P.BOTH.search(text):
            return None
    words = P.YES_NO.findall(replies.affirmed(text, marked))
    if not words and (denied := P.DENIED_WORD.search(text)):
        return "no" if denied[1].lower() in ("yes", "true") else "yes"
    word = words[0 if marked else -1].lower() if words else None
    return word and ("yes" if word in ("yes", "true") else "no")


def read_choice(text: str, marked: bool) -> str | None:
    """The first letter of a choice in a marked text, the last in another."""
    text, letters = replies.affirmed(text, marked), []
    words = r" (?!because|since|as\b|and\b|or\b)[a-z]"
    for match in P.CHOICE.finditer(text):
        bare, letter = match[3], match[1] or match[2] or match[3]
        word = re.match(words, text[match.end() : match.end() + 9])
        # A capital A is a letter behind a mark and an article elsewhere.
        article = bare and word and (bare in "aIi" or (bare == "A" and not marked))
        lower = bare and bare.islower() and not marked and len(text.strip(" .:\n")) > 1
        if not article and not lower:
            letters.append(letter.lower())
    return letters[0 if marked else -1] if letters else None


def answer_of(text: str, problem: Problem, strict: bool = False) -> str | None:
    """The answer a text gives to a problem; `strict` requires an answer mark."""
    if problem.choices:
        return choice_of(text, problem.choices, strict)
    return (extract_marked_answer if strict else extract_answer)(text, problem.kind)


def choice_of(text: str, choices: Sequence[str], strict: bool = False) -> str | None:
    """The chosen letter or None; without a mark the last letter, unless `strict`."""
    if replies.may_be_marked(text) and replies.statements(readable(text)):
        return _stated_choice(text, choices, None)
    letter = None if strict else extract_answer(text, "choice")
    return letter and marked_choice(text, letter, choices)


def choice_in_reply(problem: Problem, reply: dict, letter: str | None) -> str | None:
    """The answer in a teacher's reply in which `parse_chain` read `letter`."""
    if not problem.choices:
        return letter
    text, is_over = replies.own_task(replies.without_thoughts(reply["text"]))
    if reply.get("finish_reason") == "length" and not is_over:
        end = "\n" if "\n" in text.strip() else ". "  # of what is whole
        text = text.rpartition(end)[0]
    return _stated_choice(text, problem.choices, letter)


def _stated_choice(text: str, choices: Sequence[str], letter: str | None) -> str | None:
    for line, *_, rank in replies.stated(readable(text)):
        found = marked_choice(line, letter or read_choice(line, True), choices)
        if found or not rank or P.SEVERAL.match(replies.affirmed(line, True)):
            return found
    return None


def marked_choice(line: str, letter: str | None, choices: Sequence[str]) -> str | None:
    """The choice given on the line behind a mark: by letter, else by words.  A letter
    inside a choice's own words ("plan A") is no letter of a choice."""
    left = replies.affirmed(line, True)
    texts = dict(zip(LETTERS, map(_words, choices), strict=False))
    found = {own: text for own, text in texts.items() if text in _words(
        line if replies.affirmed(text, True) != text else left)}  # fmt: skip
    rest = left
    for words in sorted((text.split() for text in texts.values()), key=len)[::-1]:
        if len(words) > 1:
            if words[0] not in ("option", "choice"):  # "plan B" may be no choice
                words = [word if len(word) > 1 else "[a-z]" for word in words]
            rest = re.sub(r"\b" + r"[\W_]+".join(words) + r"\b", "|", rest, flags=re.I)
    if P.SEVERAL.match(rest):
        return None
    before, words, behind = rest.partition("|")
    if words and letter:  # behind the words only "(a)" counts
        lettered = re.search(r"\([a-z]\)", behind, re.I)
        letter = read_choice(before, True) or (lettered and lettered[0][1].lower())
    if letter:
        return letter if letter in tuple(LETTERS[: len(choices)]) else None
    shorter = {a for a in found.values() for b in found.values() if a != b and a in b}
    longest = [letter for letter, text in found.items() if text not in shorter]
    return longest[0] if len(longest) == 1 else None


def _words(text: str) -> str:
    """Lower-case words between single spaces, so that `in` compares whole words."""
    words = " ".join(re.findall(r"[^\W_]+", text.lower()))
    return f" {words} "
