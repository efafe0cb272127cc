r"""Plain arithmetic inside free text: calculate, find and check written equations.

Values are exact fractions; nothing is evaluated with `eval`.  LaTeX and Unicode become
plain ASCII; UNKNOWN stands for what has no rational value or too many digits:

    >>> calculate("3 * (4 + 5)")
    Fraction(27, 1)
    >>> [equation] = find_equations("5 kg * $2 = $10")
    >>> equation.expression, equation.result, equation_is_right(equation)
    ('5*2', '10', True)
    >>> plain(r"\frac{\$30}{4}"), plain("10⁶"), plain(r"3\sqrt{16}"), plain(r"2\pi")
    ('30/4', '1000000', '12', '√')

Not covered: variables, mixed numbers, clock times.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from operator import add, mul, sub, truediv
from typing import NamedTuple

from .patterns import PATTERNS as P
from .patterns import REWRITES

MAX_DIGITS, MAX_LENGTH, MAX_DEPTH = 50, 200, 20
CURRENCY, PLAIN_NUMBER = P.CURRENCY.pattern, P.PLAIN_NUMBER.pattern
UNKNOWN = P.UNKNOWN.pattern
_RAISED, _SUNK, _VULGAR = "⁻⁰¹²³⁴-⁹", "₀-₉", "¼-¾⅐-⅞"
_OPERATORS = {"+": (1, add), "-": (1, sub), "*": (2, mul), "x": (2, mul),
              "X": (2, mul), "/": (2, truediv)}  # fmt: skip
_NO_SPACE = {ord(sign): None for sign in f" {CURRENCY}"}  # a formula has no other
_SIGNS = str.maketrans(
    "−－﹣‐‑–×✕∗·⋅∙÷⁄∕．٫，٬％٪＝（）＋＄", "------******///..,,%%=()+$"
)


def format_number(value: int | float | Decimal | Fraction) -> str:
    """The one spelling of a number: 10.0 -> 10, 1/2 -> 0.5, 1/3 -> 1/3."""
    value = Fraction(str(value))  # through str, so that the float 0.1 is one tenth
    if (value * 10**6).denominator > 1:
        return str(value)
    return format(Decimal(f"{int(value * 10**6)}e-6"), "f").rstrip("0").rstrip(".")


def ascii_signs(text: str) -> str:
    """Unicode digits, minus signs, ... as ASCII; the length stays the same."""
    if text.isascii():
        return text
    text = re.sub(r"\d", lambda m: str(unicodedata.decimal(m[0])), text)
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))", ",", text)
    return text.translate(_SIGNS)


def calculate(expression: str, powers: bool = False) -> Fraction:
    """Exact value of arithmetic with + - * / x × ÷ · ( ) %; ValueError otherwise.  With
    `powers` also of "2^10" and "9^(1/2)", if they are rational and not too large."""
    plain = isinstance(expression, str) and (powers or "^" not in expression)
    if not plain or len(expression) > MAX_LENGTH:
        raise ValueError(f"Not plain arithmetic of {MAX_LENGTH} characters at most.")
    tokens = re.findall(rf"{PLAIN_NUMBER}|\S", ascii_signs(expression))
    try:
        value = _climb(tokens, 0)
        if tokens:
            raise ValueError(f"{tokens[0]!r} is out of place")
    except ValueError as error:
        raise ValueError(f"Cannot calculate {expression!r}: {error}.") from None
    return value


def _climb(tokens: list[str], depth: int, lowest: int = 1) -> Fraction:
    value = _operand(tokens, depth)  # then operators of precedence >= `lowest`
    while tokens and tokens[0] in _OPERATORS and _OPERATORS[tokens[0]][0] >= lowest:
        binds, operator = _OPERATORS[tokens.pop(0)]
        right = _climb(tokens, depth, binds + 1)
        if operator is truediv and not right:
            raise ValueError("it divides by zero")
        value = operator(value, right)
    return value


def _operand(tokens: list[str], depth: int) -> Fraction:
    token = tokens.pop(0) if tokens else "the end"
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if token == "-":
        return -_operand(tokens, depth + 1)
    if token == "(":
        value = _climb(tokens, depth + 1)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a parenthesis is not closed")
    elif token[-1].isdecimal() and len(token) <= MAX_DIGITS:
        value = Fraction(token.replace(",", ""))
    else:
        raise ValueError(f"{token[:20]!r} is no number")
    if tokens[:1] == ["^"]:
        tokens.pop(0)
        value = _power(value, _operand(tokens, depth + 1))
    if tokens[:1] == ["%"]:  # per hundred: 50*20% = 10
        tokens.pop(0)
        value /= 100
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    size, degree = abs(exponent.numerator), exponent.denominator
    parts = (base if exponent >= 0 or not base else 1 / base).as_integer_ratio()
    bits = max(map(abs, parts)).bit_length() * size
    if bits > 10 * MAX_DIGITS or (not base and exponent <= 0):
        raise ValueError("its power is too large or undefined")
    roots = [round(abs(part) ** (1 / degree)) for part in parts]
    if [root**degree for root in roots] != [abs(part) for part in parts]:
        raise ValueError("its root is no rational number")
    if base < 0 and degree % 2 == 0:
        raise ValueError("it is the root of a negative number")
    return (Fraction(*roots) * (1 if base >= 0 else -1)) ** size


class Equation(NamedTuple):
    """'5 kg * $2 = $10' as ("5*2", "10"), found at text[start:end]."""

    expression: str
    result: str
    start: int
    end: int


def find_equations(text: str) -> list[Equation]:
    """All "a op b = c" in free text, without units; "2+3=5*2=10" holds two."""
    text, found = ascii_signs(text), []
    if "=" not in text:
        return found
    padded = "\n" + text  # so that padded[:i + 1] ends just before text[i]
    for left, right in pairwise(P.FORMULA.finditer(text)):
        if text[left.end() : right.start()][:9].strip(" ") != "=":
            continue
        expression, result = _bare(left[0]), _bare(right[0])
        before = padded[max(0, left.start() - 12) : left.start() + 1]
        if not P.OPERATOR.search(expression, 1) or P.CUT_OFF.search(before):
            continue
        if value_of(expression) is None or value_of(result) is None:
            continue
        if "/" in expression and P.REMAINDER.match(text, right.start()):
            continue  # 13 / 4 = 3 remainder 1 is correct, but not plain arithmetic
        equation = Equation(expression, result, left.start(), right.end())
        head = P.HEAD.match(result)
        if head and head[0] != result and not equation_is_right(equation):
            run_on = equation._replace(result=head[0])
            equation = run_on if equation_is_right(run_on) else equation
        found.append(equation)
    return found


def equation_is_right(equation: Equation) -> bool:
    """Exact, or correct to the decimals written: 10/3=3.33 yes, 10/3=3 no."""
    sides = [(equation.expression, equation.result)]
    # A percent sign may be a unit (30/60*100=50%, 100%-30%=70) or mean 1/100.
    if not ("%" in equation.expression and re.search(r"[*/xX]", equation.expression)):
        sides.append(tuple(side.replace("%", "") for side in sides[0]))
    for expression, result in sides:
        value, stated = value_of(expression), value_of(result)
        if value is None or stated is None:
            continue
        decimals = re.fullmatch(r"-?[\d,]*\.(\d+)(%?)", result)
        places = len(decimals[1]) + 2 * len(decimals[2]) if decimals else 0
        slack = Fraction(1, 2 * 10**places) if decimals else 0
        if abs(value - stated) <= slack:
            return True
    return False


def _bare(formula: str) -> str:
    """'($5 / 2 kg' -> '5/2': no units, currency, spaces, unmatched parentheses."""
    text = P.UNITS.sub("", formula) if P.LETTER.search(formula) else formula
    text = text.translate(_NO_SPACE)
    while text.startswith("(") and text.count("(") > text.count(")"):
        text = text[1:]
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1]
    return text


@lru_cache(maxsize=16384)  # the same sides recur in many chains
def value_of(expression: str, powers: bool = False) -> Fraction | None:
    """`calculate`, with None for everything else."""
    try:
        return calculate(expression, powers)
    except ValueError:
        return None


def substitute(text: str, rules: str, fraction: Callable | None = None) -> str:
    """The text after the substitutions of one table of rewrites.toml, in its order."""
    for needle, pattern, new in REWRITES[rules]:
        if needle in text:  # about 100 times faster than the pattern
            text = pattern.sub(fraction if new == "fraction" else new, text)
    return text


def _divided(match: re.Match) -> str:
    r"""'\frac12' -> '1/2', '3\frac{1}{2}' -> '3 1/2', '\frac{2 + 4}{3}' -> '2'."""
    noise = rf"[{CURRENCY}]|[^\W\d_]{{2,}}"  # and units
    parts = [re.sub(noise, "", p).strip() for p in match.groups() if p is not None]
    before, fraction = match.string[: match.start()], "/".join(parts)
    if not re.fullmatch(r"\d+/\d+", fraction):
        value = value_of(f"({parts[0]})/({parts[1]})", powers=True)
        fraction = UNKNOWN if value is None else str(value)
    if before.rstrip()[-1:] in {*"/^"}:
        return f"({fraction})"
    return " " * before[-1:].isdigit() + fraction


def _run_value(match: re.Match) -> str:
    """The value of a formula with a power, a root or an unknown in it."""
    if not {*"^√"} & {*match[0]}:
        return match[0]
    value = value_of(re.sub(r"(?<=[\d)]) ?(?=\()", "*", match[0]), powers=True)
    return UNKNOWN if value is None else format_number(value)


_ROOTS = {ord(a): b for a, b in zip("√∛∜π°", ("\\sqrt", "\\sqrt[3]", "\\sqrt[4]",
          "\\pi ", ""), strict=True)}  # fmt: skip


def plain(text: str) -> str:
    """The text with ASCII digits, signs and fractions: '3½' -> '3 1/2'."""
    text = ascii_signs(text)
    if not text.isascii():
        raised = rf"(?<![{_RAISED}])([{_RAISED}]++)"
        text = re.sub(rf"{raised}/([{_SUNK}]++)", r" \1/\2", text)
        text = re.sub(rf"{raised}(?!/)", r"^(\1)", text)
        text = re.sub(rf"(?<=\d)(?=[{_VULGAR}])", " ", text)
        signs = rf"[{_VULGAR}{_RAISED}{_SUNK}]"
        text = re.sub(signs, lambda m: unicodedata.normalize("NFKC", m[0]), text)
        text = ascii_signs(text).translate(_ROOTS)
    text = substitute(text, "latex")
    for _ in range(4 * any(sign in text for sign in ("^", "sqrt", "frac"))):
        text = substitute(text, "braces", _divided)
    return P.RUN.sub(_run_value, text) if "^" in text or UNKNOWN in text else text
