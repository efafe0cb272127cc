"""Students of a share of the training problems: how much data does a chain replace?

SCoTD (Figure 3) trains on 20 to 100 % of the problems, on labels alone and on chains.
Here a share of the main table's problems, evenly spaced, teaches `answer_only`, `cot`
and, at `paper` scale, the students of many chains, for as many optimizer steps as all
of them.  Those of all problems are decoded anew: the rows here are of one run.
"""

from dataclasses import replace

from socratic_utils.config import Settings

from ..arms import Arm, main_arm
from ..corpus import can_teach
from ..data import can_sample
from . import many_chains

EXPERIMENT = "data_size"
STUDENTS = ("answer_only", "cot")


def arms(settings: Settings) -> list[Arm]:
    """Every student at every share of the problems, the whole included."""
    found = [arm for arm in map(main_arm, STUDENTS) if can_teach(settings, arm.models)]
    if settings.scale == "paper" and can_sample(settings):
        pools = many_chains.arms(settings)[: len(settings.many.counts)]
        found += many_chains.with_chains(settings, pools)
        found = [replace(arm, steps=settings.many.steps) for arm in found]
    return [
        replace(arm, name=f"{arm.name}-{round(100 * share):03d}", experiment=EXPERIMENT,
                share=share, columns=(("student", arm.name), ("share", share)),
                limits=(settings.many.test_limit,))
        for arm in found for share in settings.many.shares]  # fmt: skip
