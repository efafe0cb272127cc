"""What notebooks show: source code, transcripts, masks, conversations, tables.

Everything is static HTML or text, so that an executed notebook reads the same on the
web as in JupyterLab.
"""

from __future__ import annotations

import inspect
from html import escape

import pandas as pd
from IPython.display import HTML, Code, display

from socratic_utils.metrics.statistics import line_marks
from socratic_utils.problems import Chain, Problem
from socratic_utils.students.transcript import IGNORED

from .figures import label as name_of
from .report import to_html

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


def show_side_by_side(rows: list[dict], problem: Problem) -> None:
    """One problem and what every student wrote about it (P1, Figs 5 and 7).

    Solutions are marked by the checker (`metrics.line_marks`), answers by the gold one.
    """
    signs = {"right": "✓ ", "wrong": "✗ ", "": ""}
    columns = []
    for row in rows:
        marks = line_marks(row["lines"], problem)
        marks = [
            ("right" if row["correct"] else "wrong")
            if line["role"] == "answer"
            else mark
            for line, mark in zip(row["lines"], marks, strict=True)
        ]
        told = "".join(
            f'<div style="{BOX};background:{COLOURS.get(line["role"], "#fff")}">'
            f"{signs[mark]}{escape(line['text'])}</div>"
            for line, mark in zip(row["lines"], marks, strict=True)
        )  # fmt: skip
        columns.append(
            f'<div style="flex:1 1 200px"><b>{escape(name_of(row["student"]))}</b>'
            f"{told}</div>"
        )
    head = f"<p>{escape(problem.text)} <i>(gold: {escape(problem.answer)})</i></p>"
    boxes = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(columns)}</div>'
    display(HTML(head + boxes))


def telling(rows: list[dict]) -> list[str]:
    """Ids of problems, those first that most evenly divide the students."""
    verdicts: dict[str, list[bool]] = {}
    for row in rows:
        verdicts.setdefault(row["id"], []).append(bool(row["correct"]))
    share = {id: sum(found) / len(found) for id, found in verdicts.items()}
    return sorted(share, key=lambda id: abs(0.5 - share[id]))


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
