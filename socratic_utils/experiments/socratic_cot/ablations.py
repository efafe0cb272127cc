"""Ablations: an arm of the main table with one thing changed (Socratic CoT, section 5).

`ablations.toml` lists them.  Each is compared with its default on the same problems,
and trained for as many optimizer steps on the same training problems: SocGT on those
that it has a right chain of, "all problems" also on those that another student lacks.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils.answers import find_equations
from socratic_utils.config import Settings
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.question_quality import quality_table
from socratic_utils.metrics.statistics import accuracy, paired
from socratic_utils.problems import Problem, sub_questions
from socratic_utils.results import tables
from socratic_utils.students.supervision import STUDENTS

from .. import stages
from ..arms import Arm, main_arm
from ..corpus import can_teach, has_more, is_gold
from ..data import spread, test_problems
from ..saved import arm_rows_on_disk, with_seeds
from . import prompting

PAIR = "socratic_iterative"
GROUPS = ("oracles", "guidance", "supervision", "decoding")
TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _arm(name: str, default: str = PAIR, **fields: Any) -> Arm:
    own = {n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()}
    return main_arm(default).changed(name, **own)


ABLATIONS = tuple(_arm(name, **fields) for name, fields in TABLE.items()) + tuple(
    _arm(f"{name.removeprefix('socratic_')}, all problems", name, problems="all",
         slow=True) for name in STUDENTS)  # fmt: skip


def arms(settings: Settings) -> list[Arm]:
    """The ablations of a run: those that are possible; at `small` scale not the slow
    ones, unless all are asked for or their rows are on disk."""
    everything = settings.ablations == "all" or settings.scale != "small"
    problems, limits = problems_of(settings), (settings.many.test_limit,)

    def wanted(arm: Arm) -> bool:
        quick = not settings.reuse and (everything or not arm.slow)
        return quick or bool(arm_rows_on_disk(settings, arm))

    own = [replace(arm, limits=limits) for arm in ABLATIONS]
    return [a for a in own if possible(settings, a, problems) and wanted(a)]


def problems_of(settings: Settings) -> list[Problem]:
    """The problems that every ablation and its default are compared on."""
    return spread(test_problems(settings), settings.many.test_limit)


def possible(settings: Settings, arm: Arm, problems: Sequence[Problem]) -> bool:
    """Whether its models can be taught, and the problems have the gold it needs."""
    if not can_teach(settings, (*main_arm(arm.default).models, *arm.models)):
        return False
    if arm.problems == "all" and not settings.reuse:
        return has_more(settings, arm.models)
    learns_gold = "qg_gold" in arm.models and is_gold(settings, "socratic")
    if learns_gold or (arm.lora_rank and settings.training.lora_rank):
        return False  # that is the default
    if arm.questions == "gold":
        return any(map(sub_questions, problems))
    if arm.questions == "teacher":
        return not prompting.why_not(settings, problems, both=False)
    if arm.planned:  # the plan is learnt from the chains: no gold is needed
        return arm.guide == "steps" or problems[0].kind == "number"
    steps = [step for problem in problems for step in problem.steps]
    if arm.guide == "steps":
        return bool(steps)
    return not arm.guide or any(find_equations(step.solution) for step in steps)


def compare(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """One line per ablation (`paired_line`); p-values are not corrected for them."""
    base, lines = cache(partial(default_rows, settings)), []
    for arm in arms(settings):
        if own := [row for row in rows if row["student"] == arm.name]:
            lines.append(paired_line(arm.name, own, base(arm.default)))
    return pd.DataFrame(lines)


def default_rows(settings: Settings, default: str = PAIR) -> list[dict]:
    """Rows of a default on the problems of its ablations; none where it has none."""
    if all(arm.default != default for arm in arms(settings)):
        return []
    problems = problems_of(settings)
    rows = stages.score(settings, main_arm(default), problems[0].split)
    ids = {problem.id for problem in problems}
    return [row for row in rows if row["id"] in ids]


def differences(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """`tables.differences` of the ablations in `rows` from their defaults, by group,
    over this run's seeds on disk."""
    defaults = dict.fromkeys(arm.default for arm in arms(settings))
    bases = [row for name in defaults for row in default_rows(settings, name)]
    pairs = [(group_of(arm), arm.name, arm.default) for arm in ABLATIONS]
    pairs.sort(key=lambda pair: GROUPS.index(pair[0]))
    same = (a for a in ABLATIONS if {*a.models} <= {*main_arm(a.default).models})
    decoded = [arm.name for arm in same if not arm.slow]  # slow ones are trained anew
    every = with_seeds(settings, [*bases, *rows], "", "ablations")
    return tables.differences(every, pairs, decoded)


def group_of(arm: Arm) -> str:
    """Which of GROUPS an ablation is shown in: what of the default it changes."""
    if arm.questions or arm.calculator or arm.guide:
        return "guidance" if arm.guide else "oracles"
    return "decoding" if arm.upfront or arm.sees_solutions else "supervision"


def questions_table(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """Quality of the sub-questions (Table 4): the pair, and ablations that change them,
    without gold questions and the calculator, which changes solutions only."""
    changed = [arm.name for arm in arms(settings) if arm.default == PAIR
               and not arm.calculator and arm.questions != "gold"]  # fmt: skip
    asked = [row for row in rows if row["student"] in changed]
    return quality_table([*default_rows(settings), *asked], problems_of(settings))


def paired_line(setting: str, own: Sequence[dict], base: Sequence[dict]) -> dict:
    """Accuracies of both, and McNemar's exact test: `only_here` counts the problems
    that the ablation alone solves.  ValueError unless both have the same problems,
    model, teacher, seed and decoding."""
    verdicts, default = ({r["id"]: r["correct"] for r in rows} for rows in (own, base))
    if verdicts.keys() != default.keys():
        raise ValueError(f"{setting}: its default was not scored on the same problems")
    sides = (("own", own), ("default", base))
    alike([r | {"side": side} for side, rows in sides for r in rows], ["side"])
    lost, won, p_value = paired((default[i], verdicts[i]) for i in verdicts)
    return {"setting": setting, **accuracy(own),
            "default_accuracy": accuracy(base)["accuracy"],
            "only_default": lost, "only_here": won, "p_value": p_value}  # fmt: skip
