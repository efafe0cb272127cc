"""What our runs of SCoTD are compared with: the paper, and runs of other students.

    scotd.compare_table("table2a", scores, **run_of(settings))      # doctest: +SKIP
    sizes(settings)                                                 # doctest: +SKIP

A run is comparable with the paper's cells where student, data and recipe are its own;
elsewhere the paper's values are context (`results.papers.scotd`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from socratic_utils import config
from socratic_utils.config import Settings, outputs_root
from socratic_utils.results.papers.scotd import STUDENT
from socratic_utils.students.base_models import SIZES

from . import few_shot_or_supervised


def run_of(settings: Settings) -> dict[str, Any]:
    """What `results.papers.scotd` is told about a run."""
    return {
        "dataset": settings.dataset, "teacher": settings.teacher,
        "comparable": is_papers(settings),
    }  # fmt: skip


def is_papers(settings: Settings) -> bool:
    """Whether student, data and recipe are SCoTD's, as far as they are known."""
    own = config.load("paper", dataset=settings.dataset)
    names = ("scale", "student", "training", "train_limit", "test_limit", "many")
    same = all(getattr(settings, n) == getattr(own, n) for n in names)
    return same and settings.student == STUDENT


def sizes(settings: Settings) -> pd.DataFrame:
    """SCoTD's Figure 4: the table of notebook 12 of all runs, over student models.

    Runs of other students have folders of their own beside this run's.
    """
    name = f"{few_shot_or_supervised.EXPERIMENT}.csv"
    found = sorted(outputs_root().glob(f"{settings.scale}*/tables/{name}"))
    tables = [pd.read_csv(p) for p in found if not p.parts[-3].endswith("-reused")]
    if not tables:
        return pd.DataFrame()
    runs = pd.concat(tables)
    runs = runs[(runs["dataset"] == settings.dataset) & (runs["seed"] == settings.seed)]
    runs = runs.drop_duplicates(["student", "model"])
    return runs.iloc[runs["model"].map(_parameters).argsort(kind="stable")]


def supervised(table: pd.DataFrame) -> pd.DataFrame:
    """The students with labels of `sizes`, to be drawn; empty for a single size."""
    if table.empty or table["model"].nunique() < 2:
        return table[:0]
    return table[table["student"].str.startswith("full_")]


def open_choices(settings: Settings, checkpoint_rows: Sequence[dict]) -> pd.DataFrame:
    """A line per choice that the paper leaves open or that its code makes otherwise:
    how a pool is presented, and on which problems a checkpoint is chosen."""
    from . import checkpoints, many_chains

    lines = many_chains.compare_ways(settings)
    if checkpoint_rows:
        lines += checkpoints.compare_choices(checkpoint_rows)
    return pd.DataFrame(lines)


def _parameters(model: str) -> float:
    """The number of parameters of a student; infinite where that is not known."""
    size = SIZES.get(str(model).rpartition("/")[2])
    return size.parameters if size else float("inf")
