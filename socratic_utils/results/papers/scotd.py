"""P2's tables and figures: what a run has on disk, beside the verified values.

    >>> beside(settings, "table2a", scores(rows))         # doctest: +SKIP

Each line is one of our students, with the paper's value of the same cell where there is
one.  A difference, and whether our interval covers the value, is told only where
benchmark, student and recipe are the paper's (`paper` scale, OPT-1.3B); elsewhere the
value is context.  P2's Figs 2 (supervised), 3, 4 and 7 have no numbers in its text:
ours stand alone.  Fig 5 has, and so has the transfer to another task (section 2.7 of
PAPERS.md): our students there learn one chain a problem for the run's epochs, which the
note says.

Not covered: Table 1 (sample chains), Fig 8 (people's judgement, in `preferences`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from socratic_utils import config
from socratic_utils.config import Settings, outputs_root
from socratic_utils.metrics import self_consistency as voting
from socratic_utils.metrics.statistics import accuracy
from socratic_utils.problems import read_rows
from socratic_utils.results import tables as results
from socratic_utils.runner.plan_gpu import SIZES  # moves to students.base_models

COLUMNS = {"commonsense_qa": "CSQA", "quarel": "QuaRel", "openbookqa": "OBQA"}
STUDENT = "facebook/opt-1.3b"

# table -> our student -> the row of `resources/papers/p2_<table>.csv` it answers to.
# P2 decodes the few-shot students of Table 2(b) by vote.
CELLS: dict[str, dict[str, dict[str, str]]] = {
    "table2a": {
        "no_cot": {"model": "OPT-1.3B", "method": "No CoT"},
        "greedy_cot": {"model": "OPT-1.3B", "method": "Greedy"},
        "self_consistency": {"model": "OPT-1.3B", "method": "Self-Consistency"},
    },
    "table2b": {
        "few_shot_label": {"labels": "few-shot", "method": "Label-Only"},
        "few_shot_cot, votes": {"labels": "few-shot", "method": "Greedy-CoT"},
        "few_shot_scotd, votes": {"labels": "few-shot", "method": "SCoTD"},
        "full_label": {"labels": "full", "method": "Label-Only"},
        "full_cot": {"labels": "full", "method": "Greedy-CoT"},
        "full_scotd": {"labels": "full", "method": "SCoTD"},
    },
    "table3a": {
        "few_shot_scotd": {"setting": "few-shot", "self_consistency": "no"},
        "few_shot_scotd, votes": {"setting": "few-shot", "self_consistency": "yes"},
        "full_scotd": {"setting": "supervised", "self_consistency": "no"},
        "full_scotd, votes": {"setting": "supervised", "self_consistency": "yes"},
    },
    "table3b": {
        f"few_shot_{count:02d}{how}": {"self_consistency": told, "count": str(count)}
        for how, told in (("", "no"), (", votes", "yes"))
        for count in (1, 5, 10, 20, 30)
    },
}  # fmt: skip


CAPTIONS = {
    "2a": "Table 2(a)", "2b": "Table 2(b)", "3a": "Table 3(a)", "3b": "Table 3(b)",
    "fig5": "Figure 5", "transfer": "section on transfer",
}  # fmt: skip
# Fig 5's rows; and what both it and the transfer have that the paper has not.
FIG5 = {"answer_only": "Label-Only", "cot": "SCoTD"}
ONE_CHAIN = "one chain a problem, for the run's epochs"


def beside(
    settings: Settings, table: str, scores: Iterable[dict[str, Any]]
) -> pd.DataFrame:
    """Our scores (student, n, accuracy, ci_low, ci_high) beside a table of P2.

    Accuracies and the paper's values are fractions.  Raises KeyError on a table that
    is not one of CELLS.
    """
    cells, same = CELLS[table], settings.dataset in COLUMNS
    lines = []
    for score in scores:
        cell = cells.get(score["student"])
        value = _value(table, cell, settings.dataset) if same and cell else None
        lines.append(_line(settings, score, same, value))
    return pd.DataFrame(lines)


def beside_contrast(settings: Settings, table: pd.DataFrame) -> pd.DataFrame:
    """`contrast.contrast_table` beside P2's Fig 5: a line a student and side."""
    paper = results.paper_table("p2_fig5").set_index("student")
    lines = []
    for row in table.to_dict("records"):
        for side in ("original", "contrast"):
            name, same = FIG5.get(row["student"]), settings.dataset == "imdb"
            value = round(paper[side][name] / 100, 4) if same and name else None
            score = {
                "student": f"{row['student']}, {side}", "n": row["pairs"],
                "accuracy": row[side], "ci_low": row[f"{side}_low"],
                "ci_high": row[f"{side}_high"],
            }  # fmt: skip
            lines.append(_line(settings, score, same, value, ONE_CHAIN))
    return pd.DataFrame(lines)


def beside_transfer(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """Students on tasks they were never trained on, beside P2's 79.6 % on SST-2.

    The paper's student was trained on ANLI, CommonsenseQA and OpenBookQA together, ours
    on the run's benchmark alone: a difference is told where that is one of the three.
    """
    [paper] = results.paper_table("p2_transfer").to_dict("records")
    near = settings.dataset in ("anli", "commonsense_qa", "openbookqa")
    note = f"ours is trained on {settings.dataset} alone, {ONE_CHAIN}"
    lines = []
    for task in dict.fromkeys(row["dataset"] for row in rows):
        for score in scores([row for row in rows if row["dataset"] == task]):
            same = task in config.P2_DATASETS
            trained = task == "sst2" and score["student"] == "after_cot"
            value = round(paper["accuracy"] / 100, 4) if trained else None
            line = _line(settings, score, same, value, note, near)
            lines.append({"task": task, **line})
    return pd.DataFrame(lines)


def _line(
    settings: Settings,
    score: dict[str, Any],
    same: bool,
    value: float | None,
    also: str = "",
    near: bool = True,
) -> dict[str, Any]:
    """A score beside the paper's value; `same`: it is one of the paper's benchmarks.

    `also` is said of values that are compared, which `near` allows.
    """
    comparable = same and near and is_papers(settings)
    if not same:
        note = "no benchmark of the paper"
    elif value is None:
        note = "no such cell in the paper"
    elif not comparable:
        note = "other student, data or recipe: context only"
    else:
        note = f"teacher {settings.teacher}, the paper's code-davinci-002"
        note += f"; {also}" if also else ""
    known = comparable and value is not None
    covered = known and score["ci_low"] <= value <= score["ci_high"]
    kept = ("student", "n", "accuracy", "ci_low", "ci_high")
    return {name: score[name] for name in kept} | {
        "paper": value,
        "difference": round(score["accuracy"] - value, 4) if known else None,
        "covered": ("yes" if covered else "no") if known else None,
        "note": note,
    }


def is_papers(settings: Settings) -> bool:
    """Whether student, data and recipe are P2's, as far as they are known."""
    own = config.load("paper", dataset=settings.dataset)
    names = ("scale", "student", "training", "train_limit", "test_limit", "many")
    same = all(getattr(settings, n) == getattr(own, n) for n in names)
    return same and settings.student == STUDENT


def on_disk(settings: Settings, folder: str, part: str = "") -> list[dict]:
    """Prediction rows of a folder of the run, of files with `part` in their name.

    Rows of other settings, which an earlier run may have left, are left out and told.
    """
    paths = sorted((settings.source / "predictions" / folder).glob("*.jsonl"))
    found = [row for p in paths if part in p.name for _, row in read_rows(p)]
    rows = [row for row in found if settings.reuse or row["settings"] == settings.hash]
    if len(rows) < len(found):
        print(f"{len(found) - len(rows)} rows of other settings are left out")
    return rows


def scores(rows: Sequence[dict], kind: str = "number") -> list[dict]:
    """A score a student, in the order met; samples of one problem vote."""
    table = []
    for student in dict.fromkeys(row["student"] for row in rows):
        own = [row for row in rows if row["student"] == student]
        samples = max(row.get("sample", 0) for row in own) + 1
        if samples > 1:
            score = voting.accuracy_by_votes(own, samples, [samples], kind)[0]
        else:
            score = accuracy(own)
        table.append({"student": student, **score})
    return table


def sizes(settings: Settings) -> pd.DataFrame:
    """P2's Fig 4: the table of notebook 12 of every run that differs in its student.

    Runs of other students lie beside this one, in folders with their name.
    """
    found = sorted(outputs_root().glob(f"{settings.scale}*/tables/two_settings.csv"))
    tables = [pd.read_csv(p) for p in found if not p.parts[-3].endswith("-reused")]
    if not tables:
        return pd.DataFrame()
    runs = pd.concat(tables)
    runs = runs[(runs["dataset"] == settings.dataset) & (runs["seed"] == settings.seed)]
    runs = runs.drop_duplicates(["student", "model"])
    return runs.iloc[runs["model"].map(_parameters).argsort(kind="stable")]


def supervised(table: pd.DataFrame) -> pd.DataFrame:
    """The students with labels of `sizes`, to be drawn; empty for a single size."""
    if table.empty or table["model"].nunique() < 2:
        return table[:0]
    return table[table["student"].str.startswith("full_")]


def _parameters(model: str) -> float:
    """How large a student is; the last of all where that is not known."""
    size = SIZES.get(str(model).rpartition("/")[2])
    return size.parameters if size else float("inf")


def _value(table: str, cell: dict[str, str], dataset: str) -> float | None:
    """The paper's value of a cell, as a fraction; None where the table lacks it."""
    paper, wanted = results.paper_table(f"p2_{table}"), dict(cell)
    column = COLUMNS[dataset]
    if count := wanted.pop("count", ""):  # Table 3(b) has datasets in its rows
        wanted["dataset"] = column
        column = "1 chain" if count == "1" else f"{count} chains"
    for name, text in wanted.items():
        paper = paper[paper[name].astype(str) == text]
    return round(float(paper[column].iloc[0]) / 100, 4) if len(paper) else None
