"""Tables as people read them, with every cell escaped: Markdown, LaTeX, HTML and CSV.

    >>> format_cell("accuracy", 0.345), format_cell("p_value", 0.000012), head("ci_low")
    ('34.5 %', '<0.0001', '95 % interval from')

Shares are percentages here and fractions in CSV.  An interval stands behind its score,
a column without a cell is left out, and `texts.json` has the names of columns.
"""

import csv
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from pandas.api.types import is_numeric_dtype

from socratic_utils.files import read_json, visible

TEXTS = read_json(Path(__file__).with_name("texts.json"))
SMOKE = "smoke scale: a random tiny model, the numbers mean nothing"
SHARES = set(TEXTS["shares"].split())  # columns of fractions
TEX = str.maketrans(TEXTS["latex"])
GREY = "#757575"  # as context: legible on white and on black
# Texts that a spreadsheet would calculate, numbers aside; a cell may be cut at ";".
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z"
FORMULA = rf"(?<![^;\t\r\n])(?!{NUMBER})('*[=+@\t\r\n＝＋－＠-])"
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True,
    trim_blocks=True, lstrip_blocks=True,
    # HTML stays as it is; other texts are made visible, and then escaped.
    finalize=lambda value: value if isinstance(value, Markup) else visible(value),
)  # fmt: skip
TEMPLATES.globals |= {"grey": GREY, "colours": TEXTS["roles"]}
PARTS: Any = TEMPLATES.get_template("parts.html").module  # its macros


def percent(share: float, digits: int | None = 1) -> str:
    """A fraction as a percentage, "34.5 %"; None: with the digits that it has."""
    number = f"{100 * share:.4g}" if digits is None else f"{100 * share:.{digits}f}"
    return f"{number} %"


def interval(score: float, low: float, high: float) -> str:
    """Fractions in percent, without the sign: "34.5 (30.1–39.2)"."""
    value, *ends = (f"{100 * share:.1f}" for share in (score, low, high))
    return value if low != low else f"{value} ({'–'.join(ends)})"


def head(column: str) -> str:
    """The name of a column as people read it."""
    column = str(column)
    plain = column.replace("_", " ")
    return visible(TEXTS["columns"].get(column, plain[:1].upper() + plain[1:]))


def format_cell(column: str, value: Any) -> str:
    """One cell as text: shares in percent, differences in points, "" if missing."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return visible(value)
    # The ends of a paired interval are ends of a difference.
    column = re.sub("^ci_.*_paired$", "difference", column).removesuffix("_paired")
    if column in SHARES and abs(value) <= 1:  # others are percentages already
        return percent(value, 2 if column.startswith("paper") else 1)
    if column in ("difference", "least_visible"):
        return f"{100 * value:{'+' * (column == 'difference')}.1f} points"
    if column in ("bert_f1", "same_count"):
        return f"{value:.2f}"
    if column in ("of_new_%", "of_old_%"):
        return f"{value:.1f}"
    if column in ("p_value", "p", "p_holm"):
        return "<0.0001" if value < 0.0001 else f"{value:.4f}"
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"


def to_markdown(table: pd.DataFrame, caption: str) -> str:
    """A pipe table under its caption."""
    head, *rows = [[*map(_in_markdown, line)] for line in _cells(table)[0]]
    lines = [head, ["---"] * len(head), *rows]
    body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{visible(caption)}\n\n{body}"


def to_latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A `table` environment; it needs no package but booktabs."""
    lines, numbers = _cells(table)
    names, *rows = ([cell.translate(TEX) for cell in line] for line in lines)
    style = pd.DataFrame(rows, columns=names).style.hide(axis="index")
    return style.to_latex(
        column_format="".join("r" if number else "l" for number in numbers),
        caption=visible(caption).translate(TEX), hrules=True, label=f"tab:{label}",
        position_float="centering")  # fmt: skip


def to_html(table: pd.DataFrame) -> Markup:
    """A `<table>`: numbers are aligned to the right, rows of `attrs["grey"]` grey."""
    lines, numbers = _cells(table)
    return PARTS.table(lines, numbers, table.attrs.get("grey", ()))


def to_csv(table: pd.DataFrame) -> str:
    """CSV for `read_csv` below: "'" is put before what a spreadsheet would calculate.

    >>> to_csv(pd.DataFrame({"student": ["=1+1", "cot"], "difference": [-3.5, 2]}))
    "student,difference\\n'=1+1,-3.5\\ncot,2.0\\n"
    """
    table = _texts(table, lambda text: re.sub(FORMULA, r"'\1", text))
    text = table.to_csv(index=False)
    if "\r" in text:  # which is quoted as a line's end only
        return table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
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


def _in_markdown(cell: str) -> str:
    """A cell without a meaning in Markdown: table, code, formula, link or HTML."""
    cell = re.sub(r"<(?=[a-zA-Z/!?])|&(?=#?\w+;)", lambda m: escape(m[0]), cell)
    signs = r"[\\|`$\[\]*~]|(?<!\w)_|_(?!\w)"
    return re.sub(signs, r"\\\g<0>", cell.replace("\n", " "))


def _cells(table: pd.DataFrame) -> tuple[list[list[str]], list[bool]]:
    """The heads and then the cells of every row; whether each column is of numbers."""
    table = table.rename(columns=str)
    columns: dict[str, list[str]] = {}  # the head, then the cells
    score, within = "", {}  # the column of the last score; its interval's ends
    for name in table:
        stem, _, end = name.rpartition("_")
        pair = {f"{stem}_low", f"{stem}_high"}
        if score and name in pair and pair <= {*table}:
            within[end] = [format_cell(score, v).partition(" ")[0] for v in table[name]]
            if end == "high" and any(within.get("low", ())):
                first, *cells = columns[score]
                texts = zip(cells, within["low"], within["high"], strict=True)
                columns[score] = [f"{first} (95 % interval)", *(
                    f"{text} ({low} to {high})" if low else text
                    for text, low, high in texts)]  # fmt: skip
        else:
            score = name
            columns[name] = [head(name), *(format_cell(name, v) for v in table[name])]
    kept = [name for name in columns if any(columns[name][1:]) or table.empty]
    lines = zip(*(columns[name] for name in kept), strict=True)
    numeric = [is_numeric_dtype(table[n]) and bool(table[n].count()) for n in kept]
    return [*map(list, lines)] or [[]], numeric
