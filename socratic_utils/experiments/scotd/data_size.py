"""Students of a share of the training problems: how much data does a chain replace?

SCoTD (Figure 3) trains on 20 to 100 % of the problems, on labels alone and on chains.
Here a share of the problems, evenly spaced, teaches `answer_only` and `cot` for the
run's epochs, so less data is less training too; at `paper` scale the pools of many
chains as well.  All of the problems are the students of the main table.
"""

from dataclasses import replace

from socratic_utils.config import Settings

from .. import stages
from ..arms import Arm, main_arm
from ..corpus import can_teach
from ..data import can_sample
from ..saved import arm_rows_on_disk, rows_on_disk
from . import many_chains

EXPERIMENT = "data_size"
STUDENTS = ("answer_only", "cot")


def arms(settings: Settings) -> list[Arm]:
    """Every student at every share of the problems, the whole included."""
    found = [_whole(settings, student) for student in STUDENTS]
    found = [arm for arm in found if can_teach(settings, arm.models)]
    if settings.scale == "paper" and can_sample(settings):
        pools = many_chains.arms(settings)[: len(settings.many.counts)]
        found += many_chains.with_chains(settings, pools)
    return [_part(arm, share) for arm in found for share in settings.many.shares]


def _whole(settings: Settings, student: str) -> Arm:
    """A student of the main table, on the problems of this experiment."""
    return replace(main_arm(student), limits=(settings.many.test_limit,))


def _part(arm: Arm, share: float) -> Arm:
    """An arm on a share of its problems; the whole of a main arm is the main arm."""
    columns = (("student", arm.name), ("share", share))
    if share == 1 and not arm.pool:
        return replace(arm, columns=columns)
    name = f"{arm.name}-{round(100 * share):03d}"
    return replace(arm, name=name, experiment=EXPERIMENT, share=share, columns=columns)


def score(settings: Settings) -> list[dict]:
    """Rows of all students and shares, with the column `share`."""
    rows = []
    for arm in arms(settings):
        if arm.experiment:
            rows += stages.score(settings, arm)
        else:
            whole = stages.on_same_problems(settings, arm, main_arm(arm.name))
            rows += [{**row, "share": 1.0} for row in whole]
    return rows


def saved_rows(settings: Settings) -> list[dict]:
    """What `score` has saved; nothing is trained, and the teacher is not asked."""
    rows = rows_on_disk(settings, EXPERIMENT)
    for student in STUDENTS if rows else ():
        whole = arm_rows_on_disk(settings, _whole(settings, student))
        rows += [{**row, "share": 1.0} for row in whole]
    return rows
