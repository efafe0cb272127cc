"""What a run has on disk: prediction rows and tables; nothing here trains or asks.

With `reuse="reference"` the rows and tables are the committed run's.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.files import write_atomic
from socratic_utils.problems import Problem, read_rows
from socratic_utils.results.tables import by_size, over_seeds
from socratic_utils.students.supervision import STUDENTS

from .arms import Arm
from .data import hold_back, spread, test_problems, train_problems


def problems_of(settings: Settings, arm: Arm, split: str = "") -> list[Problem]:
    """The problems that an arm is scored on."""
    settings = replace(settings, dataset=arm.dataset or settings.dataset)
    if (arm.split or split) == "train":  # problems that were held back
        return hold_back(train_problems(settings), arm.held_back)[1]
    problems = test_problems(settings, arm.split or split)
    for limit in arm.limits:
        problems = spread(problems, limit)
    return problems


def predictions_path(settings: Settings, arm: Arm, split: str) -> Path:
    """Where the rows of an arm on a split are saved."""
    dataset = arm.dataset or settings.dataset
    folder = settings.folder / "predictions" / arm.experiment
    return folder / f"{dataset}-{split}-{arm.file}.jsonl"


def rows_on_disk(
    settings: Settings, experiment: str = "", part: str = ""
) -> list[dict]:
    """Saved rows of an experiment, of files with `part` in their name; those of other
    settings are skipped."""
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
