"""Our scores beside the tables of Socratic CoT (Shridhar et al., 2023).

    >>> column_of("gt_steps", "strategyqa"), column_of("gt_steps", "gsm8k")
    ('GT Facts', 'GT Steps')

A score is compared only where benchmark, split, student model, scale and training are
the paper's, and judged only with all of its test problems and seeds.  SocGT is meant as
in its section 5 (docs/papers.md), and its SVAMP is our `multistep`.  Not covered:
Figure 4 (Table 2, rounded); Figures 5 and 7 (samples).
"""

from collections.abc import Iterable, Sequence
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils.benchmarks import known_size
from socratic_utils.files import read_json
from socratic_utils.metrics.alike import blocks
from socratic_utils.students.supervision import STUDENTS

from ..formats import SMOKE
from ..tables import over_seeds
from . import COPIED, NONE, compare_with_paper, paper_table, with_ours

PAIR, TABLE2 = "socratic_iterative", "socratic_cot_table2"
SEEDS = 3  # "at least three runs"
# Ours -> the paper's; SOCGT lists the ablations that are SocGT, the nearest first.
NAMES = read_json(Path(__file__).parent / "values" / "names.json")
DATASETS, PAPER_MODELS, SOCGT = NAMES["datasets"], NAMES["models"], NAMES["socgt"]
QUESTIONS = NAMES["questions"]


def cells_of(where: str) -> pd.DataFrame:
    """The cells of "Table 2", "Table 3", "Table 5" or "Figure 6", one per line."""
    name = where.removeprefix("socratic_cot_").lower().replace("figure ", "fig")
    table = paper_table(f"socratic_cot_{name.replace(' ', '')}")
    table = table[table["student_model"] != COPIED]
    places = ["dataset", "student_model"]
    return table.melt(places, var_name="supervision").dropna(ignore_index=True)


def column_of(student: str, dataset: str, table: str = "") -> str | None:
    """The column of a table, by default Table 2, for one of our arms, or None."""
    if table in NAMES["arms"]:
        return NAMES["arms"][table].get(student)
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


def one_socgt(rows: Sequence[dict]) -> list[dict]:
    """The rows without the meanings of SocGT that are farther than the nearest one."""
    have, first = {row["student"] for row in rows}, rows[0]["dataset"] if rows else ""
    known = [name for name in SOCGT.get(first, SOCGT["gsm8k"]) if name in have]
    return [row for row in rows if row["student"] not in known[1:]]


def beside(name: str, rows: Iterable[dict], scale: str, cut: str = "") -> pd.DataFrame:
    """Our test rows, of one or several seeds, below the cells of "socratic_cot_table2",
    "..._table3", "..._table5" or "..._fig6". `cut` says what the training lacks of the
    paper's: then nothing is compared.  In Table 2, students that have more problems
    than SocGT have a row on all of them too; elsewhere all arms are shown on the
    problems that they share."""
    rows = [row for row in rows if row["split"] == "test"
            and column_of(row["student"], row["dataset"], name)]  # fmt: skip
    rows = one_socgt(rows)
    parts = blocks(rows) if name == TABLE2 else blocks(rows)[-1:]
    lines = [line for part in parts for line in over_seeds(part).to_dict("records")]
    about = f" ({', '.join(dict.fromkeys(line['model'] for line in lines))})"
    return with_ours(name, [_placed(line, name, scale, cut) for line in lines], about)


def grid_beside(grid: pd.DataFrame) -> pd.DataFrame:
    """The table of all runs (`runner.runs.paper_grid`) in the shape of Table 2."""
    names = {"mean": "accuracy", "supervision": "column"}
    lines = grid[grid["seeds"] > 0].rename(columns=names).to_dict("records")
    return with_ours(TABLE2, [line | {"row": (line["dataset"], line["student_model"])}
                              for line in lines])  # fmt: skip


def questions_beside(
    questions: pd.DataFrame, *, dataset: str, student: str, scale: str, cut: str = ""
) -> pd.DataFrame:
    """`question_quality.quality_table` below Table 4 (GPT-2 Large on GSM8K).  BLEU is
    in 0 to 100, the others in 0 to 1; only #Q has an interval."""
    known, model, ours = dataset == "gsm8k", _model(student), []
    same = known and model == "GPT-2 Large"
    reason = _why_not(dataset, student, known, same, scale, cut)
    for row in questions.to_dict("records"):
        if guidance := QUESTIONS.get(row["student"]):
            place = {"n": row["n"], "row": (model, guidance), "reason": reason}
            count = "{same_count:.2f} ({ci_low:.2f}–{ci_high:.2f})".format_map(row)
            score = NONE if pd.isna(row["bert_f1"]) else f"{row['bert_f1']:.2f}"
            texts = {"BLEU": f"{row['bleu']:.1f}", "#Q": count, "BERTScore F1": score}
            ours += [place | {"column": c, "text": text} for c, text in texts.items()]
    return with_ours("socratic_cot_table4", ours, f" on {dataset}")


def gains() -> pd.DataFrame:
    """The paper's arrows: as printed, and relative to the new and to the old value."""
    arrows, lines = paper_table("socratic_cot_arrows"), []
    for where, data, model, old, new, _ in arrows.itertuples(index=False):
        values = _values(where)[data, model]
        gain = _gain(old, values[old], new, values[new])
        lines.append({"where": where, "dataset": data, "model": model, **gain})
    table = pd.DataFrame(lines)
    table.insert(7, "printed_%", arrows["printed"])
    return table


def own_gains(main: pd.DataFrame, new: str = PAIR) -> pd.DataFrame:
    """Our gains of one student over every other on the first split, both ways.
    ValueError if a student has several lines there, of other models or seeds."""
    first = main[main["split"].isin(main["split"].iloc[:1])]
    if first["student"].duplicated().any():
        raise ValueError("a student has several lines: give one run at a time")
    scores = (100 * first.set_index("student")["accuracy"]).round(2).to_dict()
    others = [name for name in scores if name != new and new in scores]
    return pd.DataFrame(_gain(old, scores[old], new, scores[new]) for old in others)


def _gain(old: str, before: float, new: str, after: float) -> dict[str, Any]:
    of_old, of_new = (round(100 * (after - before) / by, 1) if by else nan
                      for by in (before, after))  # fmt: skip
    return {"old": old, "old_value": before, "new": new, "new_value": after,
            "of_new_%": of_new, "of_old_%": of_old}  # fmt: skip


def _values(where: str) -> pd.Series:
    """The values of `cells_of`, by benchmark, student model and column."""
    names = ["dataset", "student_model", "supervision"]
    return cells_of(where).set_index(names)["value"].sort_index()


def _model(model: str) -> str:
    return model_in_paper(model) or model.rpartition("/")[2]


def _placed(line: dict[str, Any], name: str, scale: str, cut: str) -> dict[str, Any]:
    """A line of `over_seeds` with its place in a table of the paper, compared with the
    paper's value there or with a `reason` why not."""
    dataset, model, values = line["dataset"], line["model"], _values(name)
    column = column_of(line["student"], dataset, name)
    known = DATASETS.get(dataset) in values
    row = DATASETS[dataset] if known and dataset != "svamp" else dataset, _model(model)
    notes = NAMES["notes"].get(row[0], NAMES["notes"]["other"])
    note = "; ".join(notes[key] for key in ("", column) if key in notes)
    if line["student"] == "iterative, gold questions":
        note = NAMES["gold questions"]
    found = line | {"row": row, "column": column, "note": note}
    same = known and (*row, column) in values
    if reason := _why_not(dataset, model, known, same, scale, cut):
        return found | {"reason": reason}
    # A prompted teacher is decoded greedily: it has no seeds.
    seeds = SEEDS if name.endswith("table3") else line["seeds"]
    lacks = lacking(dataset, line["n"], seeds)
    return compare_with_paper(found, round(values[*row, column] / 100, 4), lacks=lacks)


def _why_not(dataset, model, known: bool, same: bool, scale: str, cut: str) -> str:
    """Why ours may not be compared with the paper's values; empty where it may."""
    if scale == "smoke":
        return SMOKE
    if known and dataset != "svamp":
        if not same:
            return "other model"
        return "another scale, so another recipe" if scale != "paper" else cut
    other = "split" if known else "dataset"
    return f"other {other}" + ("" if model_in_paper(model) else " and model")
