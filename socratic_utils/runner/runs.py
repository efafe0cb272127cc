"""The runs of a command: one, one per seed, or those behind Table 2 of Socratic CoT.

`./run_all.sh paper` runs every cell of Table 2, unless it is asked for one (NARROWING).
Seed 0 runs all notebooks; later seeds train the students of the main table only, or
what `--only` names, so without it an ablation has one seed.  The results come last.
Not covered: other tables of the paper, and SCoTD's.
"""

from argparse import Namespace
from collections import defaultdict
from collections.abc import Sequence
from math import isnan, nan
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from socratic_utils import config
from socratic_utils.files import read_json

from .schedule import is_on_request, minutes_of, notebook_at, number

SEEDS = 3  # of the paper, at least
SIZES = ("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")
STUDENTS = {  # of Table 2, whose SVAMP is our `multistep`
    "gsm8k": SIZES[:3], "strategyqa": SIZES[1:], "multistep": SIZES[:3]}  # fmt: skip
CELLS = [{"dataset": dataset, "student": f"openai-community/{size}"}
         for dataset, sizes in STUDENTS.items() for size in sizes]  # fmt: skip
NARROWING = ("dataset", "student", "seed", "only", "train_limit", "reuse")
NAME, PLACE = "paper_grid", ("dataset", "student_model", "supervision")
SCORE = "n mean sd ci_low ci_high".split()
CAPTION = read_json(Path(__file__).parents[1] / "results" / "texts.json")["paper_grid"]


class Run(NamedTuple):
    options: dict[str, Any]
    notebooks: list[Path]
    over: int = 0  # seeds whose results are shown, where that is all
    named: bool = False  # by --only

    @property
    def settings(self) -> config.Settings:
        return config.load(**self.options)

    @property
    def chosen(self) -> list[Path]:
        """The notebooks without those that only --only asks for."""
        return [path for path in self.notebooks if self.named
                or not is_on_request(self.settings, path)]  # fmt: skip

    def __str__(self) -> str:
        one = self.settings
        part = f"results of {self.over} seeds" if self.over else f"seed {one.seed}"
        return f"{one.dataset}, {one.student}, {part}"


def is_whole(arguments: Namespace) -> bool:
    """Whether the whole table is asked for: `paper` scale, and nothing narrows it."""
    narrowed = any(getattr(arguments, n) not in ("", None) for n in NARROWING)
    return arguments.scale == "paper" and not narrowed


def runs(
    asked: dict[str, Any], notebooks: Sequence[Path], whole: bool = False, seeds=0,
    only: bool = False,
) -> list[Run]:  # fmt: skip
    """The runs of a command in order, which share the options `asked`; `only` says that
    the notebooks were named."""
    cells, seeds = CELLS if whole else ({},), seeds or (SEEDS if whole else 1)
    later = [p for p in notebooks if notebook_at(p).trains
             and (only or not notebook_at(p).rows)]  # fmt: skip
    shown = [p for p in notebooks if only or notebook_at(p).name == "results"]
    found = [Run(asked | cell, [*notebooks], named=only) for cell in cells]
    if seeds > 1 and later:
        found += [Run(asked | cell | {"seed": seed}, later, named=only)
                  for seed in range(1, seeds) for cell in cells]  # fmt: skip
        found += [Run(asked | cell, shown, seeds, only) for cell in cells if shown]
    return found


def listing(runs: Sequence[Run]) -> str:
    """The list of the runs, one line each, and their hours, as a dry run prints it."""
    lines, minutes = [f"{len(runs)} runs:"], 0.0
    for place, run in enumerate(runs, 1):
        for path in run.chosen:  # results are loaded from disk
            own = 0.5 if run.over else minutes_of(run.settings, path)
            minutes += nan if own is None else own
        numbers = " ".join(map(number, run.chosen))
        lines.append(f"  {place:2d}  {str(run):50s}  notebooks {numbers}")
    known = "time unknown" if isnan(minutes) else f"about {minutes / 60:.1f} hours"
    return "\n".join([*lines, f"{known} in all"])


def how_to_continue(runs: Sequence[Run], place: int) -> str:
    """One sentence after a run, counted from 1, that failed."""
    run = runs[place - 1]
    given = {name: v for name, v in run.options.items() if name != "scale"}
    if run.named or run.settings.seed or run.over:  # not what runs by default
        given["only"] = ",".join(map(number, run.chosen))
    words = [f"--{n.replace('_', '-')} {quote(str(v))}" for n, v in given.items()]
    alone = " ".join(["./run_all.sh", run.options["scale"], *words])
    return (f"run {place} of {len(runs)} ({run}) failed: the same command continues "
            f"from there, and `{alone}` is this run alone")  # fmt: skip


def save_main(run: Run) -> None:
    """Save the main table of a later seed, or that over all seeds, where no notebook
    of results does."""
    from socratic_utils.experiments.saved import main_rows, seeds_table
    from socratic_utils.results.tables import CAPTIONS, main_table, save_table

    results = any(notebook_at(path).name == "results" for path in run.notebooks)
    one, name = run.settings, "seeds" if run.over else "main"
    if (one.seed or run.over) and not results and (rows := main_rows(one)):
        table = seeds_table(one) if run.over else main_table(rows)
        save_table(table, one.folder / "tables", name, CAPTIONS[name], one.scale)


def save(runs: Sequence[Run]) -> str:
    """Save the table in the first run's folder; its text, its caption, its place."""
    from socratic_utils.results.tables import save_table

    settings = [run.settings for run in runs if not run.over]
    first, table = settings[0], paper_grid(settings)
    judged = table["covered"].isin(["yes", "no"]).sum()
    counts = {"cells": (table["seeds"] > 0).sum(), "all": len(table), "whole": judged}
    folder = first.folder / "tables"
    caption = CAPTION.format(teacher=first.teacher, **counts)
    save_table(table, folder, NAME, caption)
    how = {"tablefmt": "simple", "floatfmt": ".4f", "missingval": "-"}
    text = table.to_markdown(index=False, **how)
    return f"\n{text}\n\n{caption}\ntable: {folder / NAME}.md"


def paper_grid(settings: Sequence[config.Settings]) -> Any:
    """A DataFrame: a line per cell of Table 2, with what these runs have on disk."""
    import pandas as pd  # here, as a dry run must not need it

    from socratic_utils.experiments.saved import cut_down
    from socratic_utils.results.papers import compare_with_paper, socratic_cot
    from socratic_utils.results.tables import over_seeds

    found, cut, lines = defaultdict(list), defaultdict(set), []
    for one in settings:
        for cell, rows in cells_of(one):
            found[cell] += rows
            cut[cell].add(cut_down(one))
    for cell in socratic_cot.cells_of("Table 2").to_dict("records"):
        place = {name: cell[name] for name in PLACE}
        key, value = tuple(place.values()), round(cell["value"] / 100, 4)
        ours, lacks = place | {"seeds": 0, **dict.fromkeys(SCORE)}, cut[key]
        if rows := socratic_cot.one_socgt(found[key]):
            made = over_seeds(rows, ["student"]).rename(columns={"accuracy": "mean"})
            ours |= made[["seeds", *SCORE]].to_dict("records")[0]
            size = ours["n"], ours["seeds"]
            lacks.add(socratic_cot.lacking(rows[0]["dataset"], *size))
        lacks = ", ".join(sorted(filter(None, lacks), reverse=True))
        lines.append(compare_with_paper(ours, value, score="mean", lacks=lacks))
    return pd.DataFrame(lines)


def cells_of(settings: config.Settings) -> list[tuple[tuple, list[dict]]]:
    """The cells of Table 2 that a run has, each with its rows."""
    from socratic_utils.experiments.saved import rows_on_disk
    from socratic_utils.results.papers import socratic_cot as paper

    rows, scores = rows_on_disk(settings, ""), defaultdict(list)
    for row in [*rows, *rows_on_disk(settings, "ablations")]:
        if row["split"] == "test":
            scores[row["student"]].append(row)
    dataset, student = settings.dataset, settings.student
    place = paper.DATASETS.get(dataset), paper.model_in_paper(student)
    columns = {name: paper.column_of(name, dataset) for name in scores}
    return [((*place, columns[name]), scores[name]) for name in scores if columns[name]]
