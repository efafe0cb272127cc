"""Our scores beside the tables and figures of SCoTD (Li et al., 2023).

    compare_table("table2a", scores(rows), dataset="quarel", teacher="gpt-6-luna",
                  comparable=True)

Runs are `comparable` if student model, data and recipe are the paper's (`paper` scale,
OPT-1.3B); otherwise its values are context.  Not covered: Figures 2, 3, 4 and 7, which
print no numbers; Table 1 (samples); Figure 8 (`experiments.human_judgement`).
"""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils import config
from socratic_utils.files import read_json
from socratic_utils.metrics import accuracy
from socratic_utils.metrics.alike import alike, blocks
from socratic_utils.metrics.self_consistency import accuracy_by_votes

from . import compare_with_paper, paper_table

COLUMNS = {"commonsense_qa": "CSQA", "quarel": "QuaRel", "openbookqa": "OBQA"}
CAPTIONS = read_json(Path(__file__).parents[1] / "texts.json")["scotd"]
# In Figure 5 and the transfer, ours differ from the paper's many chains in this.
ONE_CHAIN = "one chain per problem, for the run's epochs"


def scores(rows: Sequence[dict], kind: str = "number") -> list[dict]:
    """One score per student, in order of appearance; samples of one problem vote.

    Students that vote on fewer problems follow in a block of their own, together with
    the scores of the others on these problems; `part` says so.
    """
    table = []
    for number, block in enumerate(blocks(rows)):
        block = alike(block, ["student", "decoding"])
        for student in dict.fromkeys(row["student"] for row in block):
            own = [row for row in block if row["student"] == student]
            samples, score = max(row.get("sample", 0) for row in own) + 1, accuracy(own)
            if samples > 1:
                [score] = accuracy_by_votes(own, samples, [samples], kind)
            if number:
                score["part"] = f"on {score['n']} of {table[0]['n']} problems"
            table.append({"student": student, **score})
    return table


def compare_table(table: str, scores: Iterable[dict], **run: Any) -> pd.DataFrame:
    """Our `scores` beside the paper's "table2a", "table2b", "table3a" or "table3b"."""
    column = COLUMNS.get(run["dataset"], "")
    return pd.DataFrame(_line(score, table, column, **run) for score in scores)


def compare_contrast(table: pd.DataFrame, **run: Any) -> pd.DataFrame:
    """The table of contrast sets beside Figure 5: a line per student and side."""
    lines = []
    for row, side in product(table.to_dict("records"), ("original", "contrast")):
        score = row | {"n": row["pairs"], "accuracy": row[side]}
        score |= {f"ci_{end}": row[f"{side}_{end}"] for end in ("low", "high")}
        column = side if run["dataset"] == "imdb" else ""
        line = _line(score, "fig5", column, **run, recipe=f"; {ONE_CHAIN}")
        lines.append(line | {"student": f"{row['student']}, {side}"})
    return pd.DataFrame(lines)


def compare_transfer(rows: Sequence[dict], **run: Any) -> pd.DataFrame:
    """Students on tasks they were not trained on, beside the paper's 79.6 % on SST-2.

    The paper's was trained on ANLI, CommonsenseQA and OpenBookQA, ours on `dataset`.
    """
    run["comparable"] &= run["dataset"] in ("anli", "commonsense_qa", "openbookqa")
    run["recipe"] = f"; ours is trained on {run['dataset']} alone, {ONE_CHAIN}"
    lines = []
    for task in dict.fromkeys(row["dataset"] for row in rows):
        column = task if task in config.SCOTD_DATASETS else ""
        for score in scores([row for row in rows if row["dataset"] == task]):
            lines.append({"task": task, **_line(score, "transfer", column, **run)})
    return pd.DataFrame(lines)


def _line(score: dict, table, column, *, dataset, teacher, comparable, recipe=""):
    """A score beside its cell; `column` is empty if the paper lacks this benchmark."""
    paper, value, reason = paper_table(f"scotd_{table}"), None, ""
    cells = paper[paper["ours"] == score["student"]]
    if column in cells and len(cells):
        value = round(float(cells[column].iloc[0]) / 100, 4)
    if not column:
        reason = "not a benchmark of the paper"
    elif value is None:
        reason = "no such cell in the paper"
    elif not comparable:
        reason = "other student, data or recipe: context only"
    note = f"teacher {teacher}, the paper's is code-davinci-002{recipe}"
    kept = ("student", "n", "accuracy", "ci_low", "ci_high")
    line = compare_with_paper({n: score[n] for n in kept}, value, reason, note)
    part = score.get("part")
    return line | {"note": f"{part}; {line['note']}"} if part else line
