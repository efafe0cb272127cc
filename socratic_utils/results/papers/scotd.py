"""Our scores beside the tables and figures of SCoTD (Li et al., 2023).

    beside("table2a", scores(rows), dataset="quarel", student="facebook/opt-1.3b",
           teacher="gpt-6-luna", comparable=True)

Runs are `comparable` if student model, data and recipe are the paper's (`paper` scale,
OPT-1.3B); otherwise its values are context.  Not covered: Figures 2, 3, 4 and 7, which
print no numbers; Table 1 (samples); Figure 8 (`experiments.human_judgement`).
"""

import re
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
    the scores of the others on these problems.
    """
    table = []
    for block in blocks(rows):
        block = alike(block, ["student", "decoding"])
        for student in dict.fromkeys(row["student"] for row in block):
            own = [row for row in block if row["student"] == student]
            samples, score = max(row.get("sample", 0) for row in own) + 1, accuracy(own)
            if samples > 1:
                [score] = accuracy_by_votes(own, samples, [samples], kind)
            table.append({"student": student, **score})
    return table


def beside(
    table: str, scores: Iterable[dict], *, dataset: str, student: str, teacher: str,
    comparable: bool,
) -> pd.DataFrame:  # fmt: skip
    """Our `scores` below the cells of "table2a", "table2b", "table3a", "table3b",
    "fig5" or "transfer"; those of students that the table does not have are left out.

    A score's `column` is its benchmark by default.  The paper's student of the transfer
    (79.6 % on SST-2) was trained on three tasks, ours on one.
    """
    name, model = f"scotd_{table}", student.rpartition("/")[2]
    paper, ours = paper_table(name, str), []
    known, same = dataset in COLUMNS or table == "fig5", model.lower() == STUDENT
    lines = [tuple(line) for line in paper.to_numpy().tolist()]
    count = 1 if table == "fig5" else 2
    rows = {line[-1]: line[:count] for line in lines if "ours" in paper}
    for score in scores:
        arm, column = score["student"], score.get("column", COLUMNS.get(dataset))
        chains, row = re.fullmatch(r"few_shot_(\d+)(, votes)?", arm), rows.get(arm)
        column = column or dataset
        if chains and table == "table3b":
            row = (column, "yes" if chains[2] else "no")
            column = f"{int(chains[1])} chain{'s' * (int(chains[1]) > 1)}"
        elif row and row[0].lower() == STUDENT and not same:
            row = (model, *row[1:])
        elif table == "transfer":
            row = (dataset, arm.replace("_", " "))
        if row:
            ours.append({**score, "row": row, "column": column})
    for score in ours:
        cells = [line for line in lines if line[:count] == score["row"]]
        if table == "transfer":
            score["reason"] = "ours is trained on one task alone"
        elif not known or (table == "fig5" and dataset != "imdb"):
            score["reason"] = "not a benchmark of the paper"
        elif not comparable:
            score["reason"] = "other student, data or recipe"
        elif not cells or score["column"] not in paper:
            score["reason"] = "no such cell in the paper"
        else:
            value = float(cells[0][paper.columns.get_loc(score["column"])]) / 100
            score |= compare_with_paper(score, round(value, 4))
        if table in ("fig5", "transfer"):
            score["note"] = "one chain per problem, for the run's epochs"
    about = f" ({model} on {dataset}, teacher {teacher}; the paper's: code-davinci-002)"
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
        {**score, "column": task}
        for task in dict.fromkeys(row["dataset"] for row in rows)
        for score in scores([row for row in rows if row["dataset"] == task])
    ]
