"""Students that are only prompted: before training, or on a task they do not know.

SCoTD, Table 2(a): the untrained student reads a few exemplars with and without chains.
Its Figure 6: a trained one reads exemplars of a task it was never trained on.  The
exemplars are those of the teacher's prompts (`students.decoding.few_shot`).

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


def greedy_arm(settings: Settings) -> Arm:
    """The untrained student, prompted with chains and decoded greedily."""
    limits = (settings.many.test_limit,)
    return Arm("greedy_cot", (), EXPERIMENT, exemplars=STYLE, limits=limits)


def arms(settings: Settings) -> list[Arm]:
    """The untrained student's three rows of Table 2(a)."""
    greedy, many = greedy_arm(settings), settings.many
    return [
        replace(greedy, name="no_cot", exemplars="answer_only"),
        greedy,
        replace(greedy, name="self_consistency", samples=many.votes[-1],
                limits=(many.test_limit, many.vote_limit)),
    ]  # fmt: skip


def transfer_arms(settings: Settings) -> list[Arm]:
    """The student before and after training on its own task, asked about others.

    The tasks are those of `settings.many.transfer` that are at hand.
    """
    models: dict[str, tuple[str, ...]] = {"before": ()}
    if can_teach(settings, (STYLE,)):
        models["after_cot"] = (STYLE,)
    return [
        replace(greedy_arm(settings), name=name, models=models[name], dataset=task)
        for task in settings.many.transfer
        if task != settings.dataset and at_hand(settings, task)
        for name in models
    ]


def transfer(settings: Settings) -> list[dict]:
    """Prediction rows of `transfer_arms`; reused rows as far as they are committed."""
    from ..stages import score_all  # which loads torch

    if settings.reuse:
        return [r for r in saved_rows(settings) if r["dataset"] != settings.dataset]
    return score_all(settings, transfer_arms(settings))


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
