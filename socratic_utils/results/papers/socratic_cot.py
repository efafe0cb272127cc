"""P1's tables and Figure 6: what a run has, beside the verified values.

    >>> column_of("gt_steps", "strategyqa"), column_of("gt_steps", "gsm8k")
    ('GT Facts', 'GT Steps')
    >>> gains()[["old_value", "new_value", "of_new_%", "of_old_%"]].values.tolist()[0]
    [5.05, 6.44, 21.6, 27.5]

A line is one of our scores with the paper's value of the same cell: Table 2
(`beside_paper`), Tables 3 and 5 and Figure 6 (`beside_ablations`), Table 4
(`beside_questions`), from `resources/papers/`.  The difference, and whether our
interval covers the value, is told only where benchmark, split, student and scale are
the paper's; elsewhere its values are context, and the note says why.

SocGT has several meanings in P1; the rows taken for it are those of its section 5
(PAPERS.md 1.5).  SVAMP in P1 is the benchmark `multistep`; `svamp` is another split.
Not covered: Figure 4, which is Table 2 to rounding; Figures 5 and 7, which are samples;
P2's tables (`second_paper`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.metrics.statistics import relative_gain

SMOKE = "smoke scale: a random tiny model, the numbers mean nothing"
IN_PAPER = {  # our students, in their order -> column of P1, Table 2
    "answer_only": "Answer Only", "gt_steps": "GT Steps", "cot": "CoT",
    "socratic_unified": "Unified SocCoT", "socratic_iterative": "Iterative SocCoT",
}  # fmt: skip
PAIR = "socratic_iterative"
FACTS = {("strategyqa", "gt_steps"): "GT Facts"}  # its human-written steps are facts
SOCGT = {  # the ablations that are P1's SocGT by its section 5, the nearest first
    "gsm8k": ("iterative, questions of the teacher", "iterative, gold questions"),
    "strategyqa": ("iterative, teacher answers gold questions",),
}
DATASETS = {"gsm8k": "GSM8K", "strategyqa": "StrategyQA", "multistep": "SVAMP",
            "svamp": "SVAMP"}  # fmt: skip
OTHER_SPLIT = ("svamp",)  # 800 and 200 problems, not P1's multi-step ones
SIZES = {"": "Small", "medium": "Medium", "large": "Large", "xl": "XL"}
PAPER_MODELS = {f"gpt2{size}": f"GPT-2 {name}" for size, name in SIZES.items()}
# where -> its file, and our row -> its column; of Table 3 the rows are prompts.
CELLS = {
    "Table 3": ("p1_table3", {"CoT": "CoT", "sub-questions": "sub-questions"}),
    "Table 5": ("p1_table5", {"no sub-question module": "no_subquestion_module",
                              PAIR: "iterative"}),
    "Figure 6": ("p1_fig6", {PAIR: "no_guide",
                             "iterative, predicted equations": "guide"}),
}  # fmt: skip
QUESTIONS = {  # our question generators -> the guidance of P1, Table 4
    PAIR: "none", "iterative, predicted equations": "equations",
    "iterative, gold equations": "equations",
}  # fmt: skip
MEASURES = {"bleu": "BLEU", "bert_f1": "BERTScore F1", "same_count": "#Q"}
GUIDED = "P1's value includes the equation guide (its figure 6)"
NOTES = {  # of a student or a column, on a benchmark or on any
    ("GSM8K", "iterative, gold questions"): "gold questions, P1's are the LLM's",
    ("GSM8K", "Iterative SocCoT"): GUIDED,
    ("", "Iterative SocCoT"): "P1 guides by the number of facts or steps here; it does "
                              "not say whether in this value",
    ("GSM8K", "Iterative SocGT"): "P1's section 5: the LLM's questions when solving",
    ("StrategyQA", "Iterative SocGT"): "P1's section 5: provided questions, the "
                                       "teacher's answers",
    ("", "iterative"): GUIDED,
    ("", "guide"): "our planner writes the guides; P1 does not name its model",
}  # fmt: skip
OWN = ["dataset", "model", "student", "n", "correct", "accuracy", "ci_low", "ci_high"]
PAPERS = ["paper_dataset", "paper_model", "paper_supervision", "paper", "difference",
          "covered", "note"]  # fmt: skip
QUALITY = ["student", "measure", "n", "ours", "low", "high", "paper_value", "gap",
           "covered", "note"]  # fmt: skip


def paper_table(name: str = "p1_table2") -> pd.DataFrame:
    """A table of a paper, as `resources/papers/` has it; accuracies are in percent.

    P1's Tables 2 to 5, its arrows and Figures 4 and 6, P2's Tables 2, 3 and Figure 5.
    """
    return pd.read_csv(Path(__file__).parent / "values" / f"{name}.csv")


def table2() -> pd.DataFrame:
    """P1, Table 2, without the line that it copies from Cobbe et al. (GPT-3 6B)."""
    return paper_table()[lambda table: table["student_model"] != "GPT-3 6B"]


def column_of(student: str, dataset: str) -> str | None:
    """The column of P1, Table 2, that one of our students answers to; None: of none."""
    data = _plain(dataset)
    if student in SOCGT.get(data, SOCGT["gsm8k"]):
        return "Iterative SocGT"
    return FACTS.get((data, student), IN_PAPER.get(student))


def beside_paper(main: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Test accuracies of `results.main_table` beside P1, Table 2; all are fractions.

    Rows of ablations are welcome among them: those that mean SocGT have a cell.
    """
    lines, cells = [], table2()
    for ours in main[main["split"] == "test"].to_dict("records"):
        lines += _compared(ours, column_of(ours["student"], ours["dataset"]), cells,
                           scale)  # fmt: skip
    return pd.DataFrame(lines, columns=[*OWN, *PAPERS])


def beside_ablations(
    main: pd.DataFrame, prompting: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """Test accuracies beside P1's Tables 3 and 5 and Figure 6, as fractions.

    `main` is `results.main_table` of the students and of the ablations, `prompting` is
    `two_stage.table`; the latter may be empty.
    """
    prompted = prompting.rename(columns={"prompt": "student"})
    prompted = prompted.assign(dataset=settings.dataset, model=settings.teacher)
    tested, lines = main[main["split"] == "test"], []
    for where, (name, columns) in CELLS.items():
        rows, cells = prompted if where == "Table 3" else tested, _cells(name)
        for ours in rows.to_dict("records"):
            column = columns.get(ours["student"])
            found = _compared(ours, column, cells, settings.scale)
            lines += [{"where": where, **line} for line in found]
    return pd.DataFrame(lines, columns=["where", *OWN, *PAPERS])


def beside_questions(questions: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """`question_quality.quality_table` beside P1, Table 4 (GPT-2 Large on GSM8K).

    BLEU is in 0 to 100, the others in 0 to 1; only #Q has an interval.
    """
    place = {"dataset": settings.dataset, "model": settings.student}
    paper = paper_table("p1_table4").set_index("guidance")
    cells, lines = paper.assign(dataset="GSM8K"), []
    reason = _why_not(place, cells, cells, settings.scale)
    for ours in questions.to_dict("records"):
        guidance = QUESTIONS.get(ours["student"])
        for name, told in MEASURES.items() if guidance else ():
            value, own = float(paper.loc[guidance, name]), ours[name]
            had = not pd.isna(own)
            note = reason if had else "BERTScore could not be had here"
            if "gold" in ours["student"] and not note:
                note = "gold equations: an upper bound of predicted ones"
            bounds = ("ci_low", "ci_high") if name == "same_count" else ()
            low, high = [ours[bound] for bound in bounds] or (None, None)
            same = had and not reason
            gap = round(own - value, 4) if same else None
            covered = _covers(low, value, high) if same and bounds else None
            lines.append([ours["student"], told, ours["n"], own if had else None, low,
                          high, value, gap, covered, note])  # fmt: skip
    return pd.DataFrame(lines, columns=QUALITY)


def gains() -> pd.DataFrame:
    """P1's own arrows: as printed there, and relative to the new and the old value.

    Those of Table 2 set SocGT against GT Steps (GSM8K) or GT Facts (StrategyQA).
    """
    values = pd.concat([table2().assign(table="Table 2"),
                        _cells("p1_table3").assign(table="Table 3")])  # fmt: skip
    key = ["table", "dataset", "student_model", "supervision"]
    values, lines = values.set_index(key)["value"], []
    for arrow in paper_table("p1_arrows").to_dict("records"):
        place = tuple(arrow[name] for name in key[:3])
        old, new = (float(values[*place, arrow[way]]) for way in ("old", "new"))
        gain = relative_gain(old, new)
        both = round(100 * gain.of_new, 1), round(100 * gain.of_old, 1)
        told = arrow["old"], old, arrow["new"], new, arrow["printed"]
        lines.append([*place, *told, *both])
    return pd.DataFrame(lines, columns=[
        "where", "dataset", "model", "old", "old_value", "new", "new_value",
        "printed_%", "of_new_%", "of_old_%",
    ])  # fmt: skip


def saved(settings: Settings, name: str) -> pd.DataFrame:
    """A table that an earlier notebook of this run saved; empty where there is none.

    With reused rows it is the committed run's.
    """
    path = settings.source / "tables" / f"{name}.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame()


def _cells(name: str) -> pd.DataFrame:
    """A table of GSM8K in the form of Table 2: student_model, supervision, value."""
    paper = paper_table(name).assign(dataset="GSM8K")
    if "prompt" in paper:
        return paper.rename(columns={"model": "student_model", "prompt": "supervision"})
    return paper.melt(["dataset", "student_model"], var_name="supervision")


def _compared(
    ours: dict[str, Any], column: str | None, cells: pd.DataFrame, scale: str
) -> list[dict]:
    """Ours beside the same cell; where there is none, beside all that are nearest.

    Nearest are those of the same benchmark, or of GSM8K, which is most like
    `gradeschool`.  Without a column there is no line.
    """
    theirs = cells[cells["supervision"] == column]
    data = _dataset(ours, cells)
    reason = _why_not(ours, theirs, cells, scale)
    shown = theirs[theirs["dataset"] == (data or "GSM8K")]
    if not reason:
        shown = shown[shown["student_model"] == _model(ours)]
    lines = []
    for cell in shown.to_dict("records"):
        value = round(cell["value"] / 100, 4)
        difference, covered, note = None, None, reason
        if not reason:
            difference = round(ours["accuracy"] - value, 4)
            covered = _covers(ours["ci_low"], value, ours["ci_high"])
            note = _note(cell["dataset"], ours["student"], str(column))
        place = cell["dataset"], cell["student_model"], column, value
        lines.append({name: ours[name] for name in OWN}
                     | dict(zip(PAPERS, [*place, difference, covered, note],
                                strict=True)))  # fmt: skip
    return lines


def _why_not(
    ours: dict[str, Any], theirs: pd.DataFrame, cells: pd.DataFrame, scale: str
) -> str:
    """Why ours may not be compared with the paper's values; empty where it may."""
    data, model = _dataset(ours, cells), _model(ours)
    if scale == "smoke":
        return SMOKE
    split = _plain(ours["dataset"]) in OTHER_SPLIT and data is not None
    same = (theirs["dataset"] == data) & (theirs["student_model"] == model)
    if same.any() and not split:
        return "" if scale == "paper" else (
            "another scale, so another recipe: not comparable")  # fmt: skip
    names = ["dataset"] * (data is None) + ["split"] * split + ["model"] * (
        model is None)  # fmt: skip
    return f"other {' and '.join(names or ['model'])}: not comparable"


def _note(dataset: str, student: str, column: str) -> str:
    places = (dataset, student), (dataset, column), ("", column)
    notes = [next((NOTES[place] for place in places if place in NOTES), "")]
    if dataset == "SVAMP":
        notes.append("1,065 training problems, P1 has 761 of them")
    return "; ".join(filter(None, notes))


def _dataset(ours: dict[str, Any], cells: pd.DataFrame) -> str | None:
    name = DATASETS.get(_plain(ours["dataset"]))
    return name if name in set(cells["dataset"]) else None


def _model(ours: dict[str, Any]) -> str | None:
    return PAPER_MODELS.get(_plain(ours["model"].rpartition("/")[2]))


def _covers(low: float, value: float, high: float) -> str:
    return "yes" if low <= value <= high else "no"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
