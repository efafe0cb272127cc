"""Every model of a run by name: how it is supervised, on what, and for how long.

main table   answer_only, gt_steps, cot, socratic_unified, qg, qa (`supervision`)
ablations    a question generator that is guided, or sees solutions, and planners;
             no sub-question module (`subproblems`); P1's other
             meanings of SocGT; questions, then facts (StrategyQA)

>>> MODELS["planner_equations"].trained
('guide',)
"""

from __future__ import annotations

from socratic_utils.config import Settings, Training
from socratic_utils.students.no_subquestions import as_long, sub_problems
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.teacher.prompts import FROM_QUESTIONS, FROM_STEPS

from .corpus import Pairs, corpus

# SocGT in its several meanings: the teacher asks about the gold steps, it answers the
# gold questions, or both are gold.
SOCGT = (FROM_STEPS, FROM_QUESTIONS, "gold")
MODELS = SUPERVISIONS


def lesson(settings: Settings, model: str) -> tuple[Pairs, Training]:
    """The training pairs of a model and its recipe; chains are asked for if need be."""
    return expanded(settings, model, corpus(settings, MODELS[model].corpus))


def expanded(settings: Settings, model: str, pairs: Pairs) -> tuple[Pairs, Training]:
    """What a model makes of its corpus: one without questions has every sub-problem.

    It is trained for as many steps as the others all the same.
    """
    if model != "no_subquestions":
        return pairs, settings.training
    parts = sub_problems(pairs)
    return parts, as_long(settings.training, len(pairs), len(parts))
