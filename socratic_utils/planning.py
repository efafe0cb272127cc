"""What a run would ask of its teacher, notebook by notebook, before anything is spent.

Notebook 01 asks for one chain a problem and style; notebook 02 asks again where the
answer was wrong.  How often that is cannot be known before, so its numbers are an upper
bound: chains that are recorded or cached are judged, all others are taken as wrong.
Notebook 06 asks for many chains of each problem, notebook 07 for those of P1, Table 3,
if there is somebody to ask, and for the chains of its SocGT rows, whose resamples are
not counted.
"""

from __future__ import annotations

from . import two_stage
from .config import Settings, outputs_root
from .corpora import CORPORA
from .corpus import (
    can_ask,
    can_give,
    spread,
    styles,
    teacher_of,
    test_problems,
    train_problems,
)
from .cost import Estimate
from .filters import KEPT, RESAMPLE_TEMPERATURE, judge
from .problems import read_rows
from .prompts import FROM_QUESTIONS, FROM_STEPS
from .sampling import can_sample, planned
from .store import ReplyStore
from .teacher import STORE_NAME, shipped_recordings


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
    plan: dict[str, Estimate] = {}
    for style in styles(settings):
        open_problems = train_problems(settings)
        for sample in range(settings.max_resamples + 1):
            temperature = RESAMPLE_TEMPERATURE if sample else 0.0
            notebook = "02" if sample else "01"
            asked = teacher.estimate(
                open_problems, style, 1, temperature, first_sample=sample
            )
            plan[notebook] = plan[notebook] + asked if notebook in plan else asked
            open_problems = [
                problem
                for problem in open_problems
                if (chain := teacher.known(problem, style, temperature, sample)) is None
                or judge(problem, chain) != KEPT
            ]
            if not open_problems:
                break
    if can_sample(settings):
        plan["06"] = planned(settings)
    live = can_ask(settings)
    asked = spread(test_problems(settings), settings.many.test_limit)
    if live and two_stage.fits(asked):
        plan["07"] = two_stage.planned(teacher, asked)
    if live and (settings.scale != "small" or settings.switches):
        problems = train_problems(settings)
        for style in (FROM_STEPS, FROM_QUESTIONS):  # notebook 07's rows of SocGT
            if can_give(settings, problems, style):
                more = teacher.estimate(problems, style)
                plan["07"] = plan["07"] + more if "07" in plan else more
    return {name: found for name, found in plan.items() if found.requests}
