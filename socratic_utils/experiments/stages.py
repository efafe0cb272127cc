"""The stages of a run: train the models of an arm, decode its problems, save the rows.

    arm = main_arm("cot")
    rows = score(settings, arm)           # doctest: +SKIP

`score` trains what is missing, decodes what is missing and returns prediction rows.  A
result whose inputs are unchanged is read from disk, and a line says so: a student's
folder carries a hash of everything that made it, and rows carry a hash of the students,
the problems and the decoding.  With `reuse="reference"` the committed rows are copied,
and nothing is asked, trained or decoded.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from socratic_utils.config import Decoding, Settings
from socratic_utils.files import (
    content_hash,
    record_settings,
    write_atomic,
    write_jsonl_rows,
)
from socratic_utils.metrics.self_consistency import SAMPLED
from socratic_utils.problems import Problem, read_rows
from socratic_utils.results.tables import by_size, over_seeds
from socratic_utils.students.decoding.loop import FORMAT, prediction_row, solve
from socratic_utils.students.supervision import STUDENTS
from socratic_utils.students.training.hardware import device

from .arms import Arm
from .data import hold_back, spread, test_problems, train_problems
from .decoders import decoders_of, decoding_arguments, identity
from .trainings import train


def start(settings: Settings, notebook: str) -> Path:
    """Make the run's folder, note the settings in `run.json`, and print them."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    record_settings(settings, device=str(device()))
    one, how = settings, f", reusing {settings.reuse}" if settings.reuse else ""
    print(f"{notebook}: scale {one.scale}, {one.dataset}, student {one.student}, "
          f"teacher {one.teacher}, seed {one.seed}{how}")  # fmt: skip
    return settings.folder


# --- decoding ---------------------------------------------------------------------


def problems_of(settings: Settings, arm: Arm, split: str = "") -> list[Problem]:
    """The problems that an arm is scored on."""
    settings = replace(settings, dataset=arm.dataset or settings.dataset)
    if (arm.split or split) == "train":  # problems that were held back
        return hold_back(train_problems(settings), arm.held_back)[1]
    problems = test_problems(settings, arm.split or split)
    for limit in arm.limits:
        problems = spread(problems, limit)
    return problems


def decoding_of(settings: Settings, arm: Arm) -> Decoding:
    """Greedy, or sampled where solutions vote (SCoTD, Table 3)."""
    if arm.samples == 1:
        return settings.decoding
    return replace(settings.decoding, temperature=SAMPLED.temperature)


def score(settings: Settings, arm: Arm, split: str = "") -> list[dict]:
    """Prediction rows of an arm on a split, in the problems' order.

    Read from disk where their inputs are unchanged, else trained and decoded now.  One
    row per problem, or per sample, the samples of a problem together.  Raises
    FileNotFoundError where reused rows are not in the committed run.
    """
    problems = problems_of(settings, arm, split)
    path = predictions_path(settings, arm, problems[0].split)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    folders, decoding = train(settings, arm), decoding_of(settings, arm)
    # 1. from disk, if nothing that they depend on has changed
    students = settings.folder / "students"
    inputs = content_hash([
        FORMAT, [str(folder.relative_to(students)) for folder in folders],
        [asdict(problem) for problem in problems], asdict(decoding), arm.meaning(),
        identity(settings, arm), settings.seed if arm.samples > 1 else None,
    ])  # fmt: skip
    name = f"{arm.name}, {problems[0].split}"
    rows = rows_of(path)
    if rows and rows[0].get("inputs") == inputs:
        print(f"{name}: {len(rows)} rows loaded from disk")
        if rows[0].get("settings") != settings.hash:  # other settings, the same rows
            rows = [{**row, "settings": settings.hash} for row in rows]
            write_jsonl_rows(path, rows)
        return rows
    # 2. decoded now
    solutions = solve(
        problems, *decoders_of(settings, arm, folders, problems), decoding=decoding,
        label=name, samples=arm.samples, seed=settings.seed,
        **decoding_arguments(arm, problems),
    )  # fmt: skip
    # 3. saved, one row per solution
    labels = {
        "student": arm.name, **dict(arm.columns), "teacher": arm.teacher(settings),
        "model": settings.student, "seed": settings.seed, "settings": settings.hash,
        "inputs": inputs,
    }  # fmt: skip
    rows = [prediction_row(solution, decoding, **labels) for solution in solutions]
    if arm.samples > 1:
        for number, (row, solution) in enumerate(zip(rows, solutions, strict=True)):
            row["sample"] = number % arm.samples
            row["logprob"] = round(solution.logprob, 4)
    write_jsonl_rows(path, rows)
    return rows


def score_all(
    settings: Settings, arms: Sequence[Arm], splits: Sequence[str] = ("",)
) -> list[dict]:
    """Prediction rows of several arms on these splits, with a line of result each."""
    rows = []
    for arm in arms:
        for split in splits:
            found = score(settings, arm, split)
            rows += found
            print(f"{arm.name}, {found[0]['split']}: {correct_share(found)}")
    return rows


def on_same_problems(settings: Settings, arm: Arm, default: Arm) -> list[dict]:
    """Rows of the `default` arm on the problems that `arm` is scored on."""
    problems = problems_of(settings, arm)
    ids = {problem.id for problem in problems}
    rows = score(settings, default, problems[0].split)
    return [row for row in rows if row["id"] in ids]


def correct_share(rows: Sequence[dict]) -> str:
    """ "31 of 200 correct (15.5 %)", for a line under a cell."""
    right = sum(row["correct"] for row in rows)
    return f"{right} of {len(rows)} correct ({100 * right / len(rows):.1f} %)"


# --- rows on disk -----------------------------------------------------------------


def predictions_path(settings: Settings, arm: Arm, split: str) -> Path:
    """Where the rows of an arm on a split are saved."""
    dataset = arm.dataset or settings.dataset
    folder = settings.folder / "predictions" / arm.experiment
    return folder / f"{dataset}-{split}-{arm.file}.jsonl"


def rows_on_disk(
    settings: Settings, experiment: str = "", part: str = ""
) -> list[dict]:
    """Saved rows of an experiment, of files with `part` in their name; none is made.

    Reused rows are the committed run's.  Rows of other settings are skipped.
    """
    paths = sorted((settings.source / "predictions" / experiment).glob("*.jsonl"))
    found = [row for p in paths if part in p.name for _, row in read_rows(p)]
    rows = [row for row in found if settings.reuse or row["settings"] == settings.hash]
    if len(rows) < len(found):
        print(f"{len(found) - len(rows)} rows of other settings are skipped")
    return rows


def arm_rows_on_disk(settings: Settings, arm: Arm) -> list[dict]:
    """Saved rows of an arm on its problems; empty unless all of them are there."""
    problems = problems_of(settings, arm)
    name = f"{problems[0].dataset}-{problems[0].split}-{arm.file}."
    rows = rows_on_disk(settings, arm.experiment, name)
    ids = {problem.id for problem in problems}
    found = [row for row in rows if row["id"] in ids]
    return found if {row["id"] for row in found} == ids else []


def rows_of(path: Path) -> list[dict]:
    """The rows of a file; none if it is missing or cannot be read (then set aside)."""
    if not path.exists():
        return []
    try:
        return [row for _, row in read_rows(path)]
    except ValueError as error:
        aside = path.with_suffix(".bad")
        path.replace(aside)
        print(f"{error}; the file is set aside as {aside.name}, its rows are made anew")
        return []


def take_reference(settings: Settings, path: Path) -> list[dict]:
    """The committed rows of a file in the run's folder, copied to it."""
    source = settings.reference / path.relative_to(settings.folder)
    if not source.exists():
        raise FileNotFoundError(
            f"no committed reference run has {path.name}: run without --reuse"
        )
    write_atomic(path, source.read_bytes())
    return [row for _, row in read_rows(path)]


def main_rows(settings: Settings) -> list[dict]:
    """Rows of the main table that are on disk so far, in the table's order."""
    rows = rows_on_disk(settings)
    return [row for name in STUDENTS for row in rows if row["student"] == name]


# --- tables on disk ---------------------------------------------------------------


def saved_table(settings: Settings, name: str) -> pd.DataFrame:
    """A table that an earlier notebook saved (or the reused run); empty if missing."""
    path = settings.source / "tables" / f"{name}.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame()


def seeds_table(settings: Settings) -> pd.DataFrame:
    """Accuracy over the runs beside this one that differ in their seed only."""
    name = settings.name.removesuffix(f"-seed{settings.seed}")
    runs, main = settings.source.parent, "tables/main.csv"
    return over_seeds(
        sorted([*runs.glob(f"{name}/{main}"), *runs.glob(f"{name}-seed*/{main}")])
    )


def sizes_table(settings: Settings) -> pd.DataFrame:
    """The first split's accuracy over the runs beside this one of other student models
    (Socratic CoT, Figure 4)."""
    runs = sorted(settings.source.parent.glob(f"{settings.scale}*/tables/main.csv"))
    runs = [path for path in runs if "-train" not in path.parts[-3]]
    return by_size(runs, settings.dataset, settings.seed)
