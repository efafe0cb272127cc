"""From prediction rows to tables, saved as CSV, Markdown and LaTeX.

    save_tables(rows, problems, folder / "tables", scale="small")

Shares are fractions in CSV and percentages where people read them.  Wilson intervals
are over problems: they do not include the spread between seeds.  The rows of a table
are those that `metrics.alike` keeps: its arms have the same problems and decoding, and
one dataset, model, seed and teacher where there is no column for it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pandas as pd

from socratic_utils.files import write_atomic
from socratic_utils.metrics import accuracy, comparison, first_error, paired
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.comparison import FEWEST_SEEDS, verdicts
from socratic_utils.metrics.errors import ERRORS
from socratic_utils.problems import Problem
from socratic_utils.students.base_models import SIZES
from socratic_utils.students.supervision import STUDENTS

from .formats import SMOKE, TEXTS, percent, to_csv, to_latex, to_markdown

RUN = ["dataset", "split", "student", "model", "teacher", "seed"]
KEY = RUN[:3]
SCORE = ["n", "correct", "accuracy", "ci_low", "ci_high"]
SHOWN = ["split", "student", *SCORE[2:], "n", "correct", "truncated"]  # for readers
ORDER = "test seen unseen challenge validation train".split()  # splits, families
CAPTIONS = TEXTS["tables"]


def scores_by(
    rows: Iterable[dict], names: Sequence[str], column: str = "correct"
) -> pd.DataFrame:
    """One line per value of these columns: n, correct, accuracy and its interval."""
    groups = _groups(rows, names).items()
    lines = [[*key, *accuracy(group, column).values()] for key, group in groups]
    return pd.DataFrame(lines, columns=[*names, *SCORE])


def main_table(rows: Iterable[dict]) -> pd.DataFrame:
    """One line per run and student; ValueError when a run holds a problem twice.  The
    caption in `attrs` says what guessing would score."""
    rows = alike(rows, RUN)
    cut = scores_by(rows, RUN, "truncated")["accuracy"]
    table = scores_by(rows, RUN).assign(truncated=cut)
    table.attrs["caption"] = guessing(rows) if rows else ""
    return table


def guessing(rows: Iterable[dict]) -> str:
    """A sentence on the score of a split's most frequent gold answer, by split."""
    gold, shares = defaultdict(dict), []
    for row in rows:
        gold[row["split"]][row["id"]] = row["gold"]
    for split, answers in sorted(gold.items(), key=lambda item: _rank(item[0])):
        [(_, most)] = Counter(answers.values()).most_common(1)
        shares.append(f"{percent(most / len(answers))} ({split})")
    return f"Guessing the most frequent gold answer would score {', '.join(shares)}."


def strict_table(rows: Iterable[dict]) -> pd.DataFrame:
    """Strict and flexible extraction where they differ; no line where they agree."""
    rows = alike((r for r in rows if r.get("correct_strict") is not None), KEY)
    loose, strict = (scores_by(rows, KEY, c) for c in ("correct", "correct_strict"))
    strict = strict[[*KEY, *SCORE[1:3]]]
    both = loose.merge(strict, on=KEY, suffixes=("_flexible", "_strict"))
    names = "n correct_flexible correct_strict accuracy_flexible accuracy_strict"
    differ = both["correct_flexible"] != both["correct_strict"]
    return both.loc[differ, [*KEY, *names.split()]]


def by_steps(rows: Iterable[dict], score: Callable = scores_by) -> pd.DataFrame:
    """Accuracy by the number of gold steps, as `scores_by` or `over_seeds` has it;
    problems without gold steps are skipped."""
    return score((r for r in rows if r.get("steps_gold")), [*KEY, "steps_gold"])


def by_group(rows: Iterable[dict], score: Callable = scores_by) -> pd.DataFrame:
    """Accuracy by challenge variant; problems without one are skipped."""
    return score((r for r in rows if r.get("variant")), [*KEY, "variant"])


def error_table(rows: Iterable[dict], problems: Iterable[Problem]) -> pd.DataFrame:
    """First errors of the wrong answers, with their mean step (from 1).  KeyError if a
    row's problem is missing."""
    lines = []
    for key, found in _first_errors(rows, problems, KEY):
        wrong = sum(error.kind != "none" for error in found)
        for kind in ERRORS:
            own = [error.step for error in found if error.kind == kind]
            at = [step + 1 for step in own if step is not None]
            mean = round(sum(at) / len(at), 2) if at else None
            share = round(len(own) / wrong, 4) if wrong else None
            lines.append([*key, kind, wrong, len(own), share, mean])
    return pd.DataFrame(lines, columns=[*KEY, *"error wrong count share step".split()])


def errors_by_steps(rows: Iterable[dict], problems: Iterable[Problem]) -> pd.DataFrame:
    """First errors by the number of gold steps; problems without any are skipped."""
    names, lines = [*KEY, "steps_gold"], []
    rows = (row for row in rows if row.get("steps_gold"))
    for key, found in _first_errors(rows, problems, names):
        counts = [sum(error.kind == kind for error in found) for kind in ERRORS]
        lines.append([*key, len(found), sum(counts), *counts])
    return pd.DataFrame(lines, columns=[*names, "n", "wrong", *ERRORS])


def paired_table(rows: Iterable[dict], split: str = "") -> pd.DataFrame:
    """Every pair of students on the same `n` problems and seeds of one split.  `split`
    is the first by default.  McNemar's exact p-value is not corrected for the number of
    pairs."""
    rows = list(rows)
    split = split or min({row["split"] for row in rows}, key=_rank, default="")
    rows, lines = [row for row in rows if row["split"] == split], []
    groups = _groups(rows, ["student"], ["seed"]).items()
    right = {name: {(row["seed"], row["id"]): bool(row["correct"]) for row in group}
             for (name,), group in groups}  # fmt: skip
    for (name_a, a), (name_b, b) in combinations(right.items(), 2):
        lines.append([name_a, name_b, *paired((a[i], b[i]) for i in a), len(a)])
    names = ["student_a", "student_b", "only_a", "only_b", "p_value", "n"]
    return pd.DataFrame(lines, columns=names)


def over_seeds(rows: Iterable[dict], names: Sequence[str] = RUN[:5]) -> pd.DataFrame:
    """One line per value of these columns: mean accuracy over its seeds, sd, min, max
    of the trainings, and the 95 % interval over problems and trainings.  The variance
    between trainings is pooled over a split's arms; `by_seed` lists the accuracies in
    percent.  One seed has Wilson's interval, over problems alone."""
    own, lines = defaultdict(list), []
    for (*key, _), group in _groups(rows, [*names, "seed"]).items():
        own[tuple(key)] += group
    splits = {key: group[0]["split"] for key, group in own.items()}
    arms = {key: verdicts(group) for key, group in own.items()}
    for key, arm in arms.items():
        found = pd.Series(arm.by_training)
        others = [arms[other] for other in arms if splits[other] == splits[key]]
        low, high = comparison.interval(arm, others)
        shares = found.mean(), low, high, found.std(), found.min(), found.max()
        each = " ".join(f"{100 * x:.1f}" for x in found)
        shares = (round(share, 4) for share in shares)
        lines.append([*key, len(arm.ids), len(found), *shares, each])
    columns = "n seeds accuracy ci_low ci_high sd min max by_seed"
    return pd.DataFrame(lines, columns=[*names, *columns.split()])


def differences(
    rows: Iterable[dict], pairs: Sequence[tuple], decoded: Collection[str] = ()
) -> pd.DataFrame:
    """Arms minus their defaults: one line per (group, arm, default) of `pairs`, over
    the problems and seeds that both have; `by_seed` is in points.  The interval is over
    problems (story families), and trainings where an arm has several: their variance is
    pooled over the defaults.  For arms that are `decoded` from the trainings of their
    default it is that of the differences, pooled over all such arms."""
    own, compared, pool, lines = defaultdict(dict), {}, {}, []
    for row in rows:
        own[row["student"]][row["seed"], row["id"]] = row
    for group, *pair in pairs:
        shared = sorted(own[pair[0]].keys() & own[pair[1]].keys())
        rows = [[own[name][key] for key in shared] for name in pair]
        if not shared:
            continue
        alike(sum(rows, []), ["student"], ["seed"])
        both = compared[group, *pair] = [*map(verdicts, rows)]
        pool[pair[1]] = max(pool.get(pair[1], both[1]), both[1],
                            key=lambda one: len(one.seeds))  # fmt: skip
    gaps = {key: replace(arm, right=arm.right - base.right)
            for key, (arm, base) in compared.items() if key[1] in decoded}  # fmt: skip
    varied = [gap for gap in gaps.values() if gap.right.any()]
    for key, (arm, default) in compared.items():
        found = comparison.compare(default, arm, [*pool.values()])
        if gap := gaps.get(key):  # all zeros: no answer differs
            found = comparison.contrast([1], [gap], varied if gap.right.any() else [])
        shares = (found.difference, found.low, found.high)
        each = 100 * (arm.by_training - default.by_training)
        lines.append([*key, found.n, found.seeds, *(round(x, 4) for x in shares),
                      " ".join(f"{x:.1f}" for x in each)])  # fmt: skip
    names = "group arm default n seeds difference ci_low ci_high by_seed"
    return pd.DataFrame(lines, columns=names.split())


def reproduction_table(rows: Iterable[dict], committed: Iterable[dict]) -> pd.DataFrame:
    """The accuracies of a run, each with the range that the `committed` trainings of
    its arm predict for one more on the same problems (`prediction_interval`)."""
    seeds, lines = defaultdict(list), []
    for row in committed:
        seeds[row["split"], row["student"]].append(row)
    arms = {key: verdicts(group) for key, group in seeds.items()}
    for line in main_table(rows).to_dict("records"):
        arm = arms.get((line["split"], line["student"]))
        if arm is None or len(arm.ids) != line["n"] or len(arm.seeds) < FEWEST_SEEDS:
            continue
        others = [a for key, a in arms.items() if key[0] == line["split"]]
        low, high = comparison.prediction_interval(arm, others)
        lines.append(line | {
            "seeds": len(arm.seeds), "mean": round(arm.right.mean(), 4),
            "from": round(low, 4), "to": round(high, 4),
            "within": "yes" if low <= line["correct"] / line["n"] <= high else "no",
        })  # fmt: skip
    names = "dataset split student seed n accuracy seeds mean from to within"
    return pd.DataFrame(lines, columns=names.split())


def by_size(table: pd.DataFrame) -> pd.DataFrame:
    """The lines of a table, the smallest student models first."""
    parameters = {name: size.parameters for name, size in SIZES.items()}
    sizes = table["model"].astype(str).str.split("/").str[-1].map(parameters)
    return table.loc[sizes.sort_values(kind="stable").index]


def save_table(
    table: pd.DataFrame, folder: str | Path, name: str, caption: str, scale: str = ""
) -> Path:
    """Write `<name>` as .csv, .md, .tex and .caption; ValueError on an unsafe name."""
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"a table's name is letters, digits, _ and -, not {name!r}")
    caption = f"{caption} ({SMOKE})" if scale == "smoke" else caption
    base = Path(folder) / name
    write_atomic(base.with_suffix(".caption"), caption + "\n")
    write_atomic(base.with_suffix(".md"), to_markdown(table, caption))
    write_atomic(base.with_suffix(".tex"), to_latex(table, caption, name))
    return write_atomic(base.with_suffix(".csv"), to_csv(table))


def save_tables(
    rows: Sequence[dict], problems: Sequence[Problem], folder: str | Path, scale: str
) -> dict[str, pd.DataFrame]:
    """Make and save the tables of one run on one dataset; returns them by name."""
    main, captions = main_table(rows), dict(CAPTIONS)
    captions["main"] += f" {main.attrs['caption']}"
    seeds = ", ".join(map(str, sorted({row["seed"] for row in rows})))
    tables = {
        "main": main, "strict": strict_table(rows), "by_steps": by_steps(rows),
        "by_group": by_group(rows), "errors": error_table(rows, problems),
        "errors_by_steps": errors_by_steps(rows, problems)}  # fmt: skip
    for split in dict.fromkeys(main["split"]):
        name = f"paired_{split}" if "paired" in tables else "paired"
        tables[name] = paired_table(rows, split)
        captions[name] = f"Split {split}: {CAPTIONS['paired']}"
    for name, table in tables.items():
        save_table(table, folder, name, f"{captions[name]} Seed {seeds}.", scale)
    return tables


def _first_errors(rows, problems: Iterable[Problem], names: list) -> Iterator[tuple]:
    """(key, first error of every row whose answer is a number) per group."""
    known = {problem.id: problem for problem in problems}
    rows = [row for row in rows if known[row["id"]].kind == "number"]
    for key, group in _groups(rows, names).items():
        yield key, [first_error(row, known[row["id"]]) for row in group]


def _groups(
    rows: Iterable[dict], names: Sequence[str], paired: Sequence[str] = ()
) -> dict[tuple, list[dict]]:
    """`alike` rows, grouped by these columns; splits and students in a fixed order."""
    groups = defaultdict(list)
    for row in alike(rows, names, paired):
        groups[tuple(row[name] for name in names)].append(row)
    return dict(sorted(groups.items(), key=lambda item: [_rank(v) for v in item[0]]))


def _rank(value: object) -> tuple:
    order = (*ORDER, *STUDENTS)
    if value in order:
        return 0, order.index(value), ""
    return (1, value, "") if isinstance(value, int | float) else (2, 0, str(value))
