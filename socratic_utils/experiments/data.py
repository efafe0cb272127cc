"""What a run is about: its problems and its teacher, whom only `sampled` asks."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

from socratic_utils.benchmarks import DATA_VARIABLE, load_problems, splits_of
from socratic_utils.benchmarks.placeholders import placeholders
from socratic_utils.config import Settings, outputs_root
from socratic_utils.metrics.contrast_sets import bases
from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.published import CORPORA, PublishedTeacher
from socratic_utils.teacher.teacher import Teacher

STYLE, TEMPERATURE = "cot", 1.0  # of many chains (SCoTD, section 3)
REPORTED_SPLITS = ("test", "unseen", "challenge", "original", "contrast")


def train_problems(settings: Settings) -> list[Problem]:
    return all_problems(settings, "train")[: settings.train_limit]


def test_problems(settings: Settings, split: str = "") -> list[Problem]:
    """`test_limit` evenly spaced problems of a split (default: the first reported); of
    changed questions, as many as possible whose originals are in the run too."""
    splits, limit = test_splits(settings), settings.test_limit
    problems = all_problems(settings, split or splits[0])
    if limit is None or not (base_of := bases(problems)):
        return spread(problems, limit)
    others = (all_problems(settings, name) for name in splits if name != split)
    here = {problem.id for other in others for problem in spread(other, limit)}
    paired = [p for p in problems if base_of.get(p.id) in here]
    rest = [p for p in problems if base_of.get(p.id) not in here]
    chosen = spread(paired, limit)
    chosen += spread(rest, limit - len(chosen))
    return sorted(chosen, key=problems.index)


def reported_problems(settings: Settings) -> list[Problem]:
    return [p for s in test_splits(settings) for p in test_problems(settings, s)]


def test_splits(settings: Settings) -> list[str]:
    """The splits a run reports; validation where test has no published answers."""
    known = splits_of(settings.dataset)
    return [split for split in REPORTED_SPLITS if split in known] or ["validation"]


def all_problems(settings: Settings, split: str) -> list[Problem]:
    """Every problem of a split; in a plan, placeholders if it is not at hand."""
    folder = os.environ.get(DATA_VARIABLE, "")
    return list(_read_once(settings.dataset, split, folder, settings.plan))


@cache  # every stage asks for the problems
def _read_once(dataset: str, split: str, _folder: str, plan: bool) -> tuple:
    try:
        if found := tuple(load_problems(dataset, split)):
            return found
        raise ValueError(f"the {split} split of {dataset} is empty: put its file there")
    except (OSError, ImportError):  # not here, or no package to read it with
        if not plan:
            raise
    return tuple(placeholders(dataset, split))


def spread(problems: Sequence[Problem], limit: int | None) -> list[Problem]:
    """`limit` evenly spaced problems, so that all story families occur; None: all."""
    if limit is None or limit >= len(problems):
        return list(problems)
    stride = len(problems) / max(limit, 1)
    return [problems[int(i * stride)] for i in range(limit)]


def hold_back(problems: list[Problem], share: float, least=1, last=False) -> tuple:
    """Problems to learn from, and a share (at least `least`) that is held back, evenly
    spaced or the `last` ones; ValueError where nothing remains to learn from."""
    count = max(least, round(share * len(problems)))
    if count >= len(problems):
        fault = f"{count} of {len(problems)} training problems are to be held back"
        raise ValueError(f"{fault}: give more, so that some are learnt")
    held = problems[-count:] if last else spread(problems, count)
    ids = {problem.id for problem in held}
    return [problem for problem in problems if problem.id not in ids], held


def teacher_of(settings: Settings, plan=False, logprobs=False) -> Any:
    """The run's `Teacher` or `PublishedTeacher`; replies are cached for all runs.  With
    a `plan` the disk stays as it is, with `logprobs` chains have a log-likelihood."""
    if settings.teacher in CORPORA:
        return PublishedTeacher(settings.teacher)
    store = outputs_root() / "teacher"
    return Teacher(
        settings.teacher, settings.teacher_url or None,
        None if plan and not store.exists() else store, logprobs=logprobs,
        max_tokens=settings.teacher_tokens, max_cost=settings.max_cost or None,
        api=settings.teacher_api, mode=settings.teacher_mode)  # fmt: skip


def can_ask(settings: Settings) -> bool:
    """Whether a live teacher can be asked for chains that are not known yet."""
    if settings.reuse or settings.teacher in CORPORA:
        return False
    teacher = teacher_of(settings, plan=True)
    # A key alone says nothing when the teacher is a recorded one, not OpenAI's.
    has_key = teacher.endpoint.has_address and not teacher.is_recorded
    return bool(settings.teacher_url) or has_key


def sampled(settings: Settings) -> tuple[list[Problem], list[Chain]]:
    """Problems, and all chains sampled for each at temperature 1, problem by problem:
    the first training problems, or, without a live teacher, the first recorded ones."""
    problems, *how = _sampling(settings)
    return problems, teacher_of(settings, logprobs=True).sample(problems, *how)


def sampling_plan(settings: Settings) -> Estimate:
    """What `sampled` would ask of the teacher."""
    return teacher_of(settings, plan=True, logprobs=True).estimate(*_sampling(settings))


def can_sample(settings: Settings) -> bool:
    """Whether many chains are at hand or to be had; published teachers have one."""
    return settings.teacher not in CORPORA and bool(_sampling(settings)[0])


def pool_problems(settings: Settings) -> list[Problem]:
    """The problems of all pools: those whose chains are sampled, or else all."""
    sampled = [] if settings.teacher in CORPORA else _sampling(settings)[0]
    return sampled or train_problems(settings)


def _sampling(settings: Settings) -> tuple[list[Problem], str, int, float]:
    """The training problems of `sampled`, the style, the samples, the temperature."""
    problems, count = train_problems(settings), settings.many.counts[-1]
    if not can_ask(settings):
        known = teacher_of(settings, True, True).known
        for sample in range(count):
            chains = known(problems, STYLE, TEMPERATURE, sample)
            problems = [p for p, c in zip(problems, chains, strict=True) if c]
    return problems[: settings.many.problems], STYLE, count, TEMPERATURE
