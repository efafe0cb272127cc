"""Every model of a run by name: how it is supervised, on what, and for how long.

main table   answer_only, gt_steps, cot, socratic_unified, qg, qa (`transcripts`)
ablations    a question generator that is guided, or sees solutions, and planners
             (`guidance`); no sub-question module (`subproblems`); P1's other
             meanings of SocGT; questions apart from facts (StrategyQA)

>>> MODELS["planner_equations"].trained
('guide',)
"""

from __future__ import annotations

from dataclasses import replace

from socratic_utils.config import Settings, Training
from socratic_utils.students.guidance import GUIDED_SUPERVISIONS
from socratic_utils.students.no_subquestions import (
    NO_SUBQUESTIONS,
    as_long,
    sub_problems,
)
from socratic_utils.students.transcript import SUPERVISIONS, Supervision
from socratic_utils.teacher.prompts import FROM_QUESTIONS, FROM_STEPS

from .corpus import Pairs, corpus

# SocGT in P1's several meanings: the teacher asks about the gold steps, it answers the
# gold questions, or both are gold (PAPERS.md 1.5).
SOCGT = (FROM_STEPS, FROM_QUESTIONS, "gold")
APART = replace(SUPERVISIONS["socratic_unified"], name="apart", corpus="apart")
MODELS: dict[str, Supervision] = SUPERVISIONS | GUIDED_SUPERVISIONS
MODELS |= {s.name: s for s in (NO_SUBQUESTIONS, APART)}
MODELS |= {
    f"{name}_{source}": replace(
        SUPERVISIONS[name], name=f"{name}_{source}", corpus=source
    )
    for source in SOCGT
    for name in ("qg", "qa")
}


def lesson(settings: Settings, model: str) -> tuple[Pairs, Training]:
    """The training pairs of a model and its recipe; chains are asked for if need be."""
    return expanded(settings, model, corpus(settings, MODELS[model].corpus))


def expanded(settings: Settings, model: str, pairs: Pairs) -> tuple[Pairs, Training]:
    """What a model makes of its corpus: one without questions has every sub-problem.

    It is trained for as many steps as the others all the same.
    """
    if model != NO_SUBQUESTIONS.name:
        return pairs, settings.training
    parts = sub_problems(pairs)
    return parts, as_long(settings.training, len(pairs), len(parts))
