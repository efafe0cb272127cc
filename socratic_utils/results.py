"""From prediction rows to tables: CSV, Markdown and LaTeX, beside the paper's values.

    rows = read_predictions(settings.folder / "predictions")
    save_tables(rows, problems, settings.folder / "tables", settings.scale)

Shares are fractions rounded to 4 digits in the data and in CSV, and percentages where
people read them.  Intervals are 95 % Wilson intervals of problems, so they do not hold
the spread between seeds.  The paper's values are those of P1, Table 2, in
`resources/papers/p1_table2.csv`.  Not covered: P2's tables.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import combinations
from pathlib import Path

import pandas as pd

from .metrics import ERRORS, accuracy, first_error, mcnemar
from .problems import Problem, read_rows
from .report import to_latex, to_markdown
from .runs import write_atomic

STUDENTS = (
    "answer_only", "gt_steps", "cot", "socratic_unified", "socratic_iterative",
)  # fmt: skip
SPLITS = ("test", "challenge", "validation", "train")
RUN = ["dataset", "split", "student", "model", "teacher", "seed"]
KEY = ["dataset", "split", "student"]
SCORE = ["n", "correct", "accuracy", "ci_low", "ci_high"]
SMOKE = "smoke scale: a random tiny model, the numbers mean nothing"
OTHER = "other dataset and model: not comparable"
IN_PAPER = {  # our student -> column of P1, Table 2
    "answer_only": "Answer Only", "gt_steps": "GT Steps", "cot": "CoT",
    "socratic_unified": "Unified SocCoT", "socratic_iterative": "Iterative SocCoT",
}  # fmt: skip
PAPER_MODELS = {
    "gpt2": "GPT-2 Small", "gpt2medium": "GPT-2 Medium", "gpt2large": "GPT-2 Large",
    "gpt2xl": "GPT-2 XL",
}  # fmt: skip
PAPER_DATA = {"gsm8k": "GSM8K", "strategyqa": "StrategyQA", "svamp": "SVAMP"}
MAIN_CAPTION = "Accuracy of every student with its 95 % Wilson interval."
PAPER_CAPTION = "Our test accuracy beside P1, Table 2."
STRICT_CAPTION = "Answers after the mark only, where that changes a verdict."
ERROR_CAPTION = (
    "Where wrong answers first go wrong: shares of a student's wrong answers."
)
PAIRED_CAPTION = (
    "problems that only one of two students solves; exact McNemar p-values, not"
    " corrected for the number of pairs."
)
GUIDED = "P1's iterative values include the equation guide (its figure 6)"


def read_predictions(folder: str | Path) -> list[dict]:
    """All rows of `<folder>/*.jsonl`; ValueError on a row that lacks what tables need."""
    rows = []
    for path in sorted(Path(folder).glob("*.jsonl")):
        for number, row in read_rows(path):
            missing = {"id", "correct", "truncated", *RUN} - set(row)
            if missing:
                raise ValueError(f"{path}, line {number}: no {sorted(missing)}")
            rows.append(row)
    return rows


def main_table(rows: Iterable[dict]) -> pd.DataFrame:
    """One line a run: DESIGN's `tables/main.csv`; `truncated` is a share.

    Raises ValueError when a run holds a problem twice.
    """
    lines = []
    for key, group in _groups(rows, RUN).items():
        if len({row["id"] for row in group}) < len(group):
            raise ValueError(f"{key}: a problem was predicted twice")
        cut = round(sum(bool(row["truncated"]) for row in group) / len(group), 4)
        lines.append([*key, *accuracy(group).values(), cut])
    return pd.DataFrame(lines, columns=[*RUN, *SCORE, "truncated"])


def paired_table(rows: Iterable[dict], split: str | None = None) -> pd.DataFrame:
    """Every two students on the same problems and seeds of one split of one dataset.

    `only_a` problems are solved by A alone; the p-value is McNemar's, exact, two-sided
    and not corrected for the number of pairs.  Without `split`, the main one: test, if
    there.  Problems that only one of the two met are left out, with a warning.  Raises
    ValueError on several datasets, and on a student with several models.
    """
    groups = _groups(rows, ["split", "student"])
    split = split or next((name for name, _ in groups), None)
    verdicts = {}
    for (name, student), group in groups.items():
        if name == split:
            verdicts[student] = {(r["seed"], r["id"]): r["correct"] for r in group}
            if len(verdicts[student]) < len(group) or len(_groups(group, KEY)) > 1:
                raise ValueError(f"{student}: give one dataset and one model at a time")
    lines = []
    for (name_a, a), (name_b, b) in combinations(verdicts.items(), 2):
        if a.keys() != b.keys():
            warnings.warn(f"{name_a}, {name_b}: not the same problems", stacklevel=2)
        both = a.keys() & b.keys()
        only_a = sum(bool(a[key] and not b[key]) for key in both)
        only_b = sum(bool(b[key] and not a[key]) for key in both)
        p_value = float(f"{mcnemar(only_a, only_b):.6g}")
        lines.append([name_a, name_b, only_a, only_b, p_value])
    columns = ["student_a", "student_b", "only_a", "only_b", "p_value"]
    return pd.DataFrame(lines, columns=columns)


def strict_table(rows: Iterable[dict]) -> pd.DataFrame:
    """Answers after the mark only, where that changes a verdict; else no line."""
    lines = []
    for key, group in _groups(rows, KEY).items():
        group = [row for row in group if row.get("correct_strict") is not None]
        if any(bool(row["correct"]) != bool(row["correct_strict"]) for row in group):
            flexible, strict = accuracy(group), accuracy(group, "correct_strict")
            shares = flexible["accuracy"], strict["accuracy"]
            counts = len(group), flexible["correct"], strict["correct"]
            lines.append([*key, *counts, *shares])
    names = [
        f"{a}_{b}" for a in ("correct", "accuracy") for b in ("flexible", "strict")
    ]
    return pd.DataFrame(lines, columns=[*KEY, "n", *names])


def by_steps(rows: Iterable[dict]) -> pd.DataFrame:
    """Accuracy by the number of gold steps (problems without gold steps: left out)."""
    return _scores((r for r in rows if r.get("steps_gold")), [*KEY, "steps_gold"])


def by_group(rows: Iterable[dict]) -> pd.DataFrame:
    """Accuracy on seen and unseen story families, and by challenge variant.

    `grouping` is "family" or "variant"; a row counts once in each that it has.
    """
    named = []
    for row in rows:
        if row.get("unseen") is not None:
            group = "unseen" if row["unseen"] else "seen"
            named.append({**row, "grouping": "family", "group": group})
        if row.get("variant"):
            named.append({**row, "grouping": "variant", "group": row["variant"]})
    return _scores(named, [*KEY, "grouping", "group"])


def error_table(rows: Iterable[dict], problems: Iterable[Problem]) -> pd.DataFrame:
    """Where wrong answers first go wrong (`metrics.first_error`), zero counts too.

    `share` is the share of the student's wrong answers; `step` the mean step, from 1.
    Raises KeyError on a row whose problem is not among `problems`.
    """
    known = {problem.id: problem for problem in problems}
    lines = []
    for key, group in _groups(rows, KEY).items():
        steps = defaultdict(list)
        for row in group:
            kind, step = first_error(row, known[row["id"]])
            steps[kind].append(step)
        wrong = len(group) - len(steps["none"])
        for kind in ERRORS:
            at = [step + 1 for step in steps[kind] if step is not None]
            mean = round(sum(at) / len(at), 2) if at else None
            share = round(len(steps[kind]) / wrong, 4) if wrong else None
            lines.append([*key, kind, wrong, len(steps[kind]), share, mean])
    columns = [*KEY, "error", "wrong", "count", "share", "step"]
    return pd.DataFrame(lines, columns=columns)


def paper_table() -> pd.DataFrame:
    """P1, Table 2, tidy; `value` in percent."""
    file = resources.files(__package__) / "resources" / "papers" / "p1_table2.csv"
    with file.open(encoding="utf-8") as text:
        return pd.read_csv(text)


def beside_paper(main: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Our test accuracies beside P1, Table 2; all values are fractions.

    Where dataset and student model correspond: `difference` (ours - paper) and whether
    our interval covers the paper's value.  Else the paper's values stand as context:
    of the same dataset, or of GSM8K, whose problems are most like `gradeschool`.
    """
    paper, lines = paper_table(), []
    for ours in main[main["split"] == "test"].to_dict("records"):
        column = IN_PAPER.get(ours["student"])
        data = PAPER_DATA.get(_plain(ours["dataset"]).replace("asdiv", ""))
        model = PAPER_MODELS.get(_plain(ours["model"].rpartition("/")[2]))
        theirs = paper[paper["supervision"] == column]
        same = theirs[(theirs["dataset"] == data) & (theirs["student_model"] == model)]
        comparable = len(same) > 0 and scale != "smoke"
        context = theirs[theirs["dataset"] == (data or "GSM8K")]
        for cell in (same if comparable else context).to_dict("records"):
            value = round(cell["value"] / 100, 4)
            verdict = None, None, _why_not(data, model, scale)
            if comparable:
                covers = "yes" if ours["ci_low"] <= value <= ours["ci_high"] else "no"
                note = GUIDED if column == "Iterative SocCoT" else ""
                verdict = round(ours["accuracy"] - value, 4), covers, note
            own = [ours[name] for name in ("dataset", "model", "student", *SCORE)]
            place = cell["dataset"], cell["student_model"], column, value
            lines.append([*own, *place, *verdict])
    columns = ["dataset", "model", "student", *SCORE, "paper_dataset", "paper_model"]
    columns += ["paper_supervision", "paper", "difference", "covered", "note"]
    return pd.DataFrame(lines, columns=columns)


def _why_not(data: str | None, model: str | None, scale: str) -> str:
    if scale == "smoke":
        return SMOKE
    if data is None:
        return OTHER if model is None else "other dataset: not comparable"
    return "other model: not comparable"


def save_table(
    table: pd.DataFrame, folder: str | Path, name: str, caption: str, scale: str = ""
) -> Path:
    """Write `<name>.csv`, `.md`, `.tex` (booktabs) and `.caption`; the CSV's path.

    CSV keeps the values; Markdown and LaTeX show shares in percent.  At smoke scale
    the caption says that the numbers mean nothing.  ValueError on a `name` that is no
    plain file name.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"a table's name is letters, digits, _ and -, not {name!r}")
    caption = f"{caption} ({SMOKE})" if scale == "smoke" else caption
    base = Path(folder) / name
    write_atomic(base.with_suffix(".caption"), caption + "\n")
    write_atomic(base.with_suffix(".md"), to_markdown(table, caption))
    write_atomic(base.with_suffix(".tex"), to_latex(table, caption, name))
    return write_atomic(base.with_suffix(".csv"), table.to_csv(index=False))


def save_tables(
    rows: Sequence[dict], problems: Iterable[Problem], folder: str | Path, scale: str
) -> dict[str, pd.DataFrame]:
    """Make and save every table of one dataset; the tables by name.

    `main`, `paired` (its main split) and `paired_<split>`, `strict`, `by_steps`,
    `by_group`, `errors`, `beside_paper`.
    """
    main = main_table(rows)
    splits = list(dict.fromkeys(main["split"]))
    tables = {
        "main": (main, MAIN_CAPTION),
        "beside_paper": (beside_paper(main, scale), PAPER_CAPTION),
        "strict": (strict_table(rows), STRICT_CAPTION),
        "by_steps": (by_steps(rows), "Accuracy by the number of gold steps."),
        "by_group": (by_group(rows), "Accuracy by story family and by variant."),
        "errors": (error_table(rows, problems), ERROR_CAPTION),
    }
    for split in splits:
        name = "paired" if split == splits[0] else f"paired_{split}"
        caption = f"Split {split}: {PAIRED_CAPTION}"
        tables[name] = paired_table(rows, split), caption
    for name, (table, caption) in tables.items():
        save_table(table, folder, name, caption, scale)
    return {name: table for name, (table, _) in tables.items()}


def _scores(rows: Iterable[dict], names: list[str]) -> pd.DataFrame:
    groups = _groups(rows, names).items()
    lines = [[*key, *accuracy(group).values()] for key, group in groups]
    return pd.DataFrame(lines, columns=[*names, *SCORE])


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _groups(rows: Iterable[dict], names: Sequence[str]) -> dict[tuple, list[dict]]:
    """Rows by the values of these columns, splits and students in their fixed order."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return dict(sorted(groups.items(), key=lambda item: [_rank(v) for v in item[0]]))


def _rank(value: object) -> tuple:
    order = [*SPLITS, *STUDENTS]
    if value in order:
        return 0, order.index(value), ""
    return (1, value, "") if isinstance(value, int | float) else (2, 0, str(value))
