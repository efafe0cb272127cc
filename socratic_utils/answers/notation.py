r"""LaTeX and Unicode mathematics as plain ASCII, powers and roots as their value.

    >>> plain(r"\frac{\$30}{4}"), plain("10⁶"), plain(r"3\sqrt{16}"), plain(r"2\pi")
    ('15/2', '1000000', '3*4', '2√')

Arithmetic is exact.  What has no rational value, or one of too many digits, becomes
"√", which every reader takes for an unknown.  Not covered: sums, logarithms, factorials.
"""

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from math import isqrt
from typing import Any

from .arithmetic import (
    CURRENCY,
    MAX_DIGITS,
    PLAIN_NUMBER,
    ascii_signs,
    format_number,
    value_of,
)

UNKNOWN = "√"
_RAISED, _SUNK = "⁻⁰¹²³⁴-⁹", "₀-₉"


def rules(*rows: tuple[str, str, Any]) -> list[tuple[str, re.Pattern, Any]]:
    """Compile rows of (required substring, pattern, replacement) for `substitute`."""
    return [(needle, re.compile(pattern), new) for needle, pattern, new in rows]


def substitute(text: str, rules: Iterable[tuple[str, re.Pattern, Any]]) -> str:
    """The text after all substitutions, applied in order."""
    for needle, pattern, new in rules:
        if needle in text:  # about 100 times faster than the pattern
            text = pattern.sub(new, text)
    return text


def _value(expression: str | None) -> Fraction | None:
    """The value of '1.5', '$30', '12 apples', '2 + 4' or '-1/2'."""
    bare = re.sub(rf"[{CURRENCY}]|[^\W\d_]{{2,}}", "", expression or "")
    return value_of(bare.strip())


def _power(base: Fraction | None, exponent: Fraction | None) -> str:
    """The value of base^exponent as text, in parentheses if it is n/d."""
    if base is None or exponent is None or exponent.denominator > 9:
        return UNKNOWN
    digits = len(f"{base.numerator}{base.denominator}") * abs(exponent.numerator)
    if digits > 4 * MAX_DIGITS or (not base and exponent <= 0):
        return UNKNOWN
    value = base**exponent.numerator
    if exponent.denominator > 1:
        parts = (_root(p, exponent.denominator) for p in value.as_integer_ratio())
        numerator, denominator = parts
        if not numerator and value or not denominator:
            return UNKNOWN
        value = Fraction(numerator, denominator)
    text = format_number(value)
    return f"({text})" if "/" in text else text


def _root(number: int, degree: int) -> int:
    """The exact integer root, or 0."""
    if number < 0:
        return -_root(-number, degree) if degree % 2 else 0
    near = isqrt(number) if degree == 2 else round(min(number, 1e15) ** (1 / degree))
    return near if near**degree == number else 0


def _joined(match: re.Match, value: str) -> str:
    """'2√9' is a product: the value of a root or a fraction behind its factor."""
    factor = match.string[: match.start()][-1:].isdigit() and value != UNKNOWN
    return f"*{value}" if factor else value


def _raised(match: re.Match) -> str:
    base, inner, *exponents = match.groups()
    return _power(_value(base or inner), _value(next(filter(None, exponents))))


def _rooted(match: re.Match) -> str:
    degree, *inside = match.groups()
    value = _value(next(filter(None, inside), ""))
    return _joined(match, _power(value, Fraction(1, int(degree or 2) or 2)))


def _divided(match: re.Match) -> str:
    above, below = (next(filter(None, pair), "") for pair in
                    (match.groups()[:2], match.groups()[2:]))  # fmt: skip
    ahead, plain = match.string[: match.start()], f"{above}/{below}"
    before = ahead.rstrip(" ")[-1:]
    if re.fullmatch(r"\d{1,50}/\d{1,50}", plain) and before not in {*"/^"}:
        return f" {plain}" if ahead[-1:].isdigit() else plain  # 3\frac{1}{2} is mixed
    top, bottom = _value(above), _value(below)
    value = str(top / bottom) if top is not None and bottom else UNKNOWN
    return f"({value})" if before in {*"/^"} else _joined(match, value)


_EXPONENT = r"(-?\d{1,3}(?:/\d)?)"
_POWERS = rules(
    ("10", rf"({PLAIN_NUMBER}) ?[*xX] ?10 ?\^ ?[{{(]? ?(-?\d\d?) ?[)}}]?(?!\w)", r"\1e\2"),
    ("^", r"(?:(?<![^\W\d_])[nxyz]|(?<=[^\W\d_]))\s?\^\s?[{(]?-?\d+[})]?",
     lambda m: "" if m[0].strip()[0] == "^" else UNKNOWN),  # cm^2, x^2
    *[
        (sign, rf"(?:(?<![A-WYZa-wyz\d.,])({PLAIN_NUMBER})|\(([-+*/\d. ]{{1,40}})\))"
         rf" ?{re.escape(sign)} ?(?:\{{ ?{_EXPONENT} ?\}}|\( ?{_EXPONENT} ?\)|(-?\d{{1,3}}))"
         r"(?![\w]|\.\d| ?(?:\^|\*\*))", _raised)
        for sign in ("^", "**")
    ],
    ("sqrt", rf"\\?sqrt ?(?:\[(\d)\])? ?(?:\{{([^{{}}]*)\}}|\(([^()]*)\)|({PLAIN_NUMBER}))",
     _rooted),
    ("frac", r"\\[dtc]?frac ?(?:\{([^{}]*)\}|(\d)) ?(?:\{([^{}]*)\}|(\d))", _divided),
)  # fmt: skip
_LEFT_OVER = rules(("^", r"(?<=[\d)])\s?\^\S*", UNKNOWN), ("\\pi", r"\\pi\b", UNKNOWN))
_LATEX = rules(
    ("\\", r"\\([$%])", r"\1"),
    ("{,}", r"(?<=\d)\{,\}(?=\d{3})", ","),
    ("\\", r"(?<=\d)(?:\\[,! ]|,\\!)(?=\d{3})", ","),
    ("\\", r"\\(?:left|right|displaystyle|q?quad)\b|\\[,;:!]", ""),
    ("{", r"\\(?:text\w*|math\w+|mbox|operatorname)\s?\{([^{}]*)\}", r"\1"),
    ("circ", r"\^\s?\{?\s?\\circ\s?\}?", ""),
    ("\\", r"\\times\b|\\cdot\b", "*"),
    ("\\div", r"\\div\b", "/"),
)
_UNICODE = [
    (re.compile(rf"(?<![{_RAISED}])([{_RAISED}]++)/([{_SUNK}]++)"), r" \1/\2"),
    (re.compile(rf"(?<![{_RAISED}])([{_RAISED}]++)(?!/)"), r"^(\1)"),
    (re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])"), " "),
]


def plain(text: str) -> str:
    """The text with ASCII digits, signs and fractions: '3½' -> '3 1/2'."""
    text = ascii_signs(text)
    if not text.isascii():
        for pattern, new in _UNICODE:
            text = pattern.sub(new, text)
        text = re.sub(
            rf"[¼-¾⅐-⅞{_RAISED}{_SUNK}]",
            lambda m: unicodedata.normalize("NFKC", m[0]), text,
        )  # fmt: skip
        text = ascii_signs(text).translate(_ROOTS)
    text = substitute(text, _LATEX)
    for _ in range(4):  # from the innermost braces outwards
        before, text = text, substitute(text, _POWERS)
        if text == before:
            break
    return substitute(text, _LEFT_OVER)


_ROOTS = {ord("√"): "\\sqrt", ord("∛"): "\\sqrt[3]", ord("∜"): "\\sqrt[4]",
          ord("π"): "\\pi ", ord("°"): None}  # fmt: skip
