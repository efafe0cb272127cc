"""Our scores beside the tables and figures of SCoTD (Li et al., 2023).

    compare_table("table2a", scores(rows), dataset="quarel", teacher="gpt-4.1-mini",
                  comparable=True)

A line is one of our students, with the paper's value of the same cell where there is
one.  `comparable` says whether student model, data and recipe are the paper's (`paper`
scale, OPT-1.3B); elsewhere the value is context.

Not covered: Figures 2, 3, 4 and 7, whose numbers are not in the paper's text; Table 1
(sample chains); Figure 8 (human judgement, `experiments.human_judgement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from socratic_utils import config
from socratic_utils.metrics import accuracy, self_consistency

from . import compare_with_paper, paper_table

COLUMNS = {"commonsense_qa": "CSQA", "quarel": "QuaRel", "openbookqa": "OBQA"}
CAPTIONS = {
    "table2a": "Table 2(a)", "table2b": "Table 2(b)", "table3a": "Table 3(a)",
    "table3b": "Table 3(b)", "fig5": "Figure 5", "transfer": "section on transfer",
}  # fmt: skip
# In Figure 5 and the transfer, ours differ from the paper's many chains in this.
ONE_CHAIN = "one chain per problem, for the run's epochs"


def scores(rows: Sequence[dict], kind: str = "number") -> list[dict]:
    """One score per student, in order of appearance; samples of one problem vote."""
    table = []
    for student in dict.fromkeys(row["student"] for row in rows):
        own = [row for row in rows if row["student"] == student]
        samples = max(row.get("sample", 0) for row in own) + 1
        if samples > 1:
            votes = self_consistency.accuracy_by_votes(own, samples, [samples], kind)
            table.append({"student": student, **votes[0]})
        else:
            table.append({"student": student, **accuracy(own)})
    return table


def compare_table(
    table: str, scores: Iterable[dict], *, dataset: str, teacher: str, comparable: bool
) -> pd.DataFrame:
    """Our scores (student, n, accuracy, ci_low, ci_high) beside a table of the paper.

    `table` is "table2a", "table2b", "table3a" or "table3b".  Accuracies and the paper's
    values are fractions.
    """
    lines, column = [], COLUMNS.get(dataset)
    for score in scores:
        value = _value(table, score["student"], column)
        lines.append(_line(score, value, bool(column), comparable, _teacher(teacher)))
    return pd.DataFrame(lines)


def compare_contrast(
    table: pd.DataFrame, *, dataset: str, teacher: str, comparable: bool
) -> pd.DataFrame:
    """The table of contrast sets beside Figure 5: a line per student and side."""
    known, note = dataset == "imdb", f"{_teacher(teacher)}; {ONE_CHAIN}"
    lines = []
    for row in table.to_dict("records"):
        for side in ("original", "contrast"):
            value = _value("fig5", row["student"], side if known else None)
            score = {
                "student": f"{row['student']}, {side}", "n": row["pairs"],
                "accuracy": row[side], "ci_low": row[f"{side}_low"],
                "ci_high": row[f"{side}_high"],
            }  # fmt: skip
            lines.append(_line(score, value, known, comparable, note))
    return pd.DataFrame(lines)


def compare_transfer(
    rows: Sequence[dict], *, dataset: str, teacher: str, comparable: bool
) -> pd.DataFrame:
    """Students on tasks they were not trained on, beside the paper's 79.6 % on SST-2.

    The paper's student was trained on ANLI, CommonsenseQA and OpenBookQA together, ours
    on `dataset` alone, which must be one of the three to be compared.
    """
    [paper] = paper_table("scotd_transfer").to_dict("records")
    comparable = comparable and dataset in ("anli", "commonsense_qa", "openbookqa")
    note = f"{_teacher(teacher)}; ours is trained on {dataset} alone, {ONE_CHAIN}"
    lines = []
    for task in dict.fromkeys(row["dataset"] for row in rows):
        for score in scores([row for row in rows if row["dataset"] == task]):
            known = task in config.SCOTD_DATASETS
            has_value = task == "sst2" and score["student"] == "after_cot"
            value = round(paper["SST-2"] / 100, 4) if has_value else None
            line = _line(score, value, known, comparable, note)
            lines.append({"task": task, **line})
    return pd.DataFrame(lines)


def _line(
    score: dict[str, Any], value: float | None, known: bool, comparable: bool, note: str
) -> dict[str, Any]:
    """A score beside the paper's value; `known`: the paper has this benchmark."""
    if not known:
        note = "not a benchmark of the paper"
    elif value is None:
        note = "no such cell in the paper"
    elif not comparable:
        note = "other student, data or recipe: context only"
    kept = ("student", "n", "accuracy", "ci_low", "ci_high")
    ours = {name: score[name] for name in kept}
    return compare_with_paper(ours, value, known and comparable, note)


def _teacher(name: str) -> str:
    return f"teacher {name}, the paper's is code-davinci-002"


def _value(table: str, student: str, column: str | None) -> float | None:
    """The paper's value for a student, as a fraction; None where there is no cell."""
    paper = paper_table(f"scotd_{table}")
    found = paper[paper["ours"] == student]
    return (
        round(float(found[column].iloc[0]) / 100, 4) if column and len(found) else None
    )
