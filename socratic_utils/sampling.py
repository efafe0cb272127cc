"""The many chains of notebook 06: whether they can be had, what they cost, and they.

P2, section 3: CoT chains at temperature 1, the same number for every problem.  Apart
from `many_chains`, because a plan of costs should not load torch.
"""

from __future__ import annotations

from .config import Settings
from .corpora import CORPORA
from .corpus import teacher_of, train_problems
from .cost import Estimate
from .problems import Chain, Problem

STYLE, TEMPERATURE = "cot", 1.0  # P2 section 3


def sampled(settings: Settings) -> tuple[list[Problem], list[Chain]]:
    """The first training problems and all their chains, the samples of one together."""
    problems = train_problems(settings)[: settings.many.problems]
    teacher = teacher_of(settings, logprobs=True)
    count = settings.many.counts[-1]
    return problems, teacher.sample(problems, STYLE, count, TEMPERATURE)


def planned(settings: Settings) -> Estimate:
    """What `sampled` would ask of the teacher."""
    return teacher_of(settings, plan=True, logprobs=True).estimate(
        train_problems(settings)[: settings.many.problems],
        STYLE,
        settings.many.counts[-1],
        TEMPERATURE,
    )


def can_sample(settings: Settings) -> bool:
    """Whether the chains are at hand, or there is somebody to ask for them.

    Of published teachers there is one chain a problem.  A key alone says nothing when
    the teacher is the recorded one, which OpenAI does not have.
    """
    if settings.teacher in CORPORA:
        return False
    teacher = teacher_of(settings, plan=True, logprobs=True)
    live = settings.teacher_url or (
        teacher.endpoint.has_address and not teacher.is_recorded
    )
    return bool(live) or not planned(settings).requests
