"""Our scores beside the tables and figures of SCoTD (Li et al., 2023).

    beside("table2a", scores(rows), dataset="quarel", student="facebook/opt-1.3b",
           teacher="gpt-6-luna", comparable=True)

Runs are `comparable` if student model, data and recipe are the paper's (`paper` scale,
OPT-1.3B); otherwise its values are context.  Not covered: Figures 2, 3, 4 and 7, which
print no numbers; Table 1 (samples); Figure 8 (`experiments.human_judgement`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pandas as pd

from socratic_utils.metrics import accuracy
from socratic_utils.metrics.alike import alike, blocks
from socratic_utils.metrics.self_consistency import accuracy_by_votes

from . import compare_with_paper, paper_table, with_ours

COLUMNS = {"commonsense_qa": "CSQA", "quarel": "QuaRel", "openbookqa": "OBQA"}
STUDENT = "opt-1.3b"


def scores(rows: Sequence[dict], kind: str = "number") -> list[dict]:
    """One score per student, in order of appearance; samples of one problem vote.
    Students that vote on fewer problems follow in a block of their own, together with
    the scores of the others on these problems."""
    table = []
    for block in blocks(rows):
        own = defaultdict(list)
        for row in alike(block, ["student", "decoding"]):
            own[row["student"]].append(row)
        for student, found in own.items():
            samples, score = max(r.get("sample", 0) for r in found) + 1, accuracy(found)
            if samples > 1:
                [score] = accuracy_by_votes(found, samples, [samples], kind)
            table.append({"student": student, **score})
    return table


def beside(
    table: str, scores: Iterable[dict], *, dataset: str, student: str, teacher: str,
    comparable: bool,
) -> pd.DataFrame:  # fmt: skip
    """Our `scores` below the cells of "table2a", "table2b", "table3a", "table3b",
    "fig5" or "transfer"; those of students that the table does not have are left out.
    A score's `column` is its benchmark by default.  The paper's student of the transfer
    (79.6 % on SST-2) was trained on three tasks, ours on one."""
    name, model = f"scotd_{table}", student.rpartition("/")[2]
    why = "" if comparable else "other student, data or recipe"
    if dataset not in (["imdb"] if table == "fig5" else COLUMNS):
        why = "not a benchmark of the paper"
    if table == "transfer":
        why = "ours is trained on one task alone"
    long = "one chain per problem, for the run's epochs"
    about = f" ({model} on {dataset}, teacher {teacher}; the paper's: code-davinci-002)"
    ours, count = [], 1 if table == "fig5" else 2  # columns that name a row
    lines = paper_table(name, str).to_dict("records")
    cells = {tuple(line.values())[:count]: line for line in lines}
    rows = {line.get("ours"): key for key, line in cells.items()}
    for score in scores:
        arm, row = score["student"], rows.get(score["student"])
        column = score.get("column") or COLUMNS.get(dataset, dataset)
        chains = re.fullmatch(r"few_shot_(\d+)(, votes)?", arm)
        if chains and table == "table3b":
            row = (column, "yes" if chains[2] else "no")
            column = f"{int(chains[1])} chain{'s' * (int(chains[1]) > 1)}"
        elif table == "transfer":
            row = (dataset, arm.replace("_", " "))
        elif row and table == "table2a" and model.lower() != STUDENT:
            row = (model, row[1])
        if row:
            value = cells.get(row, {}).get(column)
            reason = why or ("" if value else "no such cell in the paper")
            found = {**score, "row": row, "column": column, "reason": reason,
                     "note": long * (table in ("fig5", "transfer"))}  # fmt: skip
            if not reason:
                found = compare_with_paper(found, round(float(value) / 100, 4))
            ours.append(found)
    return with_ours(name, ours, about)


def sides(table: pd.DataFrame) -> list[dict]:
    """Scores for "fig5": a table of contrast sets, one score per student and side."""
    return [
        {"student": line["student"], "n": line["pairs"], "accuracy": line[side],
         "column": side, "ci_low": line[f"{side}_low"], "ci_high": line[f"{side}_high"]}
        for line in table.to_dict("records") for side in ("original", "contrast")
    ]  # fmt: skip


def across(rows: Sequence[dict]) -> list[dict]:
    """Scores for "transfer": one per student and task."""
    return [
        {**score, "column": COLUMNS.get(task, task)}
        for task in dict.fromkeys(row["dataset"] for row in rows)
        for score in scores([row for row in rows if row["dataset"] == task])
    ]
