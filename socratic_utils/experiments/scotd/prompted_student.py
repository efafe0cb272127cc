"""Students that read a few exemplars (`students.decoding.few_shot`): before training,
with and without chains (SCoTD, Table 2a), or on a task they do not know (Figure 6)."""

import os
from contextlib import suppress
from dataclasses import replace

from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.config import Settings

from .. import stages
from ..arms import Arm
from ..corpus import can_teach
from ..data import STYLE, test_problems
from ..saved import rows_on_disk
from .many_chains import with_votes

EXPERIMENT = "prompted"


def greedy_arm(settings: Settings) -> Arm:
    """The untrained student, prompted with chains and decoded greedily."""
    limits = (settings.many.test_limit,)
    return Arm("greedy_cot", (), EXPERIMENT, exemplars=STYLE, limits=limits)


def arms(settings: Settings) -> list[Arm]:
    """The untrained student's three rows of Table 2(a)."""
    greedy = greedy_arm(settings)
    votes = replace(with_votes(settings, greedy), name="self_consistency")
    return [replace(greedy, name="no_cot", exemplars="answer_only"), greedy, votes]


def transfer(settings: Settings) -> list[dict]:
    """Prediction rows of the student before and after training on its own task, asked
    about those of `settings.many.transfer` that are at hand; reused rows as far as they
    are committed."""
    if settings.reuse:
        return [r for r in saved_rows(settings) if r["dataset"] != settings.dataset]
    both = [replace(greedy_arm(settings), name="before")]
    if can_teach(settings, (STYLE,)):
        both.append(replace(both[0], name="after_cot", models=(STYLE,)))
    tasks = (t for t in settings.many.transfer if t != settings.dataset)
    asked = [replace(arm, dataset=task) for task in tasks if at_hand(settings, task)
             for arm in both]  # fmt: skip
    return stages.score_all(settings, asked)


def saved_rows(settings: Settings) -> list[dict]:
    """Saved rows of `arms`, then of `transfer`, in their order."""
    order = [*(arm.name for arm in arms(settings)), "before", "after_cot"]
    rows = rows_on_disk(settings, EXPERIMENT)
    return sorted(rows, key=lambda row: order.index(row["student"]))


def at_hand(settings: Settings, dataset: str) -> bool:
    """Whether a benchmark can be read: from the hub at `paper` scale, else locally."""
    with suppress(FileNotFoundError):
        if settings.scale == "paper" or os.environ.get(DATA_VARIABLE):
            return bool(test_problems(replace(settings, dataset=dataset)))
    return False
