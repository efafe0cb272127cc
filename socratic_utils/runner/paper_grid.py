"""The runs behind Table 2 of Socratic CoT, as one list, and their table.

    >>> len(OPTIONS), OPTIONS[-1]
    (27, {'dataset': 'multistep', 'student': 'openai-community/gpt2-large', 'seed': 2})

`./run_all.sh paper` runs this list, unless it is asked for one run (NARROWING).  Seed 0
of all cells comes first; later seeds train the students of the table only, so SocGT, an
ablation, has one seed.  Not covered: other tables of the paper, and SCoTD's.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from socratic_utils import config
from socratic_utils.files import read_json

from .schedule import is_on_request, notebook_at, number

if TYPE_CHECKING:  # a dry run must not need pandas
    import pandas as pd

SEEDS = (0, 1, 2)  # the paper reports means of at least three runs
HUB = "openai-community/"
STUDENTS = {  # of Table 2, whose SVAMP is our `multistep`
    "gsm8k": ("gpt2", "gpt2-medium", "gpt2-large"),
    "strategyqa": ("gpt2-medium", "gpt2-large", "gpt2-xl"),
    "multistep": ("gpt2", "gpt2-medium", "gpt2-large"),
}
OPTIONS: tuple[dict[str, Any], ...] = tuple(
    {"dataset": dataset, "student": HUB + student} | ({"seed": seed} if seed else {})
    for seed, (dataset, students) in product(SEEDS, STUDENTS.items())
    for student in students
)
NARROWING = ("dataset", "student", "seed", "only", "train_limit", "reuse")
NAME, PLACE = "paper_grid", ("dataset", "student_model", "supervision")
CAPTION = read_json(Path(__file__).parents[1] / "results" / "texts.json")["paper_grid"]


@dataclass(frozen=True)
class Run:
    options: dict[str, Any]
    notebooks: list[Path]

    @property
    def settings(self) -> config.Settings:
        return config.load(**self.options)

    def __str__(self) -> str:
        one = self.settings
        return f"{one.dataset}, {one.student}, seed {one.seed}"


def is_whole(arguments: Namespace) -> bool:
    """Whether the whole table is asked for: `paper` scale, and nothing narrows it."""
    narrowed = any(getattr(arguments, n) not in ("", None) for n in NARROWING)
    return arguments.scale == "paper" and not narrowed


def runs(asked: dict[str, Any], notebooks: Sequence[Path]) -> list[Run]:
    """The runs of the table in order; `asked` are options that all of them share."""
    later = [path for path in notebooks if notebook_at(path).every_seed]
    return [Run(asked | own, later if "seed" in own else list(notebooks))
            for own in OPTIONS]  # fmt: skip


def listing(runs: Sequence[Run]) -> str:
    """The list of the runs, one line each, as a dry run prints it."""
    lines = [f"{len(runs)} runs, which are Table 2 of Socratic CoT:"]
    for place, run in enumerate(runs, 1):
        own = [number(p) for p in run.notebooks if not is_on_request(run.settings, p)]
        lines.append(f"  {place:2d}  {str(run):50s}  notebooks {' '.join(own)}")
    return "\n".join(lines)


def how_to_continue(runs: Sequence[Run], place: int) -> str:
    """One sentence after a run, counted from 1, that failed."""
    run = runs[place - 1]
    own = [name for name in ("dataset", "student", "seed") if name in run.options]
    words = " ".join(f"--{name} {run.options[name]}" for name in own)
    return (
        f"run {place} of {len(runs)} ({run}) failed: the same command continues from "
        f"there, `./run_all.sh paper {words}` is this run alone, and the table so far "
        f"is {runs[0].settings.folder}/tables/{NAME}.md"
    )


def save(runs: Sequence[Run]) -> str:
    """Save the table in the first run's folder; its text, its caption, its place."""
    from tabulate import tabulate

    from socratic_utils.results.tables import save_table

    first, table = runs[0].settings, paper_grid([run.settings for run in runs])
    judged = table["covered"].isin(["yes", "no"]).sum()
    counts = {"cells": (table["seeds"] > 0).sum(), "all": len(table), "whole": judged}
    folder = first.folder / "tables"
    caption = CAPTION.format(teacher=first.teacher, **counts)
    save_table(table, folder, NAME, caption)
    text = tabulate(table, "keys", floatfmt=".4f", missingval="-", showindex=False)
    return f"\n{text}\n\n{caption}\ntable: {folder / NAME}.md"


def paper_grid(settings: Sequence[config.Settings]) -> "pd.DataFrame":
    """One line per cell of Table 2, with what runs of these settings have on disk."""
    import pandas as pd

    from socratic_utils.experiments.saved import cut_down
    from socratic_utils.results.papers import compare_with_paper, socratic_cot

    found, lines = [], []
    for one in settings:
        found += [(cell, {**s, "cut": cut_down(one)}) for cell, s in cells_of(one)]
    for cell in socratic_cot.cells_of("Table 2").to_dict("records"):
        place = {name: cell[name] for name in PLACE}
        scores = [score for where, score in found if where == tuple(place.values())]
        ours, value = place | over_seeds(scores), round(cell["value"] / 100, 4)
        lacks = {score["cut"] for score in scores}
        for score in scores[:1]:
            seeds = len({score["seed"] for score in scores})
            lacks.add(socratic_cot.lacking(score["dataset"], score["n"], seeds))
        lacks = ", ".join(sorted(filter(None, lacks), reverse=True))
        lines.append(compare_with_paper(ours, value, score="mean", lacks=lacks))
    return pd.DataFrame(lines).drop(columns="note")


def cells_of(settings: config.Settings) -> list[tuple[tuple, dict]]:
    """The cells of Table 2 that a run has, each with its line of the main table."""
    from socratic_utils.experiments.saved import rows_on_disk
    from socratic_utils.results.papers import socratic_cot as paper
    from socratic_utils.results.tables import main_table

    rows = [*rows_on_disk(settings, ""), *rows_on_disk(settings, "ablations")]
    main = main_table(row for row in rows if row["split"] == "test")
    scores = {line["student"]: line for line in main.to_dict("records")}
    dataset, student = settings.dataset, settings.student
    nearest, *others = paper.SOCGT.get(dataset, ("",))
    for other in others if nearest in scores else ():  # one meaning of SocGT per cell
        scores.pop(other, None)
    place = paper.DATASETS.get(dataset), paper.model_in_paper(student)
    columns = {name: paper.column_of(name, dataset) for name in scores}
    return [((*place, columns[name]), scores[name]) for name in scores if columns[name]]


def over_seeds(scores: Sequence[dict]) -> dict[str, Any]:
    """Seeds, n of one seed, mean, sd and the 95 % interval of Student's t; or None.

    ValueError for scores that differ in more than their seed.
    """
    from scipy.stats import t

    for name in ("n", "teacher", "dataset", "model"):
        if len(found := {str(score.get(name)) for score in scores}) > 1:
            raise ValueError(f"no mean over {name} {' and '.join(sorted(found))}")

    count, shares = len(scores), [score["accuracy"] for score in scores]
    found = dict.fromkeys(("n", "mean", "sd", "ci_low", "ci_high"))
    if shares:
        found |= {"n": scores[0]["n"], "mean": mean(shares)}
    if count > 1:
        sd = stdev(shares)
        half = float(t.ppf(0.975, count - 1)) * sd / sqrt(count)
        low, high = max(0.0, found["mean"] - half), min(1.0, found["mean"] + half)
        found |= {"sd": sd, "ci_low": low, "ci_high": high}
    rounded = {k: v if v is None else round(v, 4) for k, v in found.items()}
    return {"seeds": count} | rounded
