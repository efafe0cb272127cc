"""Students that are only prompted: before training, or on a task they do not know.

SCoTD, Table 2(a): the untrained student reads a few exemplars with and without chains.
Its Figure 6: a trained one reads exemplars of a task it was never trained on.  The
exemplars are those of the teacher's prompts, written as transcripts
(`students.decoding.few_shot`).

    >>> from socratic_utils.config import load
    >>> [arm.name for arm in arms(load("smoke"))]
    ['no_cot', 'greedy_cot', 'self_consistency']

Not covered: MetaICL, SCoTD's baseline of the transfer; instructions.
"""

import os
from dataclasses import replace

from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.config import Settings

from ..arms import Arm
from ..corpus import can_teach
from ..data import STYLE, test_problems
from ..saved import rows_on_disk

EXPERIMENT = "prompted"


def arms(settings: Settings) -> list[Arm]:
    """The untrained student's three rows of Table 2(a)."""
    many = settings.many
    greedy = Arm(
        "greedy_cot", (), EXPERIMENT, exemplars=STYLE, limits=(many.test_limit,)
    )
    return [
        replace(greedy, name="no_cot", exemplars="answer_only"),
        greedy,
        replace(greedy, name="self_consistency", samples=many.votes[-1],
                limits=(many.test_limit, many.vote_limit)),
    ]  # fmt: skip


def transfer_arms(settings: Settings) -> list[Arm]:
    """The student before and after training on its own task, asked about others.

    The tasks are `settings.many.transfer`, those at hand and not the run's own; the
    trained student is that of the teacher's chains.
    """
    found = []
    for task in settings.many.transfer:
        if task != settings.dataset and at_hand(settings, task):
            before = Arm("before", (), EXPERIMENT, exemplars=STYLE, dataset=task,
                         limits=(settings.many.test_limit,))  # fmt: skip
            found.append(before)
            if can_teach(settings, (STYLE,)):
                found.append(replace(before, name="after_cot", models=(STYLE,)))
    return found


def transfer(settings: Settings) -> list[dict]:
    """Prediction rows of `transfer_arms`; reused rows as far as they are committed."""
    from ..stages import score  # which loads torch

    rows = []
    for arm in transfer_arms(settings):
        try:
            rows += score(settings, arm)
        except FileNotFoundError as error:
            if not settings.reuse:
                raise
            print(error)
    return rows


def saved_rows(settings: Settings) -> list[dict]:
    """Saved rows of `arms`, then of `transfer_arms`, in their order."""
    order = [*(arm.name for arm in arms(settings)), "before", "after_cot"]
    rows = rows_on_disk(settings, EXPERIMENT)
    return sorted(rows, key=lambda row: order.index(row["student"]))


def at_hand(settings: Settings, dataset: str) -> bool:
    """Whether a benchmark can be read: from the hub at `paper` scale, else locally."""
    if settings.scale != "paper" and not os.environ.get(DATA_VARIABLE):
        return False
    try:
        return bool(test_problems(replace(settings, dataset=dataset)))
    except FileNotFoundError:
        return False
