"""Run the notebooks of one scale in order: what `run_all.sh` calls.

    python -m socratic_utils.runner.cli small --only 03 --dry-run

Every notebook is run again each time; the stages inside them skip what is on disk with
unchanged inputs, so a run that was killed continues where it stopped.  At `paper` scale
it is a whole list of runs, unless one of them is asked for (`paper_grid`).
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from socratic_utils import config
from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.files import read_json, record_settings, update_run_json

from . import options, paper_grid, plan_gpu, schedule
from .execute import NotebookError, Usage, find_notebooks, run_notebook
from .options import BAD_INPUT
from .paper_grid import Run
from .schedule import number

TABLE_COLUMNS = ("split", "student", "n", "correct", "accuracy", "ci_low", "ci_high",
                 "truncated")  # fmt: skip
FAILED, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None, notebooks: Path | None = None) -> int:
    """Run what `argv` asks for; returns the exit code.

    `notebooks` is the folder they are in, for tests.
    """
    arguments = options.parser().parse_args(argv)
    asked = options.asked(arguments)
    try:
        options.check(config.load(**asked))  # before notebooks are looked for
        chosen = choose(find_notebooks(notebooks), arguments.only)
        whole = paper_grid.is_whole(arguments)
        runs = paper_grid.runs(asked, chosen) if whole else [Run(asked, chosen)]
        if arguments.dry_run:
            show_plans(runs)
            return 0
        options.check_teacher(runs[0].settings)
        if arguments.engine:
            train_on_cluster([one.options for one in runs])
    except (ValueError, RuntimeError, OSError) as error:  # of cache, teacher, data
        print(f"run_all: {error}", file=sys.stderr)
        return BAD_INPUT
    return run_all(runs)


def run_all(runs: Sequence[Run]) -> int:
    """One run, or those of the paper grid until one fails, and then their table."""
    if len(runs) == 1:
        return run(runs[0])
    for place, one in enumerate(runs, 1):
        print(f"\nrun {place} of {len(runs)}: {one}", flush=True)
        if code := run(one):
            save_grid(runs)  # what is there so far
            if code != INTERRUPTED:  # which has been reported already
                hint = paper_grid.how_to_continue(runs, place)
                print(f"run_all: {hint}", file=sys.stderr)
            return code
    print(save_grid(runs))
    return 0


def save_grid(runs: Sequence[Run]) -> str:
    """Save the grid's table and make the first run's reports again: they show it."""
    shown = paper_grid.save(runs)
    for path in (runs[0].settings.folder / "notebooks").glob("*.ipynb"):
        make_report(runs[0].settings, path)
    return shown


def train_on_cluster(runs: Sequence[dict[str, Any]]) -> None:
    """Let a Ray cluster train what the notebooks of these runs will find on disk."""
    from . import jobs, ray_jobs

    if runs[0].get("reuse"):
        raise ValueError("--reuse trains nothing, so omit --engine")
    found = []
    for given in runs:
        if given.get("seed") and len(runs) > 1:
            continue  # it is among the seeds of an earlier run
        several = given["scale"] == "paper" and "seed" not in given
        found += jobs.jobs_of(given, paper_grid.SEEDS if several else ())
    ray_jobs.run_jobs(found)


def choose(notebooks: list[Path], only: str | None) -> list[Path]:
    """All notebooks, or the one whose number is `only` ("3" and "03" are the same)."""
    chosen = [p for p in notebooks if not only or number(p) == only.zfill(2)]
    if not chosen:
        known = ", ".join(map(number, notebooks))
        raise ValueError(f"there is no notebook {only!r}: choose from {known}")
    return chosen


# --- plans ----------------------------------------------------------------------------


def show_plans(runs: Sequence[Run]) -> None:
    """The plan of one run; of a grid, its list, one plan per dataset, and all hours."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # a plan downloads nothing
    if len(runs) == 1:
        return show_plan(runs[0])
    print(paper_grid.listing(runs))
    for one in paper_grid.first_of_each_dataset(runs):
        print(f"\n{one.settings.dataset}: the plan of {one}")
        show_plan(one)
    plan_gpu.show_grid_hours([replace(one.settings, plan=True) for one in runs])


def show_plan(one: Run) -> None:
    """What would run, how long it takes, and what it asks of teacher and GPU.

    Without an environment neither teacher nor GPU can be planned.
    """
    settings, requests = replace(one.settings, plan=True), {}
    print(f"scale {settings.scale}, settings {settings.hash}, into {settings.folder}")
    for name in options.SETTINGS:
        if (value := getattr(settings, name)) not in ("", None):
            print(f"  {name} = {value}")
    try:
        from .plan_teacher import data_line, teacher_plan

        print(data_line(settings))
        requests = teacher_plan(settings)
    except ImportError:
        print("  (the teacher's cost is known once the environment is set up)")
    for path in one.notebooks:
        try:
            reason = why_skipped(one, path, settings)
        except ImportError:
            reason = ""
        if reason:
            print(f"would skip {path.stem}: {reason}")
            continue
        asked = requests.get(number(path))
        of_the_teacher = f"; asks the teacher for at most {asked}" if asked else ""
        time = schedule.estimate(settings, path)
        print(f"would run {path.stem} ({time}{of_the_teacher})")
    if requests:
        from socratic_utils.teacher.cost import price_table

        print(f"prices: {price_table()}")
    if settings.scale == "paper":
        plan_gpu.show_gpu_plan(settings)


def why_skipped(one: Run, path: Path, settings: config.Settings) -> str:
    """Why a run skips a notebook, or an empty string."""
    if len(one.notebooks) > 1 and schedule.is_on_request(settings, path):
        return f"run it with --only {number(path)}"
    return schedule.why_left_out(settings, path)


# --- one run --------------------------------------------------------------------------


def run(one: Run) -> int:
    """Run the notebooks in order and stop at the first that fails; the exit code."""
    settings = one.settings
    if works_offline(settings):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read once, when kernels start
    if settings.scale == "smoke":  # more threads wait for each other, 15 times as long
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        record_settings(settings)
        print(f"scale {settings.scale} into {settings.folder}; finished stages are "
              f"skipped")  # fmt: skip
        for position, path in enumerate(one.notebooks, 1):
            run_one(one, path, f"[{position}/{len(one.notebooks)}] {path.stem}")
    except (NotebookError, OSError, ValueError) as error:  # no room, data, permission
        print(f"run_all: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("run_all: interrupted; run again to continue from here", file=sys.stderr)
        return INTERRUPTED
    show_results(settings)
    return 0


def run_one(one: Run, path: Path, place: str) -> None:
    """Run a notebook and record what it took; `place` is printed before it."""
    settings = one.settings
    if reason := why_skipped(one, path, settings):
        return print(f"{place} is skipped: {reason}")
    print(f"{place}, {schedule.estimate(settings, path)} ...", flush=True)
    parameters: dict[str, Any] = {"overrides": {}}
    for name, value in one.options.items():
        own = name in ("scale", "seed", "reuse")
        (parameters if own else parameters["overrides"])[name] = value
    copy = settings.folder / "notebooks" / path.name
    try:
        usage = run_notebook(path, copy, parameters)
    except NotebookError as error:
        record_usage(settings.folder, path, error.usage, "failed")
        raise
    record_usage(settings.folder, path, usage, "done")
    make_report(settings, copy)
    used = f"{usage.seconds:.0f} s, {usage.peak_memory_gb:.1f} GB"
    print(f"{place} done in {used}", flush=True)


def works_offline(settings: config.Settings) -> bool:
    """Whether data and student are at hand, so that the hub need not be asked."""
    data = settings.dataset == "gradeschool" or bool(os.environ.get(DATA_VARIABLE))
    return data and settings.student in options.LOCAL_STUDENTS


def make_report(settings: config.Settings, executed: Path) -> None:
    """Write the page of an executed notebook, if it is one of results."""
    if name := schedule.report_of(settings, executed):
        from socratic_utils.results.report import write_report

        write_report(executed, settings.folder / name)


def record_usage(folder: Path, path: Path, usage: Usage | None, status: str) -> None:
    """Write time and memory of one notebook to `run.json`.

    A second run skips finished stages and is short, so the longest time and the largest
    memory are kept beside the last ones: that is what the notebook costs.
    """
    if usage is None:
        return
    earlier = read_json(folder / "run.json", {}).get("notebooks", {}).get(path.stem, {})
    longest = max(usage.seconds, earlier.get("longest_seconds", 0.0))
    largest = max(usage.peak_memory_gb, earlier.get("largest_memory_gb", 0.0))
    values = {**asdict(usage), "longest_seconds": longest,
              "largest_memory_gb": largest, "status": status}  # fmt: skip
    update_run_json(folder, notebooks={path.stem: values})


def show_results(settings: config.Settings) -> None:
    """The main table as text and where the reports are, as far as they exist."""
    table = settings.folder / "tables" / "main.csv"
    if table.exists():
        from tabulate import tabulate

        with table.open(encoding="utf-8", newline="") as file:
            rows = [[row.get(name, "") for name in TABLE_COLUMNS]
                    for row in csv.DictReader(file)]  # fmt: skip
        print(f"\n{tabulate(rows, headers=TABLE_COLUMNS, floatfmt='.3f')}\n")
    if settings.scale == "smoke":
        print("smoke scale: an untrained tiny model, these numbers mean nothing")
    for report in sorted(settings.folder.glob("report*.html")):
        print(f"report: {report}")


if __name__ == "__main__":
    sys.exit(main())
