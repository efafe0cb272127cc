"""The many chains of notebook 10: whether they can be had, what they cost, and they.

P2, section 3: CoT chains at temperature 1, the same number for every problem.  Apart
from `many_chains`, because a plan of costs should not load torch.
"""

from __future__ import annotations

from socratic_utils.config import Settings
from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import Teacher

from .corpus import can_ask, teacher_of, train_problems

STYLE, TEMPERATURE = "cot", 1.0  # P2 section 3


def sampled(settings: Settings) -> tuple[list[Problem], list[Chain]]:
    """The problems and all their chains, the samples of one together.

    The first training problems, or, where nobody can be asked, the first of those whose
    chains are recorded.
    """
    problems = _problems(settings)
    count = settings.many.counts[-1]
    teacher = teacher_of(settings, logprobs=True)
    return problems, teacher.sample(problems, STYLE, count, TEMPERATURE)


def planned(settings: Settings) -> Estimate:
    """What `sampled` would ask of the teacher."""
    teacher, problems = _plan(settings), _problems(settings)
    return teacher.estimate(problems, STYLE, settings.many.counts[-1], TEMPERATURE)


def can_sample(settings: Settings) -> bool:
    """Whether the chains are at hand, or there is somebody to ask for them.

    Of published teachers there is one chain a problem.
    """
    return settings.teacher not in CORPORA and bool(_problems(settings))


def _problems(settings: Settings) -> list[Problem]:
    teacher, problems = _plan(settings), train_problems(settings)
    if not can_ask(settings):
        count = settings.many.counts[-1]
        problems = [
            problem
            for problem in problems
            if all(teacher.known(problem, STYLE, TEMPERATURE, i) for i in range(count))
        ]
    return problems[: settings.many.problems]


def _plan(settings: Settings) -> Teacher:
    return teacher_of(settings, plan=True, logprobs=True)
