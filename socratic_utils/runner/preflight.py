"""What a run needs, looked for before its first request and its first training step.

    >>> check([Run({"scale": "smoke"}, find_notebooks())])

Not covered: room on the disk; a teacher's server that stops in the middle of a run.
"""

from collections.abc import Sequence

from socratic_utils.config import Settings
from socratic_utils.experiments import data
from socratic_utils.files import one_line
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.training.hardware import device

from .execute import read_parameters
from .paper_grid import Run
from .plan.teacher import teacher_plan
from .schedule import trains


def check(runs: Sequence[Run], on_cluster: bool = False) -> None:
    """ValueError, TeacherError or OSError: one sentence for what would stop a run."""
    first, notebooks = runs[0].settings, runs[0].notebooks
    for path in notebooks:
        read_parameters(path)
    if first.reuse:
        return
    for one in {run.settings.dataset: run.settings for run in runs}.values():
        for split in ("train", *data.test_splits(one)):
            data.all_problems(one, split)
    if any(map(trains, notebooks)):
        limited = first.scale != "paper" or first.train_limit or on_cluster
        if not limited and device().type == "cpu":
            raise ValueError(
                "paper scale trains on a GPU, and there is none: --dry-run shows the "
                "hours, --only 01 asks the teacher, --train-limit N tries N problems"
            )
        for student in dict.fromkeys(run.settings.student for run in runs):
            load_pretrained(student)
    check_teacher(first)


def check_teacher(settings: Settings) -> None:
    """Refuse a server that does not answer and a limit of costs without a price."""
    import httpx2

    if not teacher_plan(settings):
        return
    if settings.max_cost:
        data.teacher_of(settings, plan=True).budget()
    if url := settings.teacher_url:
        try:
            httpx2.get(f"{url.rstrip('/')}/models", timeout=10)  # any reply will do
        except httpx2.HTTPError as error:
            fault = f"no server answers at {url} ({one_line(error)})"
            raise ValueError(f"{fault}: start it, or correct --teacher-url") from None
