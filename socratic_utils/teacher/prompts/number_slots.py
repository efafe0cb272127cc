r"""Number slots: the teacher writes which numbers to combine, not the numbers.

Socratic CoT's prompt for ASDiv (Table 6) hides a problem's numbers and writes equations
in prefix notation, one operation of two operands each:

    >>> filled("A1: He has <<- number0 number1>> pens.", ["9", "4"])
    'A1: He has 9 - 4 = 5 pens.'
"""

import re
from collections.abc import Sequence

from socratic_utils.answers import calculate, format_number

_OPERATION = re.compile(r"<<\s*([-+*/])\s+(\S{1,40})\s+([^\s<>]{1,40})\s*>>")
_SLOT = re.compile(r"\b(number|answer)(\d{1,3})\b")


def filled(text: str, numbers: Sequence[str]) -> str:
    """A reply with its slots filled in and its operations calculated, line by line."""
    results: list[str] = []

    def value(slot: re.Match) -> str:
        known, first = (numbers, 0) if slot[1] == "number" else (results, 1)
        place = int(slot[2]) - first
        return known[place] if 0 <= place < len(known) else slot[0]

    def calculated(operation: re.Match) -> str:
        sign, *operands = operation.groups()
        left, right = (_SLOT.sub(value, operand) for operand in operands)
        try:
            left, right = (f"({x})" if "/" in x else x for x in (left, right))
            result = format_number(calculate(f"{left} {sign} {right}"))
        except ValueError:  # an unknown slot, a division by zero
            return operation[0]
        results.append(result)
        return f"{left} {sign} {right} = {result}"

    lines = text.splitlines()
    return "\n".join(_SLOT.sub(value, _OPERATION.sub(calculated, x)) for x in lines)
