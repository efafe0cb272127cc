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

from socratic_utils.config import Settings
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
# Where -> its file, and our arm -> its column; the rows of Table 3 are prompts.
CELLS = {
    "Table 3": ("table3", {"CoT": "CoT", "sub-questions": "sub-questions"}),
    "Table 5": ("table5", {"no sub-question module": "no_subquestion_module",
                           PAIR: "iterative"}),
    "Figure 6": ("fig6", {PAIR: "no_guide", "iterative, predicted equations": "guide"}),
}  # fmt: skip
QUESTIONS = {  # our question generators -> the guidance of Table 4
    PAIR: "none", "iterative, predicted equations": "equations",
    "iterative, gold equations": "equations",
}  # fmt: skip
MEASURES = {"bleu": "BLEU", "bert_f1": "BERTScore F1", "same_count": "#Q"}
GUIDED = "the paper's value includes the equation guide (its Figure 6)"
NOTES = {  # (benchmark or "" for any, student or column) -> what differs
    ("GSM8K", "iterative, gold questions"): "gold questions, the paper's are the LLM's",
    ("GSM8K", "Iterative SocCoT"): GUIDED,
    ("", "Iterative SocCoT"): "the paper guides by the number of facts or steps here; "
                              "it does not say whether in this value",
    ("GSM8K", "Iterative SocGT"): "section 5: the LLM's questions at test time",
    ("StrategyQA", "Iterative SocGT"): "section 5: provided questions, the teacher's "
                                       "answers",
    ("", "iterative"): GUIDED,
    ("", "guide"): "our planner writes the guides; the paper does not name its model",
}  # fmt: skip
FEWER = "1,065 training problems, the paper has 761 of them"
OWN = ["dataset", "model", "student", "n", "correct", "accuracy", "ci_low", "ci_high"]
PAPER = ["paper_dataset", "paper_model", "paper_supervision", "paper", "difference",
         "covered", "note"]  # fmt: skip
QUALITY = ["student", "measure", "n", "ours", "low", "high", "paper_value", "gap",
           "covered", "note"]  # fmt: skip


def table2() -> pd.DataFrame:
    """Table 2 without the line that it copies from Cobbe et al. (GPT-3 6B)."""
    paper = paper_table("socratic_cot_table2")
    return paper[paper["student_model"] != "GPT-3 6B"]


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
    lines, cells = [], table2()
    for ours in main[main["split"] == "test"].to_dict("records"):
        column = column_of(ours["student"], ours["dataset"])
        lines += _compared(ours, column, cells, scale)
    return pd.DataFrame(lines, columns=[*OWN, *PAPER])


def compare_ablations(
    main: pd.DataFrame, prompting: pd.DataFrame, *, dataset: str, teacher: str,
    scale: str,
) -> pd.DataFrame:  # fmt: skip
    """Test accuracies beside Tables 3 and 5 and Figure 6, as fractions.

    `main` is `main_table` of students and ablations; `prompting` is the table of the
    teacher's two prompts on `dataset`, which may be empty.
    """
    prompted = prompting.rename(columns={"prompt": "student"})
    prompted = prompted.assign(dataset=dataset, model=teacher)
    tested, lines = main[main["split"] == "test"], []
    for where, (name, columns) in CELLS.items():
        rows, cells = prompted if where == "Table 3" else tested, _cells(name)
        for ours in rows.to_dict("records"):
            found = _compared(ours, columns.get(ours["student"]), cells, scale)
            lines += [{"where": where, **line} for line in found]
    return pd.DataFrame(lines, columns=["where", *OWN, *PAPER])


def compare_questions(
    questions: pd.DataFrame, *, dataset: str, student: str, scale: str
) -> pd.DataFrame:
    """Quality of the sub-questions beside Table 4 (GPT-2 Large on GSM8K).

    `questions` is `question_quality.quality_table` of a run with this student model.
    BLEU is in 0 to 100, the others in 0 to 1; only #Q has an interval.
    """
    paper = paper_table("socratic_cot_table4").set_index("guidance")
    cells, lines = paper.assign(dataset="GSM8K"), []
    reason = _why_not(dataset, student, cells, cells, scale)
    for row in questions.to_dict("records"):
        guidance = QUESTIONS.get(row["student"])
        for name, measure in MEASURES.items() if guidance else ():
            has_interval, note = name == "same_count", reason
            if pd.isna(row[name]):
                note = "BERTScore is not available here"
            elif "gold" in row["student"] and not note:
                note = "gold equations: an upper bound of predicted ones"
            ours = {
                "student": row["student"], "measure": measure, "n": row["n"],
                "ours": row[name], "ci_low": row["ci_low"] if has_interval else None,
                "ci_high": row["ci_high"] if has_interval else None,
            }  # fmt: skip
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
    values = pd.concat([table2().assign(table="Table 2"),
                        _cells("table3").assign(table="Table 3")])  # fmt: skip
    key = ["table", "dataset", "student_model", "supervision"]
    values, lines = values.set_index(key)["value"], []
    for arrow in paper_table("socratic_cot_arrows").to_dict("records"):
        place = tuple(arrow[name] for name in key[:3])
        old, new = (float(values[*place, arrow[way]]) for way in ("old", "new"))
        gain = relative_gain(old, new)
        lines.append({
            **dict(zip(("where", "dataset", "model"), place, strict=True)),
            "old": arrow["old"], "old_value": old, "new": arrow["new"],
            "new_value": new, "printed_%": arrow["printed"],
            "of_new_%": round(100 * gain.of_new, 1),
            "of_old_%": round(100 * gain.of_old, 1),
        })  # fmt: skip
    return pd.DataFrame(lines)


def _cells(name: str) -> pd.DataFrame:
    """A table of GSM8K in the form of Table 2: student_model, supervision, value."""
    paper = paper_table(f"socratic_cot_{name}").assign(dataset="GSM8K")
    if "prompt" in paper:
        return paper.rename(columns={"model": "student_model", "prompt": "supervision"})
    return paper.melt(["dataset", "student_model"], var_name="supervision")


def _compared(
    ours: dict[str, Any], column: str | None, cells: pd.DataFrame, scale: str
) -> list[dict]:
    """Ours beside the same cell; where there is none, beside the nearest ones.

    Nearest are those of the same benchmark, or of GSM8K, which is most like
    `gradeschool`.  Without a column there is no line.
    """
    theirs = cells[cells["supervision"] == column]
    data = _dataset(ours["dataset"], cells)
    reason = _why_not(ours["dataset"], ours["model"], theirs, cells, scale)
    shown = theirs[theirs["dataset"] == (data or "GSM8K")]
    if not reason:
        shown = shown[shown["student_model"] == model_in_paper(ours["model"])]
    lines = []
    for cell in shown.to_dict("records"):
        place = {"paper_dataset": cell["dataset"], "paper_model": cell["student_model"],
                 "paper_supervision": column}  # fmt: skip
        own = {name: ours[name] for name in OWN} | place
        note = reason or _note(cell["dataset"], ours["student"], str(column))
        value = round(cell["value"] / 100, 4)
        lines.append(compare_with_paper(own, value, not reason, note))
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


def _note(dataset: str, student: str, column: str) -> str:
    places = (dataset, student), (dataset, column), ("", column)
    notes = [next((NOTES[place] for place in places if place in NOTES), "")]
    notes.append(FEWER if dataset == "SVAMP" else "")
    return "; ".join(filter(None, notes))


def _dataset(name: str, cells: pd.DataFrame) -> str | None:
    """The paper's name of a benchmark, or None where `cells` lack it."""
    data = DATASETS.get(name)
    return data if data in set(cells["dataset"]) else None


# --- moves to experiments -------------------------------------------------------------


def saved(settings: Settings, name: str) -> pd.DataFrame:
    """A table that an earlier notebook of this run saved; empty where there is none.

    With reused rows it is the committed run's.
    """
    path = settings.source / "tables" / f"{name}.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame()
