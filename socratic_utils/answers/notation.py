r"""LaTeX and Unicode mathematics as plain ASCII, with the value of powers and roots.

    >>> plain(r"\frac{\$30}{4}"), plain("10⁶"), plain(r"3\sqrt{16}"), plain(r"2\pi")
    ('30/4', '1000000', '12', '√')

UNKNOWN stands for what has no rational value or too many digits.
"""

import re
import unicodedata
from collections.abc import Callable

from .arithmetic import CURRENCY, ascii_signs, format_number, value_of
from .patterns import PATTERNS as P
from .patterns import REWRITES

UNKNOWN = P.UNKNOWN.pattern
_RAISED, _SUNK, _VULGAR = "⁻⁰¹²³⁴-⁹", "₀-₉", "¼-¾⅐-⅞"


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
