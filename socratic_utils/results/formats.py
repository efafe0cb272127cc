"""Tables as people read them: Markdown, LaTeX and HTML, with every cell escaped.

    >>> format_cell("accuracy", 0.345), format_cell("p_value", 0.000012)
    ('34.5 %', '<0.0001')

Shares are percentages here and fractions in CSV.
"""

from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

SHARES = set(
    "accuracy accuracy_flexible accuracy_strict default_accuracy ci_low ci_high paper"
    " truncated share second_share acceptance mean sd".split()
)
TEX = str.maketrans({
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
})  # fmt: skip


def format_cell(column: str, value: Any) -> str:
    """One cell as text: shares in percent, differences in points, "" if missing."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return str(value)
    if column in SHARES:
        return f"{100 * value:.{2 if column == 'paper' else 1}f} %"
    if column == "difference":
        return f"{100 * value:+.1f} points"
    if column == "p_value":
        return "<0.0001" if value < 0.0001 else f"{value:.4f}"
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"


def to_markdown(table: pd.DataFrame, caption: str) -> str:
    """A pipe table under its caption."""
    lines = [list(table.columns), ["---"] * len(table.columns), *_cells(table)]
    text = [[c.replace("|", r"\|").replace("\n", " ") for c in line] for line in lines]
    return f"{caption}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in text)


def to_latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A `table` environment; it needs no package but booktabs."""
    names = [name.translate(TEX) for name in table.columns]
    rows = [[cell.translate(TEX) for cell in line] for line in _cells(table)]
    style = pd.DataFrame(rows, columns=names).style.hide(axis="index")
    sides = ["r" if is_numeric_dtype(table[column]) else "l" for column in table]
    return style.to_latex(
        column_format="".join(sides), caption=caption.translate(TEX), hrules=True,
        label=f"tab:{label}", position_float="centering",
    )  # fmt: skip


def to_html(table: pd.DataFrame) -> str:
    """A `<table>` whose numbers are aligned to the right."""
    kinds = [' class="number"' if is_numeric_dtype(table[c]) else "" for c in table]
    head = [str(column).replace("_", " ") for column in table.columns]
    lines = []
    for tag, cells in (("th", head), *(("td", line) for line in _cells(table))):
        pairs = zip(cells, kinds, strict=True)
        text = "".join(f"<{tag}{kind}>{escape(c)}</{tag}>" for c, kind in pairs)
        lines.append(f"<tr>{text}</tr>")
    body = "\n".join(lines[1:])
    return f"<table><thead>{lines[0]}</thead>\n<tbody>{body}</tbody></table>"


def _cells(table: pd.DataFrame) -> list[list[str]]:
    rows = table.to_dict("records")
    return [[format_cell(name, row[name]) for name in table.columns] for row in rows]
