"""Run the notebooks of one scale in order: what `run_all.sh` calls.

    python -m socratic_utils.runner.cli small --only 03 --dry-run

Every notebook is run again each time; its stages skip what is on disk with unchanged
inputs.  Several seeds and `paper` scale are a list of runs (`runs`).
"""

import errno
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import ModuleType

from socratic_utils import config, files
from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.files import visible

from . import options, schedule
from . import runs as grid
from .execute import alone, find_notebooks, read_parameters, run_notebook
from .kernels import Kernels
from .runs import Run
from .schedule import number

FAILED, INTERRUPTED = 1, 130
# What kernels import before their notebook's turn: the Trainer takes longer than torch.
REUSED = "socratic_utils.experiments.stages, socratic_utils.results.figures"
UNTRAINED = f"{REUSED}, socratic_utils.students.training.hardware"
IMPORTED = f"{REUSED}, socratic_utils.experiments.trainings"
LARGEST = {"longest_seconds": "seconds", "largest_memory_gb": "peak_memory_gb"}
OF_RUN = ["dataset", "model", "teacher", "seed", "by_seed"]  # columns not printed
OWN_PARAMETERS = ("scale", "seed", "reuse")  # of a notebook, beside its `overrides`


def main(argv: Sequence[str] | None = None, notebooks: Path | None = None) -> int:
    """Run what `argv` asks for, with the notebooks of a folder; the exit code."""
    arguments = options.parser().parse_args(argv)
    asked = options.asked(arguments)
    with ExitStack() as stack:
        try:
            options.check(config.load(**asked))  # before notebooks are looked for
            chosen = find_notebooks(notebooks, arguments.only)
            asked |= {"plan": True} if arguments.dry_run else {}
            whole, only = grid.is_whole(arguments), bool(arguments.only)
            runs = grid.runs(asked, chosen, whole, options.seeds(arguments), only)
            if arguments.dry_run:
                show_plans(runs)
                return 0
            options.check_teacher(runs[0].settings)
            kernels = stack.enter_context(closing(kernels_of(runs[0])))
            kernels.begin()  # it imports its packages while the inputs are checked
            gc.disable()  # as it does (`quick_imports`)
            try:
                check_inputs(runs, on_cluster=bool(arguments.engine))
            finally:
                gc.enable()
            if arguments.engine:
                train_on_cluster(runs)
        except (ValueError, RuntimeError, OSError) as error:  # of cache, teacher, data
            print(visible(f"run_all: {error}"), file=sys.stderr)
            return options.BAD_INPUT
        except KeyboardInterrupt:  # while data are downloaded, say
            print("run_all: interrupted; run again to continue", file=sys.stderr)
            return INTERRUPTED
        return run_all(runs, kernels, whole)


def check_inputs(runs: Sequence[Run], on_cluster: bool = False) -> None:
    """Refuse what would stop a run after its first paid request or training."""
    first, notebooks = runs[0].settings, runs[0].notebooks
    for path in notebooks:
        read_parameters(path)
    if first.reuse:
        return

    import httpx2  # here, and torch with the others: they take seconds

    from socratic_utils.experiments import data
    from socratic_utils.problems import gold_chain
    from socratic_utils.students.supervision import SUPERVISIONS
    from socratic_utils.students.training.hardware import device
    from socratic_utils.students.training.train import prepare

    from .plan.teacher import teacher_plan

    on_cpu = device().type == "cpu"  # ValueError if SOCRATIC_DEVICE is not there
    for one in {run.settings.dataset: run.settings for run in runs}.values():
        for split in ("train", *data.test_splits(one)):
            data.all_problems(one, split)
    if any(schedule.notebook_at(path).trains for path in notebooks):
        here = first.scale == "paper" and not (first.train_limit or on_cluster)
        if on_cpu and here:
            advice = "--only 01 asks the teacher, --train-limit N tries N problems"
            raise ValueError(f"paper scale needs a GPU, and there is none: {advice}")
        pairs = [(p, gold_chain(p)) for p in data.train_problems(first)[:50]]
        for student in {run.settings.student for run in runs}:
            prepare(student, pairs, SUPERVISIONS["gt_steps"], first.training)
    if not (first.max_cost or first.teacher_url) or not teacher_plan(first):
        return
    try:
        data.teacher_of(first, plan=True).budget()  # is there a price?
        if first.teacher_url:
            httpx2.get(first.teacher_url, timeout=10)  # any reply will do
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        fault = f"no server answers at {first.teacher_url} ({files.one_line(error)})"
        raise ValueError(f"{fault}: start it, or correct --teacher-url") from None


def run_all(runs: Sequence[Run], kernels: Kernels, whole: bool = False) -> int:
    """The runs until one fails (`kernels` are the first's); if `whole`, their table."""
    for place, one in enumerate(runs, 1):
        if len(runs) > 1:
            print(f"\nrun {place} of {len(runs)}: {one}", flush=True)
        if code := run(one, kernels if place == 1 else kernels_of(one)):
            break
    if code == FAILED and len(runs) > 1:  # an interrupt has been reported already
        print(f"run_all: {grid.how_to_continue(runs, place)}", file=sys.stderr)
    if whole:
        try:
            shown, first = grid.save(runs), runs[0].settings  # what is there so far
            for path in (first.folder / "notebooks").glob("*.ipynb"):
                make_report(first, path)  # which shows the table
            print(shown)
        except (ValueError, OSError) as error:  # a full disk, a damaged row
            print(visible(f"run_all: no table of all runs: {error}"), file=sys.stderr)
            code = code or FAILED
    return code


def train_on_cluster(runs: Sequence[Run]) -> None:
    """Let a Ray cluster train what the notebooks of these runs will find on disk."""
    from . import jobs

    if runs[0].settings.reuse:
        raise ValueError("--reuse trains nothing, so omit --engine")
    runs = [one for one in runs if not one.over]
    seeds = sorted({one.settings.seed for one in runs})  # of every student
    firsts = (one for one in runs if one.settings.seed == seeds[0])
    jobs.run_on_ray([j for one in firsts for j in jobs.jobs_of(one.options, seeds)])


def show_plans(runs: Sequence[Run]) -> None:
    """The plan of one run; of a grid, its list, one plan per dataset, and all hours."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # a plan downloads nothing
    try:
        from .plan import gpu, teacher
    except ImportError:
        gpu = teacher = None
    if len(runs) == 1:
        return show_plan(runs[0], gpu, teacher)
    print(grid.listing(runs))
    firsts = {one.settings.dataset: one for one in reversed(runs)}
    for dataset, one in reversed(firsts.items()):  # the others cost the same
        print(f"\n{dataset}: the plan of {one}")
        show_plan(one, gpu, teacher)
    if gpu and runs[0].settings.scale == "paper":
        gpu.show_grid_hours([one.settings for one in runs if not one.over])


def show_plan(one: Run, gpu: ModuleType | None, teacher: ModuleType | None) -> None:
    """What would run, how long it takes, and what it asks of teacher and GPU, as the
    modules of `plan` know; they are None where the environment is not set up."""
    settings, requests = one.settings, {}
    print(f"settings {settings.hash}, into {settings.folder}")
    for name, value in (vars(settings) | vars(settings.training)).items():
        if type(value) in (str, int, float) and value != "":
            print(f"  {name} = {value}")
    if teacher:
        print(teacher.data_line(settings))
        requests = teacher.plan_of(settings, [*map(number, one.notebooks)])
    else:
        print("  (costs and hours on a GPU are known once the environment is set up)")
    for path in one.notebooks:
        reason, asked = "", requests.get(number(path))
        with suppress(ImportError):
            reason = why_skipped(one, path)
        cost = f"; asks the teacher for at most {asked}" if asked else ""
        plan = f"run {path.stem} ({schedule.estimate(settings, path)}{cost})"
        print(f"would skip {path.stem}: {reason}" if reason else f"would {plan}")
    if requests:
        from socratic_utils.teacher.cost import price_table

        print(f"prices: {price_table()}")
    if gpu and settings.scale == "paper":
        gpu.show_gpu_plan(settings)


def why_skipped(one: Run, path: Path) -> str:
    """Why a run skips a notebook, or an empty string."""
    if path not in one.chosen:
        return f"run it with --only {number(path)}"
    return schedule.why_left_out(one.settings, path)


def kernels_of(one: Run) -> Kernels:
    """Kernels for a run's notebooks; sets the variables that they read at start."""
    settings = one.settings
    if works_offline(settings):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if settings.scale == "smoke":  # more threads wait for each other, 15 times as long
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    kinds = (REUSED, REUSED) if settings.reuse else (UNTRAINED, IMPORTED)
    packages = (kinds[schedule.notebook_at(path).trains] for path in one.chosen)
    is_quick = settings.reuse or settings.scale == "smoke"
    return Kernels(*packages, most=2 if is_quick else 1, fork=is_quick)


def run(one: Run, kernels: Kernels) -> int:
    """Run the notebooks in order and stop at the first that fails; the exit code."""
    settings = one.settings
    try:
        for path in one.chosen:  # at once, and not when it is the turn of the notebook
            with alone(settings.folder, path):
                pass
        files.record_settings(settings)
        print(f"scale {settings.scale}, into {settings.folder}; what is done is kept")
        with closing(kernels):
            for position, path in enumerate(one.notebooks, 1):
                place = f"[{position}/{len(one.notebooks)}] {path.stem}"
                run_one(one, path, place, kernels)
        grid.save_main(one)
    except (RuntimeError, OSError, ValueError) as error:  # no room, data, permission
        fault = str(error)
        if getattr(error, "errno", None) == errno.ENOSPC:  # names no file
            fault = f"the disk of {settings.folder} is full: free some space, and run "
            fault += "again to continue from here"
        print(visible(f"run_all: {fault}"), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("run_all: interrupted; run again to continue from here", file=sys.stderr)
        return INTERRUPTED
    show_results(settings, "seeds" if one.over or settings.reuse else "main")
    return 0


def run_one(one: Run, path: Path, place: str, kernels: Kernels) -> None:
    """Run a notebook and record what it took; `place` is printed before it."""
    settings = one.settings
    if reason := why_skipped(one, path):
        return print(f"{place} is skipped: {reason}")
    print(f"{place}, {schedule.estimate(settings, path)} ...", flush=True)
    others = dict(one.options)
    given = {k: others.pop(k) for k in OWN_PARAMETERS if k in others}
    copy = settings.folder / "notebooks" / path.name
    with alone(settings.folder, path):
        usage, reason = run_notebook(path, copy, given | {"overrides": others}, kernels)
    record_usage(settings.folder, path, usage, "failed" if reason else "done")
    if reason:
        raise RuntimeError(f"{path.name} {reason}; the traceback is in {copy}")
    make_report(settings, copy)
    used = f"{usage['seconds']:.0f} s, {usage['peak_memory_gb']:.1f} GB"
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


def record_usage(folder: Path, path: Path, usage: dict, status: str) -> None:
    """Write the last and the largest time and memory of one notebook to `run.json`."""
    record = files.read_json(folder / "run.json", {})
    earlier = record.get("notebooks", {}).get(path.stem, {})
    most = {name: max(usage[last], earlier.get(name, 0.0))
            for name, last in LARGEST.items()}  # fmt: skip
    own = {path.stem: usage | most | {"status": status}}
    files.update_run_json(folder, notebooks=own)


def show_results(settings: config.Settings, name: str = "main") -> None:
    """A table as text and where the reports are, as far as they exist."""
    from socratic_utils.results.formats import SMOKE, read_csv

    if (table := settings.folder / "tables" / f"{name}.csv").exists():
        rows = read_csv(table).drop(columns=OF_RUN, errors="ignore")
        shown = rows.to_markdown(index=False, tablefmt="simple", floatfmt=".3f")
        print(f"\n{visible(shown)}\n")
    if settings.scale == "smoke":
        print(SMOKE)
    for report in sorted(settings.folder.glob("report*.html")):
        print(f"report: {report}")


if __name__ == "__main__":
    sys.exit(main())
