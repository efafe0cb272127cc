"""Our scores beside the tables of Socratic CoT (Shridhar et al., 2023).

    >>> column_of("gt_steps", "strategyqa"), column_of("gt_steps", "gsm8k")
    ('GT Facts', 'GT Steps')

A score is compared only where benchmark, split, student model, scale and training are
the paper's, and judged only with all of its test problems and seeds.  SocGT is meant as
in its section 5 (docs/papers.md), and its SVAMP is our `multistep`.  Not covered:
Figure 4 (Table 2, rounded); Figures 5 and 7 (samples).
"""

from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils.benchmarks import known_size
from socratic_utils.files import read_json
from socratic_utils.metrics import relative_gain
from socratic_utils.students.supervision import STUDENTS

from . import compare_with_paper, paper_table

SMOKE = "smoke scale: a random tiny model, the numbers mean nothing"
PAIR = "socratic_iterative"
SEEDS = 3  # "at least three runs"
# Ours -> the paper's; SOCGT lists the ablations that are SocGT, the nearest first.
NAMES = read_json(Path(__file__).parent / "values" / "names.json")
DATASETS, PAPER_MODELS, SOCGT = NAMES["datasets"], NAMES["models"], NAMES["socgt"]
QUESTIONS, MEASURES = NAMES["questions"], NAMES["measures"]
UPPER_BOUND = "gold equations: an upper bound of predicted ones"
# Instead of the cell's own note in `values/`.
NOTES = {"iterative, gold questions": "gold questions, the paper's are the LLM's"}
COLUMNS = (
    "dataset model student n correct accuracy ci_low ci_high paper_dataset paper_model"
    " paper_supervision paper difference covered note"
).split()


def cells_of(where: str) -> pd.DataFrame:
    """The cells of "Table 2", "Table 3", "Table 5" or "Figure 6", one per line."""
    name = where.lower().replace("figure", "fig").replace(" ", "")
    cells = paper_table(f"socratic_cot_{name}").fillna({"note": ""})
    return cells[cells["student_model"] != "GPT-3 6B"]  # copied from Cobbe et al. 2021


def column_of(student: str, dataset: str) -> str | None:
    """The column of Table 2 that one of our arms answers to, or None."""
    if student in SOCGT.get(dataset, SOCGT["gsm8k"]):
        return "Iterative SocGT"
    if (student, dataset) == ("gt_steps", "strategyqa"):  # human-written facts
        return "GT Facts"
    return (STUDENTS[student].paper or None) if student in STUDENTS else None


def model_in_paper(model: str) -> str | None:
    """The paper's name of a student model ("openai-community/gpt2"), or None."""
    return PAPER_MODELS.get(model.rpartition("/")[2].lower())


def lacking(dataset: str, n: int, seeds: int = 1) -> str:
    """What a score lacks of the paper's: "10 of 1,319 problems, 1 of 3 seeds"."""
    parts = (n, known_size(dataset, "test") or n, "problems"), (seeds, SEEDS, "seeds")
    return ", ".join(f"{a:,} of {b:,} {unit}" for a, b, unit in parts if a < b)


def compare_main(main: pd.DataFrame, scale: str, cut: str = "") -> pd.DataFrame:
    """Test accuracies of students and ablations (`main_table`) beside Table 2.

    `cut` says what the training lacks of the paper's: then nothing is compared.
    """
    return pd.DataFrame(_compare(main, "Table 2", scale, cut), columns=COLUMNS)


def compare_ablations(
    main: pd.DataFrame, prompting: pd.DataFrame, *, dataset: str, teacher: str,
    scale: str, cut: str = "",
) -> pd.DataFrame:  # fmt: skip
    """`main`, and the teacher's prompts (`prompting`), beside Tables 3, 5, Figure 6.

    ValueError unless the lines of `main` have the same problems (`alike.blocks`).
    """
    tested = main[main["split"] == "test"]
    if tested.groupby(["dataset", "model"])["n"].nunique().gt(1).any():
        raise ValueError("lines of different n: give a default on its ablations' ones")
    prompted = prompting.rename(columns={"prompt": "student"})
    prompted = prompted.assign(dataset=dataset, model=teacher, split="test")
    rows = {"Table 3": prompted, "Table 5": main, "Figure 6": main}
    lines = [_compare(own, where, scale, cut) for where, own in rows.items()]
    return pd.DataFrame(sum(lines, []), columns=["where", *COLUMNS])


def compare_questions(
    questions: pd.DataFrame, *, dataset: str, student: str, scale: str, cut: str = ""
) -> pd.DataFrame:
    """`question_quality.quality_table` beside Table 4 (GPT-2 Large on GSM8K).

    BLEU is in 0 to 100, the others in 0 to 1; only #Q has an interval.
    """
    paper = paper_table("socratic_cot_table4").set_index("guidance")
    known, large = dataset == "gsm8k", model_in_paper(student) == "GPT-2 Large"
    reason, lines = _why_not(dataset, student, known, known and large, scale, cut), []
    rows = [r for r in questions.to_dict("records") if r["student"] in QUESTIONS]
    for row, name in product(rows, MEASURES):
        ours = row | {"measure": MEASURES[name], "ours": row[name]}
        if name != "same_count":
            ours |= {"ci_low": None, "ci_high": None}
        why = "BERTScore is not available here" if pd.isna(row[name]) else reason
        note = UPPER_BOUND if "gold" in row["student"] else ""
        value = float(paper.loc[QUESTIONS[row["student"]], name])
        lacks = lacking(dataset, row["n"], SEEDS)
        lines.append(compare_with_paper(ours, value, why, note, "ours", lacks))
    names = {"ci_low": "low", "ci_high": "high"}  # not shares as elsewhere
    names |= {"paper": "paper_value", "difference": "gap"}
    columns = "student measure n ours low high paper_value gap covered note".split()
    return pd.DataFrame(lines).rename(columns=names).reindex(columns=columns)


def gains() -> pd.DataFrame:
    """The paper's arrows: as printed, and relative to the new and to the old value."""
    arrows, lines = paper_table("socratic_cot_arrows"), []
    for where, data, model, old, new, _ in arrows.itertuples(index=False):
        cells = cells_of(where).query("dataset == @data and student_model == @model")
        values = cells.set_index("supervision")["value"]
        gain = _gain(old, values[old], new, values[new])
        lines.append({"where": where, "dataset": data, "model": model, **gain})
    table = pd.DataFrame(lines)
    table.insert(7, "printed_%", arrows["printed"])
    return table


def own_gains(main: pd.DataFrame, new: str = PAIR) -> pd.DataFrame:
    """Our gains of one student over every other on the first split, both ways.

    ValueError if a student has several lines there, of other models or seeds.
    """
    first = main[main["split"].isin(main["split"].iloc[:1])]
    if first["student"].duplicated().any():
        raise ValueError("a student has several lines: give one run at a time")
    scores = (100 * first.set_index("student")["accuracy"]).round(2).to_dict()
    others = [name for name in scores if name != new and new in scores]
    return pd.DataFrame(_gain(old, scores[old], new, scores[new]) for old in others)


def _gain(old: str, before: float, new: str, after: float) -> dict[str, Any]:
    gain = relative_gain(before, after)
    shares = {"of_new_%": 100 * gain.of_new, "of_old_%": 100 * gain.of_old}
    shares = {name: round(share, 1) for name, share in shares.items()}
    return {"old": old, "old_value": before, "new": new, "new_value": after, **shares}


def _compare(rows: pd.DataFrame, where: str, scale: str, cut: str) -> list[dict]:
    """Our test rows beside the same cell, or the benchmark's others, or GSM8K's."""
    cells, lines = cells_of(where), []
    for ours in rows[rows["split"] == "test"].to_dict("records"):
        student, dataset, model = ours["student"], ours["dataset"], ours["model"]
        if "ours" in cells:
            theirs = cells[cells["ours"] == student]
        else:
            theirs = cells[cells["supervision"] == column_of(student, dataset)]
        known = DATASETS.get(dataset) in set(cells["dataset"])
        shown = theirs[theirs["dataset"] == (DATASETS[dataset] if known else "GSM8K")]
        same = shown[shown["student_model"] == model_in_paper(model)]
        reason = _why_not(dataset, model, known, known and len(same) > 0, scale, cut)
        # A prompted teacher is decoded greedily: it has no seeds.
        lacks = lacking(dataset, ours["n"], SEEDS if where == "Table 3" else 1)
        for cell in (shown if reason else same).to_dict("records"):
            place = {"where": where, "paper_dataset": cell["dataset"],
                     "paper_model": cell["student_model"],
                     "paper_supervision": cell["supervision"]}  # fmt: skip
            note = NOTES.get(student, cell["note"])
            value = round(cell["value"] / 100, 4)
            line = compare_with_paper(ours | place, value, reason, note, lacks=lacks)
            lines.append(line)
    return lines


def _why_not(
    dataset: str, model: str, known: bool, same: bool, scale: str, cut: str
) -> str:
    """Why ours may not be compared with the paper's values; empty where it may."""
    if scale == "smoke":
        return SMOKE
    if known and dataset != "svamp":
        if not same:
            return "other model: not comparable"
        if scale != "paper":
            return "another scale, so another recipe: not comparable"
        return f"{cut}: not comparable" if cut else ""
    other = "split" if known else "dataset"
    also = "" if model_in_paper(model) else " and model"
    return f"other {other}{also}: not comparable"
