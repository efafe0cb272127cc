"""What a run has on disk, or with `reuse="reference"` the committed run: prediction
rows and tables.  Nothing here trains or asks."""

import json
import re
from dataclasses import asdict, replace
from math import inf
from operator import itemgetter
from pathlib import Path

import pandas as pd

from socratic_utils import config
from socratic_utils.benchmarks import known_size
from socratic_utils.config import Settings
from socratic_utils.files import read_json, visible, write_jsonl_rows
from socratic_utils.metrics.comparison import FEWEST_SEEDS
from socratic_utils.problems import Problem, read_rows
from socratic_utils.results.formats import read_csv
from socratic_utils.results.tables import by_size, over_seeds, reproduction_table
from socratic_utils.students.supervision import STUDENTS

from .arms import Arm
from .data import hold_back, spread, test_problems, test_splits, train_problems

TRAIN_FIRST = ("no rows of {} with these settings are on disk: first run notebook 03 "
               '(./run_all.sh --only 03), or set reuse = "reference"')  # fmt: skip


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
    dataset = arm.dataset or settings.dataset
    folder = settings.folder / "predictions" / arm.experiment
    return folder / f"{dataset}-{split}-{arm.file}.jsonl"


def rows_on_disk(settings: Settings, experiment="", part="") -> list[dict]:
    """Rows of these settings in an experiment's files with `part` in their name."""
    folder = settings.source / "predictions" / experiment
    paths = sorted(p for end in ("", ".gz") for p in folder.glob(f"*.jsonl{end}"))
    found = [row for p in paths if part in p.name for _, row in read_rows(p)]
    own = settings.hash
    rows = [row for row in found if settings.reuse or row["settings"] == own]
    if len(rows) < len(found):
        print(f"{len(found) - len(rows)} rows of other settings are skipped")
    return rows


def rows_over_seeds(settings: Settings, *which: str) -> list[dict]:
    """`rows_on_disk` of this run and of those in `seeds_beside`."""
    return [row for run in seeds_beside(settings) for row in rows_on_disk(run, *which)]


def seeds_beside(settings: Settings) -> list[Settings]:
    """This run and those beside it that differ in nothing but the seed, by seed."""
    first, found = replace(settings, seed=0).source, {settings.seed: settings}
    own = _of_run(settings.source) if settings.reuse else {}
    for folder in first.parent.glob(f"{first.name}*"):
        number = re.fullmatch(r"-seed(\d+)|", folder.name.removeprefix(first.name))
        other = number and replace(settings, seed=int(number[1] or 0))
        if other and other.source == folder:
            if not (settings.reuse and _changed(own, _of_run(folder))):
                found[other.seed] = other
    return [found[seed] for seed in sorted(found)]


def _of_run(folder: Path) -> dict:
    """The settings in a run's run.json; empty without one."""
    return read_json(folder / "run.json", {}).get("settings", {})


def _changed(own: dict, other: dict) -> list[str]:
    """The names of settings that differ, the seed and neutral ones apart."""
    names = (name for name in own | other if name not in ("seed", *config.NEUTRAL))
    return [name for name in names if own.get(name) != other.get(name)]


def changed_from_committed(settings: Settings) -> list[str]:
    """The settings, of those that both know, in which the committed run differs."""
    run = _of_run(replace(settings, seed=0).reference)
    own = json.loads(json.dumps(asdict(settings)))
    own["training"] = {n: own["training"][n] for n in run.get("training", ())}
    return [name for name in _changed(own, run) if name in own and name in run]


def arm_rows_on_disk(settings: Settings, arm: Arm, needed=False) -> list[dict]:
    """Saved rows of an arm on its problems, if all are there; else none, or ValueError
    where they are `needed`: they are not made here."""
    problems = problems_of(settings, arm)
    name = predictions_path(settings, arm, problems[0].split).name
    rows, ids = rows_on_disk(settings, arm.experiment, name), {p.id for p in problems}
    found = [row for row in rows if row["id"] in ids]
    if {row["id"] for row in found} == ids:
        return found
    if needed:
        raise ValueError(TRAIN_FIRST.format(arm.name))
    return []


def rows_of(path: Path) -> list[dict]:
    """The rows of a file; none if it is missing or cannot be read (then set aside)."""
    if not path.exists():
        return []
    try:
        return [row for _, row in read_rows(path)]
    except ValueError as error:
        aside = path.with_suffix(".bad")
        path.replace(aside)
        print(visible(f"{error}; set aside as {aside.name}, its rows are made anew"))
        return []


def take_reference(settings: Settings, path: Path) -> list[dict]:
    """The committed rows of a file in the run's folder, copied to it."""
    source = settings.reference / path.relative_to(settings.folder)
    packed = source.with_suffix(".jsonl.gz")  # of a later seed
    if not (source := packed if packed.exists() else source).exists():
        fault = f"no committed reference run has {path.name}"
        raise FileNotFoundError(f"{fault}: run without --reuse")
    rows = [row for _, row in read_rows(source)]
    write_jsonl_rows(path, rows)
    return rows


def main_rows(settings: Settings, needed: bool = False) -> list[dict]:
    """Rows of the main table that are on disk so far, in the table's order; ValueError
    if some are `needed` and there are none."""
    rows = rows_on_disk(settings)
    if needed and not rows:
        raise ValueError(TRAIN_FIRST.format("students"))
    return [row for name in STUDENTS for row in rows if row["student"] == name]


def saved_table(settings: Settings, name: str) -> pd.DataFrame:
    """A table that an earlier notebook saved (or the reused run); empty if missing."""
    path = settings.source / "tables" / f"{name}.csv"
    return read_csv(path) if path.exists() else pd.DataFrame()


def seeds_table(settings: Settings) -> pd.DataFrame:
    """`over_seeds` of the main table: this run and those of other seeds beside it."""
    rows = [row for row in rows_over_seeds(settings) if row["student"] in STUDENTS]
    return over_seeds(rows).rename(columns={"accuracy": "mean"})


def with_seeds(settings: Settings, rows: list[dict], *experiments: str) -> list[dict]:
    """Rows of this run, and those that runs of other seeds beside it have of the same
    arms and problems; `experiments` are the folders of their rows."""
    key = itemgetter("student", "split", "id")
    own, names = set(map(key, rows)), experiments or ("",)
    found = (row for name in names for row in rows_over_seeds(settings, name))
    others = (row for row in found if row["seed"] != settings.seed)
    return [*rows, *(r for r in others if "sample" not in r and key(r) in own)]


def sizes_table(settings: Settings, experiment: str = "") -> pd.DataFrame:
    """The first split's accuracy over the runs beside this one that differ in their
    student model and seed only (Figure 4 of both papers)."""
    runs = {settings.student: settings}
    for path in sorted(settings.source.parent.glob("*/run.json")):
        run, model = read_json(path, {}), _of_run(path.parent).get("student", "")
        other = replace(settings, student=model)
        if path.parent == other.source and run.get("hash") == other.hash:
            runs[model] = other
    rows = [row for run in runs.values() for row in rows_over_seeds(run, experiment)]
    split = test_splits(settings)[0]
    first = (r for r in rows if r["split"] == split and "sample" not in r)
    return by_size(over_seeds(first))


def reproduction(settings: Settings, rows: list[dict]) -> pd.DataFrame:
    """`reproduction_table` of this run's rows beside the committed seeds of the same
    settings; empty, with a line of reason, where there is nothing to compare."""
    committed = replace(settings, reuse="reference", seed=0)
    changed = changed_from_committed(settings)
    seeds = len(seeds_beside(committed))
    few = f"{seeds} committed seeds predict no range, {FEWEST_SEEDS} do"
    for wrong, reason in (
        (settings.reuse, "its rows are the committed ones"),
        (not _of_run(committed.reference), "no run of these settings is committed"),
        (changed, f"the committed runs have another {', '.join(changed)}"),
        (seeds < FEWEST_SEEDS, few),
    ):
        if wrong:
            print(f"This run is not compared with the committed seeds: {reason}.")
            return pd.DataFrame()
    return reproduction_table(rows, rows_over_seeds(committed))


def cut_down(settings: Settings) -> str:
    """How the training differs from the scale's own, as a text; empty if not at all."""
    own = config.load(settings.scale, dataset=settings.dataset)
    size = known_size(settings.dataset, "train") or inf
    if own.train_limit is None and (settings.train_limit or inf) < size:
        return f"trained on {settings.train_limit:,} of {size:,} problems"
    names = "training learning_rates decoding teacher_tokens max_resamples".split()
    changed = [n for n in names if getattr(settings, n) != getattr(own, n)]
    return f"another setting of {' and '.join(changed)}" if changed else ""
