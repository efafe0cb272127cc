"""Run the notebooks of one scale in order: what `run_all.sh` calls.

    python -m socratic_utils.runner.cli small --only 03 --dry-run

Every notebook is run again each time; the stages inside them skip what is on disk with
unchanged inputs, so a run that was killed goes on where it stopped.  The notebooks are
found, not listed: a new one needs no change here but its line in ESTIMATED_MINUTES.  At
`paper` scale it is a whole list of runs, unless one of them is asked for (`grid`).
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from socratic_utils import config
from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.files import read_json, record_settings, update_run_json
from socratic_utils.teacher.cost import price_table

from . import paper_grid as grid
from .checks import LOCAL_STUDENTS, check, check_cost, check_teacher
from .dry_run import left_out_of_plan, show_gpu_plan, show_grid_hours, teacher_plan_of
from .execute import NotebookError, Usage, find_notebooks, number, run_notebook
from .paper_grid import Run
from .schedule import is_on_request, is_results, update_report, why_left_out

NUMBERS = ("00", "01", "02", "03", "04", "05", "06", "07",
           "10", "11", "12", "13", "14", "15")  # fmt: skip
# Minutes on two slow cores, first run; None where nobody has measured it.
ESTIMATED_MINUTES: dict[str, dict[str, float] | None] = {
    "smoke": dict.fromkeys(NUMBERS, 0.3),
    "small": {
        "00": 0.2,
        "01": 0.2,
        "02": 0.2,
        "03": 30,
        "04": 13,
        "05": 21,
        "07": 0.5,
        "10": 16,
        "06": 18,
        "14": 0.2,
        "13": 26,
        "15": 0.3,
        "11": 15,
    },
    "paper": None,
}
MATTERS = ("dataset", "student", "train_limit", "test_limit", "training", "decoding")
OPTIONS = (
    "dataset", "student", "teacher", "teacher_url", "teacher_api", "teacher_mode",
    "max_cost", "train_limit", "test_limit", "seed", "reuse", "switches",
)  # fmt: skip
TABLE_COLUMNS = ("split", "student", "n", "correct", "accuracy", "ci_low", "ci_high",
                 "truncated")  # fmt: skip
BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def main(argv: Sequence[str] | None = None, notebooks: Path | None = None) -> int:
    """Run what `argv` asks for; the exit code says how it went.

    `notebooks` is the folder they are in, for tests.
    """
    arguments = parser().parse_args(argv)
    given = {name: getattr(arguments, name) for name in OPTIONS}
    asked = {name: v for name, v in given.items() if v not in ("", None)}
    asked = {"scale": arguments.scale, **asked}
    try:
        check_cost(arguments.max_cost)
        config.load(**asked)  # before notebooks are looked for
        chosen = choose(find_notebooks(notebooks), arguments.only)
        whole = grid.is_whole(arguments)
        runs = grid.runs(asked, chosen) if whole else [Run(asked, chosen)]
        for one in runs:
            check(one.settings)
        if arguments.dry_run:
            show_plans(runs)
            return 0
        check_teacher(runs[0].settings)
        train_elsewhere(arguments.engine, [one.options for one in runs])
    except (ValueError, RuntimeError, OSError) as error:  # of store, teacher, data
        print(f"run_all: {error}", file=sys.stderr)
        return BAD_INPUT
    try:
        return run_all(runs)
    except (OSError, ValueError) as error:  # no room, no data, no permission
        print(f"run_all: {error}", file=sys.stderr)
        return FAILED


def run_all(runs: Sequence[Run]) -> int:
    """One run, or those of the grid until one fails, and then their table."""
    if len(runs) == 1:
        return run(runs[0].settings, runs[0].notebooks, runs[0].options)
    for place, one in enumerate(runs, 1):
        print(f"\nrun {place} of {len(runs)}: {one}", flush=True)
        try:
            code = run(one.settings, one.notebooks, one.options)
        except (OSError, ValueError) as error:
            print(f"run_all: {error}", file=sys.stderr)
            code = FAILED
        if code:
            grid.save(runs)  # what is there so far
            if code != INTERRUPTED:  # which has said so itself
                print(f"run_all: {grid.how_to_go_on(runs, place)}", file=sys.stderr)
            return code
    print(grid.shown(runs, grid.save(runs)))
    return 0


def train_elsewhere(engine: str, runs: Sequence[dict[str, Any]]) -> None:
    """Let a cluster train what the notebooks of these runs will then find on disk."""
    if engine not in ("", "ray"):
        raise ValueError(f"the engine is `ray` or none, not {engine!r}")
    if engine and runs[0].get("reuse"):
        raise ValueError("--reuse trains nothing, so leave out --engine")
    if engine:
        from . import jobs
        from . import ray_jobs as ray_engine

        found = []
        for options in runs:
            if options.get("seed") and len(runs) > 1:
                continue  # it is among the seeds of an earlier one
            several = options["scale"] == "paper" and "seed" not in options
            found += jobs.jobs_of(options, grid.SEEDS_AT_PAPER if several else ())
        ray_engine.run_jobs(found)


class Parser(argparse.ArgumentParser):
    """Answers a wrong option in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"run_all: {message}; see ./run_all.sh --help\n")


def parser() -> argparse.ArgumentParser:
    """The options of `run_all.sh`; defaults are the scale's own."""
    result = Parser("run_all.sh", description="Run the notebooks.", allow_abbrev=False)
    result.add_argument("scale", nargs="?", default="small", help="smoke, small, paper")
    result.add_argument("--dataset", default="", help="a benchmark, such as gsm8k")
    result.add_argument("--student", default="", help="a Hugging Face model id")
    result.add_argument("--teacher", default="", help="the teacher's model name")
    result.add_argument("--teacher-url", default="", help="an OpenAI-like server")
    result.add_argument("--teacher-api", default="", help="`completion`: no chat model")
    result.add_argument("--teacher-mode", default="", help="`batch`: batch jobs")
    result.add_argument("--max-cost", type=float, help="dollars, for the teacher")
    result.add_argument("--train-limit", type=int, help="training problems")
    result.add_argument("--test-limit", type=int, help="test problems of each split")
    result.add_argument("--seed", type=int, help="of training and sampling")
    result.add_argument("--reuse", default="", help="`reference`: rows as committed")
    result.add_argument("--switches", default="", help="`all`: every ablation in 07")
    result.add_argument("--engine", default="", help="`ray`: train on its cluster")
    result.add_argument("--only", default="", metavar="NN", help="one notebook")
    result.add_argument("--dry-run", action="store_true", help="say it, do nothing")
    return result


def choose(notebooks: list[Path], only: str) -> list[Path]:
    """All notebooks, or the one whose number is `only` ("3" and "03" are the same)."""
    if not only:
        return notebooks
    chosen = [path for path in notebooks if number(path) == only.zfill(2)]
    if not chosen:
        known = ", ".join(number(path) for path in notebooks)
        raise ValueError(f"there is no notebook {only!r}: choose from {known}")
    return chosen


def works_offline(settings: config.Settings) -> bool:
    """Whether data and student are at hand, so that no hub needs to be asked."""
    data = settings.dataset == "gradeschool" or bool(os.environ.get(DATA_VARIABLE))
    return data and settings.student in LOCAL_STUDENTS


def estimate(settings: config.Settings, path: Path) -> str:
    """About how long a notebook takes, in words; unknown for other settings."""
    minutes = (ESTIMATED_MINUTES.get(settings.scale) or {}).get(number(path))
    own = config.PRESETS[settings.scale]
    if settings.reuse:
        minutes = 0.3
    elif any(getattr(settings, name) != getattr(own, name) for name in MATTERS):
        minutes = None
    if minutes is None:
        return "time unknown"
    return "under a minute" if minutes < 1 else f"about {minutes:g} min"


def show_plans(runs: Sequence[Run]) -> None:
    """The plan of one run; of a grid, its list, a plan a dataset, and all its hours."""
    if len(runs) == 1:
        return show_plan(runs[0].settings, runs[0].notebooks)
    print(grid.told(runs))
    for one in grid.first_of_each_dataset(runs):
        print(f"\n{one.settings.dataset}: the plan of {one}")
        show_plan(one.settings, one.notebooks)
    show_grid_hours([one.settings for one in runs])


def show_plan(settings: config.Settings, notebooks: list[Path]) -> None:
    """What would run, and how long it takes."""
    print(f"scale {settings.scale}, settings {settings.hash}, into {settings.folder}")
    for name in OPTIONS:
        if (value := getattr(settings, name)) not in ("", None):
            print(f"  {name} = {value}")
    plan = teacher_plan_of(settings)
    for path in notebooks:
        if is_on_request(settings, path) and len(notebooks) > 1:
            print(f"would leave out {path.stem}: run it with --only {number(path)}")
            continue
        if reason := left_out_of_plan(settings, path):
            print(f"would leave out {path.stem}: {reason}")
            continue
        asked = plan.get(number(path))
        of_the_teacher = f"; asks the teacher for at most {asked}" if asked else ""
        print(f"would run {path.stem} ({estimate(settings, path)}{of_the_teacher})")
    if plan:
        print(f"prices: {price_table()}")
    if settings.scale == "paper":
        show_gpu_plan(settings)


def run(
    settings: config.Settings, notebooks: list[Path], parameters: dict[str, Any]
) -> int:
    """Run the notebooks in order and stop at the first that fails."""
    folder = settings.folder
    if works_offline(settings):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read once, when kernels start
    if settings.scale == "smoke":  # more threads wait for each other, 15 times as long
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    record_settings(settings)
    print(f"scale {settings.scale} into {folder}; finished stages are taken from disk")
    for position, path in enumerate(notebooks, 1):
        place = f"[{position}/{len(notebooks)}] {path.stem}"
        if is_on_request(settings, path) and len(notebooks) > 1:
            print(f"{place} is left out: run it with --only {number(path)}")
            continue
        if reason := why_left_out(settings, path):
            print(f"{place} is left out: {reason}")
            continue
        print(f"{place}, {estimate(settings, path)} ...", flush=True)
        try:
            usage = run_notebook(path, folder / "notebooks" / path.name, parameters)
        except NotebookError as error:
            record_usage(folder, path, error.usage, "failed")
            print(f"run_all: {error}", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt:
            print("run_all: interrupted; run again to go on from here", file=sys.stderr)
            return INTERRUPTED
        record_usage(folder, path, usage, "done")
        if is_results(settings, path):
            update_report(settings)
        used = f"{usage.seconds:.0f} s, {usage.peak_memory_gb:.1f} GB"
        print(f"{place} done in {used}", flush=True)
    show_results(settings)
    return 0


def record_usage(folder: Path, path: Path, usage: Usage | None, status: str) -> None:
    """Write time and memory of one notebook to `run.json`.

    A second run takes finished stages from disk and is short, so the longest time and
    the largest memory are kept beside the last ones: that is what the notebook costs.
    """
    if usage is None:
        return
    earlier = read_json(folder / "run.json", {}).get("notebooks", {}).get(path.stem, {})
    longest = max(usage.seconds, earlier.get("longest_seconds", 0.0))
    largest = max(usage.peak_memory_gb, earlier.get("largest_memory_gb", 0.0))
    values = {
        **asdict(usage),
        "longest_seconds": longest,
        "largest_memory_gb": largest,
        "status": status,
    }
    update_run_json(folder, notebooks={path.stem: values})


def show_results(settings: config.Settings) -> None:
    """The main table as text and where the report is, as far as they exist."""
    table = settings.folder / "tables" / "main.csv"
    if table.exists():
        print(f"\n{main_table(table)}\n")
    if settings.scale == "smoke":
        print("smoke scale: an untrained tiny model, these numbers mean nothing")
    report = settings.folder / "report.html"
    if report.exists():
        print(f"report: {report}")


def main_table(path: Path) -> str:
    """`tables/main.csv` as aligned text, the columns that are read first."""
    from tabulate import tabulate

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [[row.get(name, "") for name in TABLE_COLUMNS] for row in rows]
    return tabulate(shown, headers=TABLE_COLUMNS, floatfmt=".3f")


if __name__ == "__main__":
    sys.exit(main())
