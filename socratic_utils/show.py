"""What notebooks show: source code, transcripts, masks, conversations, tables.

Everything is static HTML or text, so that an executed notebook reads the same on the
web as in JupyterLab.
"""

from __future__ import annotations

import inspect
from html import escape

import pandas as pd
from IPython.display import HTML, Code, display

from .problems import Chain, Problem
from .report import to_html
from .transcripts import IGNORED

COLOURS = {
    "problem": "#eceff1", "question": "#d6eaf8", "solution": "#d5f5e3",
    "answer": "#fcf3cf", "done": "#fadbd8", "guide": "#e8daef", "other": "#f2f2f2",
}  # fmt: skip
BOX = "padding:2px 8px;margin:2px 0;border-radius:4px;color:#111"


def show_source(thing) -> Code:
    """The package's own source of a function or class, as the notebook runs it."""
    return Code(inspect.getsource(thing), language="python")


def show_table(table: pd.DataFrame) -> None:
    """A table as people read it: shares in percent, p-values rounded."""
    display(HTML(to_html(table)))


def show_lines(lines: list[tuple[str, str]]) -> None:
    """(role, text) pairs as coloured lines."""
    rows = [
        f'<div style="{BOX};background:{COLOURS.get(role, "#fff")}">'
        f"<code>{role:9s}</code> {escape(text)}</div>"
        for role, text in lines
    ]
    display(HTML("".join(rows)))


def show_chain(problem: Problem, chain: Chain) -> None:
    """A problem and what a teacher (or the benchmark) wrote about it."""
    lines = [("problem", problem.text)]
    for step in chain.steps:
        lines += [("question", step.question)] if step.question else []
        lines.append(("solution", step.solution))
    lines.append(("answer", f"{chain.answer} (gold: {problem.answer})"))
    show_lines(lines)


def show_prediction(row: dict) -> None:
    """What a student was asked and what it wrote, line by line."""
    verdict = "right" if row["correct"] else f"wrong, gold is {row['gold']}"
    lines = [("problem", row["prompt"])]
    lines += [(line["role"], line["text"]) for line in row["lines"]]
    show_lines([*lines, ("answer", f"read as {row['extracted']}: {verdict}")])


def show_mask(tokenizer, example: dict[str, list[int]]) -> None:
    """A training sequence token by token; what is in the loss has a green ground."""
    spans = []
    for token, label in zip(example["input_ids"], example["labels"], strict=True):
        colour = "#eeeeee" if label == IGNORED else "#a9dfbf"
        text = escape(tokenizer.decode([token])).replace("\n", "⏎")
        spans.append(
            f'<span style="background:{colour};color:#111;border:1px solid #fff;'
            f'border-radius:3px;white-space:pre">{text}</span>'
        )
        if "⏎" in text:
            spans.append("<br>")
    display(HTML(f'<div style="font-family:monospace">{"".join(spans)}</div>'))
