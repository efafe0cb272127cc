"""What a run would ask of its teacher, notebook by notebook, before anything is spent.

Notebook 01 asks for one chain a problem and style; notebook 02 asks again where the
answer was wrong.  How often that is cannot be known before, so its numbers are an upper
bound: chains that are recorded or cached are judged, all others are taken as wrong.
Notebook 10 asks for many chains of each problem, notebook 06 for those of P1, Table 3,
and of its SocGT rows, notebook 14 for those on the test problems that are judged, if
there is somebody to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from socratic_utils.config import Settings, outputs_root
from socratic_utils.experiments import two_stage
from socratic_utils.experiments.corpus import (
    can_ask,
    can_give,
    spread,
    styles,
    teacher_of,
    test_problems,
    train_problems,
)
from socratic_utils.experiments.human_judgement import PAIRS
from socratic_utils.experiments.sampling import STYLE, can_sample, planned
from socratic_utils.filtering.right_answers import KEPT, RESAMPLE_TEMPERATURE, judge
from socratic_utils.problems import Problem, read_rows
from socratic_utils.teacher.cache import ReplyStore, shipped_recordings
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.prompts import FROM_QUESTIONS, FROM_STEPS
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import STORE_NAME, Teacher


def known_teachers() -> list[str]:
    """The teachers whose chains are at hand: recorded, published, or asked earlier."""
    recorded = {
        row["model"] for path in shipped_recordings() for _, row in read_rows(path)
    }
    store = outputs_root() / "teacher" / STORE_NAME
    asked = set(ReplyStore(store).models()) if store.exists() else set()
    return sorted(recorded | asked | set(CORPORA))


def teacher_plan(settings: Settings) -> dict[str, Estimate]:
    """Notebook number -> what it would ask for; empty where nothing is asked."""
    if settings.reuse or settings.teacher in CORPORA:
        return {}
    teacher = teacher_of(settings, plan=True)
    problems = train_problems(settings)
    plan: dict[str, Estimate] = {}

    def add(notebook: str, asked: Estimate) -> None:
        plan[notebook] = plan[notebook] + asked if notebook in plan else asked

    for style in styles(settings):
        for sample, asked in enumerate(at_most(settings, teacher, problems, style)):
            add("02" if sample else "01", asked)
    if can_sample(settings):
        add("10", planned(settings))
    if can_ask(settings):
        tested = spread(test_problems(settings), settings.many.test_limit)
        if two_stage.fits(tested):
            add("06", two_stage.planned(teacher, tested))
        for style in (FROM_STEPS, FROM_QUESTIONS):  # its rows of SocGT
            if settings.scale == "small" and not settings.switches:
                break
            if can_give(settings, problems, style):
                for asked in at_most(settings, teacher, problems, style):
                    add("06", asked)
        compared = spread(test_problems(settings), PAIRS)
        add("14", teacher.estimate(compared, STYLE))
    return {name: found for name, found in plan.items() if found.requests}


def at_most(
    settings: Settings, teacher: Teacher, problems: Sequence[Problem], style: str
) -> Iterator[Estimate]:
    """What keeping right chains asks for: at first, and at each resample.

    A chain that is not known is taken as wrong.
    """
    for sample in range(settings.max_resamples + 1):
        temperature = RESAMPLE_TEMPERATURE if sample else 0.0
        yield teacher.estimate(problems, style, 1, temperature, first_sample=sample)
        problems = [
            problem
            for problem in problems
            if (chain := teacher.known(problem, style, temperature, sample)) is None
            or judge(problem, chain) != KEPT
        ]
        if not problems:
            return
