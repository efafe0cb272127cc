"""What a run would ask of its teacher, notebook by notebook, before spending anything.

The recorded teacher of `small` costs nothing.  The numbers are upper bounds: a chain
that is neither recorded nor cached counts as wrong.
"""

from collections.abc import Iterator, Sequence

from socratic_utils.benchmarks import splits_of
from socratic_utils.config import Settings, outputs_root
from socratic_utils.experiments import corpus, data
from socratic_utils.experiments.human_judgement import PAIRS
from socratic_utils.experiments.socratic_cot import prompting
from socratic_utils.filtering.right_answers import KEPT, RESAMPLE_TEMPERATURE, judge
from socratic_utils.problems import Problem, read_rows
from socratic_utils.teacher.cache import ReplyStore, shipped_recordings
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.prompts import FROM_QUESTIONS, FROM_STEPS
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import STORE_NAME, Teacher

from ..schedule import NOTEBOOKS, number_of


def known_teachers() -> list[str]:
    """The teachers whose chains are at hand: recorded, published or cached."""
    rows = (row for path in shipped_recordings() for _, row in read_rows(path))
    store = outputs_root() / "teacher" / STORE_NAME
    asked = ReplyStore(store).models() if store.exists() else ()
    return sorted({row["model"] for row in rows} | {*asked, *CORPORA})


def data_line(settings: Settings) -> str:
    """The numbers of problems of a run, and whether they were counted or are known."""
    parts = []
    for split in splits_of(settings.dataset):
        problems = data.all_problems(settings, split)
        known = problems[0].extra.get("placeholder")
        how = "known size, mean lengths" if known else "counted"
        parts.append(f"{split} {len(problems):,} ({how})")
    return f"  problems of {settings.dataset}: {', '.join(parts)}"


def teacher_plan(settings: Settings) -> dict[str, Estimate]:
    """Notebook number -> what it would ask for; empty where nothing is asked."""
    if settings.reuse or settings.teacher in CORPORA:
        return {}
    teacher = data.teacher_of(settings, plan=True)
    problems, tested = data.train_problems(settings), data.test_problems(settings)
    plan: dict[str, Estimate] = {}

    def add(notebook: str, asked: Estimate) -> None:
        place = number_of(notebook)
        plan[place] = plan[place] + asked if place in plan else asked

    for style in corpus.styles(settings):
        for sample, asked in enumerate(at_most(settings, teacher, problems, style)):
            add("filtering" if sample else "teacher_generation", asked)
    if data.can_sample(settings):
        add("many_chains", data.sampling_plan(settings))
    if data.can_ask(settings):
        prompted = data.spread(tested, settings.many.test_limit)
        if prompting.fits(prompted):
            add("ablations", prompting.planned(teacher, prompted))
        trains_all = settings.scale != "small" or settings.ablations
        for style in (FROM_STEPS, FROM_QUESTIONS) if trains_all else ():  # SocGT
            if corpus.can_give(settings, problems, style):
                for asked in at_most(settings, teacher, problems, style):
                    add("ablations", asked)
        add("human_judgement", teacher.estimate(data.spread(tested, PAIRS), data.STYLE))
    return {name: found for name, found in plan.items() if found.requests}


def plan_of(settings: Settings, numbers: Sequence[str]) -> dict[str, Estimate]:
    """`teacher_plan` where only these notebooks run: the first that takes chains asks
    for them, since all students share what every style has."""
    plan = teacher_plan(settings)
    learns = [n.number for n in NOTEBOOKS if n.trains and n.needs != "many chains"]
    pools = map(number_of, ("which_chains", "without_labels", "before_and_beyond"))
    takes = {"teacher_generation": [number_of("filtering"), *learns],
             "filtering": learns, "many_chains": [*pools]}  # fmt: skip
    for name, others in takes.items():
        asked = plan.get(place := number_of(name))
        first = next((n for n in numbers if n in others), None)
        if asked and first and place not in numbers:
            plan[first] = plan[first] + asked if first in plan else asked
    return {number: plan[number] for number in numbers if number in plan}


def at_most(
    settings: Settings, teacher: Teacher, problems: Sequence[Problem], style: str
) -> Iterator[Estimate]:
    """What keeping right chains asks for, at first and at each resample."""
    for sample in range(settings.max_resamples + 1):
        temperature = RESAMPLE_TEMPERATURE if sample else 0.0
        asked = teacher.estimate(problems, style, 1, temperature, first_sample=sample)
        if asked.requests == len(problems):  # none is known, so no resample either
            yield from [asked] * (settings.max_resamples + 1 - sample)
            return
        yield asked
        known = teacher.known(problems, style, temperature, sample)
        pairs = zip(problems, known, strict=True)
        problems = [p for p, c in pairs if not c or judge(p, c) != KEPT]
        if not problems:
            return
