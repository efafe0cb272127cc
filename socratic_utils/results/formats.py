"""Tables as people read them: Markdown, LaTeX and HTML.

    >>> format_cell("accuracy", 0.345), format_cell("p_value", 0.000012)
    ('34.5 %', '<0.0001')

Shares are percentages here and fractions in CSV.  Every cell is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

SHARES = {
    "accuracy", "ci_low", "ci_high", "truncated", "share", "paper", "acceptance",
    "accuracy_flexible", "accuracy_strict", "default_accuracy", "mean", "sd",
    "second_share",
}  # fmt: skip
TEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


def format_cell(column: str, value: Any) -> str:
    """One cell as text; the paper's accuracies keep the two decimals they have there.

    Missing values are empty, differences are in percentage points.
    """
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
    rows = [" & ".join(map(_tex, line)) + r" \\" for line in _cells(table)]
    columns = "".join("r" if is_numeric_dtype(table[c]) else "l" for c in table.columns)
    lines = [
        r"\begin{table}\centering",
        rf"\caption{{{_tex(caption)}}}\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{columns}}}\toprule",
        " & ".join(map(_tex, table.columns)) + r" \\ \midrule",
        *rows,
        r"\bottomrule\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_html(table: pd.DataFrame) -> str:
    """A `<table>` whose numbers are aligned to the right."""
    numeric = [is_numeric_dtype(table[column]) for column in table.columns]

    def line(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="number"' if number else "" for number in numeric]
        pairs = zip(cells, kinds, strict=True)
        return "".join(f"<{tag}{kind}>{escape(c)}</{tag}>" for c, kind in pairs)

    head = line([str(c).replace("_", " ") for c in table.columns], "th")
    body = "\n".join(f"<tr>{line(cells, 'td')}</tr>" for cells in _cells(table))
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _cells(table: pd.DataFrame) -> list[list[str]]:
    rows = table.to_dict("records")
    return [[format_cell(name, row[name]) for name in table.columns] for row in rows]


def _tex(text: str) -> str:
    return "".join(TEX.get(sign, sign) for sign in text)
