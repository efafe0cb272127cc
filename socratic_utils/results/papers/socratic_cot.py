"""Our scores beside the tables of Socratic CoT (Shridhar et al., 2023).

    >>> column_of("gt_steps", "strategyqa"), column_of("gt_steps", "gsm8k")
    ('GT Facts', 'GT Steps')
    >>> gains()[["old_value", "new_value", "of_new_%", "of_old_%"]].values.tolist()[0]
    [5.05, 6.44, 21.6, 27.5]

Table 2 is `compare_main`, Tables 3 and 5 and Figure 6 are `compare_ablations`, Table 4
is `compare_questions`.  A score is compared only where benchmark, split, student model
and scale are the paper's; elsewhere the paper's values are context and the note says
why.  The paper gives SocGT several meanings; the rows used here are those of its
section 5 (docs/papers.md, "Socratic CoT: open questions").  Its SVAMP is our benchmark
`multistep`; our `svamp` is another split.

Not covered: Figure 4, which is Table 2 to rounding; Figures 5 and 7, which are samples.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from socratic_utils.metrics import relative_gain
from socratic_utils.students.supervision import STUDENTS

from . import compare_with_paper, paper_table

SMOKE = "smoke scale: a random tiny model, the numbers mean nothing"
PAIR = "socratic_iterative"
SOCGT = {  # the ablations that are SocGT by the paper's section 5, the nearest first
    "gsm8k": ("iterative, questions of the teacher", "iterative, gold questions"),
    "strategyqa": ("iterative, teacher answers gold questions",),
}
DATASETS = {"gsm8k": "GSM8K", "strategyqa": "StrategyQA", "multistep": "SVAMP",
            "svamp": "SVAMP"}  # fmt: skip
OTHER_SPLIT = "svamp"  # 800 and 200 problems, not the paper's multi-step ones
PAPER_MODELS = {
    "gpt2": "GPT-2 Small", "gpt2-medium": "GPT-2 Medium", "gpt2-large": "GPT-2 Large",
    "gpt2-xl": "GPT-2 XL",
}  # fmt: skip
FILES = {"Table 2": "table2", "Table 3": "table3", "Table 5": "table5",
         "Figure 6": "fig6"}  # fmt: skip
QUESTIONS = {  # our question generators -> the guidance of Table 4
    PAIR: "none", "iterative, predicted equations": "equations",
    "iterative, gold equations": "equations",
}  # fmt: skip
MEASURES = {"bleu": "BLEU", "bert_f1": "BERTScore F1", "same_count": "#Q"}
# Instead of the cell's own note in `values/`.
NOTES = {"iterative, gold questions": "gold questions, the paper's are the LLM's"}
OWN = ["dataset", "model", "student", "n", "correct", "accuracy", "ci_low", "ci_high"]
PAPER = ["paper_dataset", "paper_model", "paper_supervision", "paper", "difference",
         "covered", "note"]  # fmt: skip
QUALITY = ["student", "measure", "n", "ours", "low", "high", "paper_value", "gap",
           "covered", "note"]  # fmt: skip


def cells_of(where: str) -> pd.DataFrame:
    """The cells of "Table 2", "Table 3", "Table 5" or "Figure 6", one per line.

    Without those of GPT-3 6B, which the paper copies from Cobbe et al. (2021).
    """
    cells = paper_table(f"socratic_cot_{FILES[where]}").fillna({"note": ""})
    return cells[cells["student_model"] != "GPT-3 6B"]


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


def compare_main(main: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Test accuracies of `main_table` beside Table 2; all are fractions.

    Rows of ablations are welcome: those that mean SocGT have a cell.
    """
    return pd.DataFrame(_compare(main, "Table 2", scale), columns=[*OWN, *PAPER])


def compare_ablations(
    main: pd.DataFrame, prompting: pd.DataFrame, *, dataset: str, teacher: str,
    scale: str,
) -> pd.DataFrame:  # fmt: skip
    """Test accuracies beside Tables 3 and 5 and Figure 6, as fractions.

    `main` is `main_table` of students and ablations; `prompting` is the table of the
    teacher's two prompts on `dataset`, which may be empty.
    """
    prompted = prompting.rename(columns={"prompt": "student"})
    prompted = prompted.assign(dataset=dataset, model=teacher, split="test")
    rows = {"Table 3": prompted, "Table 5": main, "Figure 6": main}
    lines = [{"where": where, **line} for where in rows
             for line in _compare(rows[where], where, scale)]  # fmt: skip
    return pd.DataFrame(lines, columns=["where", *OWN, *PAPER])


def compare_questions(
    questions: pd.DataFrame, *, dataset: str, student: str, scale: str
) -> pd.DataFrame:
    """Quality of the sub-questions beside Table 4 (GPT-2 Large on GSM8K).

    `questions` is `question_quality.quality_table` of a run with this student model.
    BLEU is in 0 to 100, the others in 0 to 1; only #Q has an interval.
    """
    paper = paper_table("socratic_cot_table4").assign(dataset="GSM8K")
    reason, lines = _why_not(dataset, student, paper, paper, scale), []
    paper = paper.set_index("guidance")
    for row in questions.to_dict("records"):
        guidance = QUESTIONS.get(row["student"])
        for name, measure in MEASURES.items() if guidance else ():
            note = reason
            if pd.isna(row[name]):
                note = "BERTScore is not available here"
            elif "gold" in row["student"] and not note:
                note = "gold equations: an upper bound of predicted ones"
            ours = {"student": row["student"], "measure": measure, "n": row["n"],
                    "ours": row[name], "ci_low": None, "ci_high": None}  # fmt: skip
            if name == "same_count":
                ours |= {"ci_low": row["ci_low"], "ci_high": row["ci_high"]}
            value = float(paper.loc[guidance, name])
            lines.append(compare_with_paper(ours, value, not reason, note, "ours"))
    # Not shares as elsewhere, so the columns have other names.
    names = {"ci_low": "low", "ci_high": "high", "paper": "paper_value",
             "difference": "gap"}  # fmt: skip
    return pd.DataFrame(lines).rename(columns=names).reindex(columns=QUALITY)


def gains() -> pd.DataFrame:
    """The paper's arrows: as printed, and relative to the new and to the old value.

    Those of Table 2 set SocGT against GT Steps (GSM8K) or GT Facts (StrategyQA).
    """
    key = ["dataset", "student_model", "supervision"]
    lines = []
    for arrow in paper_table("socratic_cot_arrows").to_dict("records"):
        values = cells_of(arrow["table"]).set_index(key)["value"]
        place = arrow["dataset"], arrow["student_model"]
        old, new = (float(values[*place, arrow[way]]) for way in ("old", "new"))
        gain = relative_gain(old, new)
        lines.append({
            "where": arrow["table"], "dataset": place[0], "model": place[1],
            "old": arrow["old"], "old_value": old, "new": arrow["new"],
            "new_value": new, "printed_%": arrow["printed"],
            "of_new_%": round(100 * gain.of_new, 1),
            "of_old_%": round(100 * gain.of_old, 1),
        })  # fmt: skip
    return pd.DataFrame(lines)


def own_gains(main: pd.DataFrame, new: str = PAIR) -> pd.DataFrame:
    """Our gains of one student over every other on the first split, both ways."""
    first = main[main["split"].isin(main["split"].iloc[:1])]
    scores = first.set_index("student")["accuracy"].to_dict()
    lines = []
    for old in [name for name in scores if name != new and new in scores]:
        gain = relative_gain(scores[old], scores[new])
        lines.append({
            "old": old, "old_value": round(100 * scores[old], 2), "new": new,
            "new_value": round(100 * scores[new], 2),
            "of_new_%": round(100 * gain.of_new, 1),
            "of_old_%": round(100 * gain.of_old, 1),
        })  # fmt: skip
    return pd.DataFrame(lines)


def _compare(rows: pd.DataFrame, where: str, scale: str) -> list[dict[str, Any]]:
    """Our test rows beside the same cell; where there is none, beside the nearest ones.

    Nearest are those of the same benchmark, or of GSM8K, which is most like
    `gradeschool`.  Arms that answer to no cell have no line.
    """
    cells, lines = cells_of(where), []
    for ours in rows[rows["split"] == "test"].to_dict("records"):
        if "ours" in cells:
            theirs = cells[cells["ours"] == ours["student"]]
        else:
            column = column_of(ours["student"], ours["dataset"])
            theirs = cells[cells["supervision"] == column]
        data = _dataset(ours["dataset"], cells)
        reason = _why_not(ours["dataset"], ours["model"], theirs, cells, scale)
        shown = theirs[theirs["dataset"] == (data or "GSM8K")]
        if not reason:
            shown = shown[shown["student_model"] == model_in_paper(ours["model"])]
        for cell in shown.to_dict("records"):
            own = {name: ours[name] for name in OWN}
            place = {"paper_dataset": cell["dataset"],
                     "paper_model": cell["student_model"],
                     "paper_supervision": cell["supervision"]}  # fmt: skip
            note = reason or NOTES.get(ours["student"], cell["note"])
            value = round(cell["value"] / 100, 4)
            lines.append(compare_with_paper(own | place, value, not reason, note))
    return lines


def _why_not(
    dataset: str, model: str, theirs: pd.DataFrame, cells: pd.DataFrame, scale: str
) -> str:
    """Why ours may not be compared with the paper's values; empty where it may."""
    data, size = _dataset(dataset, cells), model_in_paper(model)
    if scale == "smoke":
        return SMOKE
    same = (theirs["dataset"] == data) & (theirs["student_model"] == size)
    if same.any() and dataset != OTHER_SPLIT:
        another = "another scale, so another recipe: not comparable"
        return "" if scale == "paper" else another
    names = []
    if data is None:
        names.append("dataset")
    elif dataset == OTHER_SPLIT:
        names.append("split")
    if size is None or not names:
        names.append("model")
    return f"other {' and '.join(names)}: not comparable"


def _dataset(name: str, cells: pd.DataFrame) -> str | None:
    """The paper's name of a benchmark, or None where `cells` lack it."""
    data = DATASETS.get(name)
    return data if data in set(cells["dataset"]) else None
