"""Tables as people read them, with every cell escaped: Markdown, LaTeX, HTML and CSV.

    >>> format_cell("accuracy", 0.345), format_cell("p_value", 0.000012)
    ('34.5 %', '<0.0001')

Shares are percentages here and fractions in CSV.
"""

import csv
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from socratic_utils.files import visible

SHARES = set(
    "accuracy accuracy_flexible accuracy_strict default_accuracy ci_low ci_high paper"
    " truncated share second_share acceptance mean sd min max from to paper_old"
    " paper_new p_b_above_a".split()
)
TEX = str.maketrans({
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "\n": " ",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{sign: f"{{{sign}}}" for sign in "[]*"},  # which are arguments of a line's end
})  # fmt: skip
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"  # classes: "$" is a dollar in it
# Texts that a spreadsheet would calculate, numbers aside; a cell may be cut at ";".
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z"
FORMULA = rf"(?<![^;\t\r\n])(?!{NUMBER})('*[=+@\t\r\n＝＋－＠-])"


def format_cell(column: str, value: Any) -> str:
    """One cell as text: shares in percent, differences in points, "" if missing."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return visible(value)
    column = column.removesuffix("_paired")
    if column in SHARES:
        return f"{100 * value:.{2 if column.startswith('paper') else 1}f} %"
    if column == "difference":
        return f"{100 * value:+.1f} points"
    if column == "least_visible":
        return f"{100 * value:.1f} points"
    if column in ("p_value", "p", "p_holm"):
        return "<0.0001" if value < 0.0001 else f"{value:.4f}"
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"


def to_markdown(table: pd.DataFrame, caption: str) -> str:
    """A pipe table under its caption."""
    head, *rows = (map(_in_markdown, line) for line in _cells(table))
    lines = [head, ["---"] * len(table.columns), *rows]
    body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{visible(caption)}\n\n{body}"


def to_latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A `table` environment; it needs no package but booktabs."""
    names, *rows = ([c.translate(TEX) for c in line] for line in _cells(table))
    style = pd.DataFrame(rows, columns=names).style.hide(axis="index")
    sides = ["r" if _is_number(table[column]) else "l" for column in table]
    return style.to_latex(
        column_format="".join(sides), caption=visible(caption).translate(TEX),
        hrules=True, label=f"tab:{label}", position_float="centering",
    )  # fmt: skip


def as_html(text: object) -> str:
    """A text of a model, a server or a file, safe within a page."""
    return escape(visible(text))


def to_html(table: pd.DataFrame) -> str:
    """A `<table>` whose numbers are aligned to the right."""
    kinds = [' class="number"' if _is_number(table[c]) else "" for c in table]
    head, *rows = _cells(table)
    lines = []
    for tag, cells in (("th", [c.replace("_", " ") for c in head]),
                       *(("td", line) for line in rows)):  # fmt: skip
        pairs = zip(cells, kinds, strict=True)
        text = "".join(f"<{tag}{kind}>{as_html(c)}</{tag}>" for c, kind in pairs)
        lines.append(f"<tr>{text}</tr>")
    body = "\n".join(lines[1:])
    return (f'<table class="{NO_FORMULAS}"><thead>{lines[0]}</thead>\n'
            f"<tbody>{body}</tbody></table>")  # fmt: skip


def to_csv(table: pd.DataFrame) -> str:
    """CSV for `read_csv` below: "'" is put before what a spreadsheet would calculate.

    >>> to_csv(pd.DataFrame({"student": ["=1+1", "cot"], "difference": [-3.5, 2]}))
    "student,difference\\n'=1+1,-3.5\\ncot,2.0\\n"
    """
    table = _texts(table, lambda text: re.sub(FORMULA, r"'\1", text))
    text = table.to_csv(index=False)
    if "\r" in text:  # which is quoted as a line's end only
        text = table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text


def read_csv(path: str | Path) -> pd.DataFrame:
    """A table as it was given to `to_csv`; an empty cell is missing, "NA" is a text."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    before = FORMULA.replace("('*", "'('*")
    return _texts(table, lambda text: re.sub(before, r"\1", text))


def _texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """The table with `change` made to its texts and its column names."""
    table = table.rename(columns=lambda name: change(str(name)))
    for name in (c for c in table if not is_numeric_dtype(table[c])):
        cells = [change(c) if isinstance(c, str) else c for c in table[name]]
        table[name] = pd.Series(cells, table.index, table[name].dtype)
    return table


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column) and bool(column.notna().any())


def _in_markdown(cell: str) -> str:
    """A cell without a meaning in Markdown: table, code, formula, link or HTML."""
    cell = re.sub(r"<(?=[a-zA-Z/!?])|&(?=#?\w+;)", lambda m: escape(m[0]), cell)
    signs = r"[\\|`$\[\]*~]|(?<!\w)_|_(?!\w)"
    return re.sub(signs, r"\\\g<0>", cell.replace("\n", " "))


def _cells(table: pd.DataFrame) -> list[list[str]]:
    """The names of the columns, then the cells of every row."""
    rows, units = table.to_dict("records"), {name: name for name in table.columns}
    if "least_visible" in table:  # intervals are those of the differences
        units |= {n: "difference" for n in units if n.startswith(("ci_low", "ci_high"))}
    cells = [[format_cell(units[name], row[name]) for name in units] for row in rows]
    return [[visible(name) for name in table.columns], *cells]
