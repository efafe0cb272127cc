"""What a run would take, as `--dry-run` prints it: the teacher's part, and the GPU's.

Each is left out, with a sentence, where the environment is not set up yet or the
benchmark is not at hand: a dry run never stops for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socratic_utils.config import SCOTD_DATASETS, Settings

from .schedule import why_left_out


def show_gpu_plan(settings: Settings) -> None:
    """Trainings and evaluations on a GPU, where the environment is there already."""
    try:
        from tabulate import tabulate

        from .many_plan import many_plan
        from .plan_gpu import ablation_plan, gpu_plan, size_plan

        rows, sizes = gpu_plan(settings), size_plan(settings)
        ablations = ablation_plan(settings)
        many = many_plan(settings) if settings.dataset in SCOTD_DATASETS else []
    except (ImportError, OSError) as error:
        print(f"(what it would take on a GPU is not known: {error})")
        return
    if not rows:
        print(f"(the size of {settings.student} is not known: no hours on a GPU)")
    else:
        print("hours on one GPU (estimates; see socratic_utils/runner/plan_gpu.py):")
        print(tabulate(rows, headers="keys", floatfmt=".2f"))
        print("the same for every size and three seeds (-: does not fit):")
        print(tabulate(sizes, "keys", floatfmt=".2f", missingval="-"))
    if ablations:
        print("notebook 06 beside that, with the run's own student:")
        print(tabulate(ablations, headers="keys", floatfmt=".2f"))
    if many:
        print(f"P2's notebooks, {settings.many.steps:,} steps a student (many_plan):")
        print(tabulate(many, headers="keys", floatfmt=".2f"))


def show_grid_hours(runs: Sequence[Settings]) -> None:
    """Hours of all runs of a grid, as far as their benchmarks are at hand."""
    try:
        from tabulate import tabulate

        from .plan_gpu import grid_plan
    except ImportError:  # said above already
        return
    rows, missing = grid_plan(runs)
    if missing:
        print(f"\n(hours of the whole are not known: {', '.join(missing)} not at hand)")
    elif rows:
        print("\nhours of the whole, all seeds (notebook 06 has seed 0 only):")
        print(tabulate(rows, headers="keys", floatfmt=".2f", missingval=""))


def left_out_of_plan(settings: Settings, path: Path) -> str:
    """`why_left_out`; nothing where that cannot be known yet."""
    try:
        return why_left_out(settings, path)
    except (ImportError, OSError):
        return ""


def teacher_plan_of(settings: Settings) -> dict[str, Any]:
    """`planning.teacher_plan`, where the environment is there already."""
    try:
        from .plan_teacher import teacher_plan
    except ImportError:
        print("  (what the teacher would cost is told once the environment is set up)")
        return {}
    try:
        return teacher_plan(settings)
    except OSError as error:  # the benchmark is neither here nor to be had
        print(f"  (what the teacher would cost is not known: {error})")
        return {}
