"""From a benchmark and a teacher to what students learn.

The problems of a run, its teacher, the chains that the filter keeps (saved in
`chains/` with the reasons), and the training pairs of each supervision.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from socratic_utils.benchmarks import (
    DATA_VARIABLE,
    load_problems,
    splits_of,
)
from socratic_utils.config import Settings, outputs_root
from socratic_utils.files import write_jsonl_rows
from socratic_utils.filtering.right_answers import (
    KEPT,
    REASONS,
    Attempt,
    Filtered,
    keep_if_correct,
)
from socratic_utils.problems import (
    Chain,
    Problem,
    Step,
    gold_chain,
    read_rows,
    save_jsonl,
    sub_questions,
)
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS, Supervision
from socratic_utils.teacher.prompts import STYLES, asked_text
from socratic_utils.teacher.published import CORPORA, training_chains
from socratic_utils.teacher.published.published_teacher import PublishedTeacher
from socratic_utils.teacher.teacher import Teacher

Pairs = list[tuple[Problem, Chain]]
OWN_SOCRATIC = ("gsm8k",)  # benchmarks with Socratic steps of their own (P1 section 4)


def teacher_of(
    settings: Settings, plan: bool = False, logprobs: bool = False
) -> Teacher | PublishedTeacher:
    """The run's teacher: recorded chains, then the store of all runs, then its address.

    Replies in the run's own folder, where earlier versions kept them, are taken over.
    A `plan` leaves the disk as it is.  With `logprobs` chains have a log-likelihood.
    """
    if settings.teacher in CORPORA:
        return PublishedTeacher(settings.teacher)
    store = outputs_root() / "teacher"
    teacher = Teacher(
        settings.teacher,
        settings.teacher_url or None,
        None if plan and not store.exists() else store,
        max_tokens=settings.teacher_tokens,
        api=settings.teacher_api,
        mode=settings.teacher_mode,
        logprobs=logprobs,
        max_cost=settings.max_cost or None,
    )
    teacher.store.take_over(settings.folder / "teacher")
    return teacher


def can_ask(settings: Settings) -> bool:
    """Whether there is a live teacher, who may be asked for what is not known."""
    if settings.reuse or settings.teacher in CORPORA:
        return False
    teacher = teacher_of(settings, plan=True)
    # A key alone says nothing when the teacher is a recorded one, not OpenAI's.
    has_key = teacher.endpoint.has_address and not teacher.is_recorded
    return bool(settings.teacher_url) or has_key


def styles(settings: Settings) -> list[str]:
    """The chains a run asks for: no Socratic ones where the benchmark has its own.

    Of a teacher whose chains are published, those that it has on training problems.
    """
    if settings.teacher in CORPORA:
        offered, dataset = CORPORA[settings.teacher].CHAINS, settings.dataset
        styles = [style for known, style in offered if known == dataset]
        return [style for style in styles if "train" in offered[dataset, style]]
    return ["cot"] if settings.dataset in OWN_SOCRATIC else ["cot", "socratic"]


def train_problems(settings: Settings) -> list[Problem]:
    """The training problems of the run."""
    return _loaded(settings.dataset, "train")[: settings.train_limit]


def test_problems(settings: Settings, split: str = "") -> list[Problem]:
    """A test split (the first), or `test_limit` problems of it at even distances."""
    problems = _loaded(settings.dataset, split or test_splits(settings)[0])
    return spread(problems, settings.test_limit)


def _loaded(dataset: str, split: str) -> list[Problem]:
    """All problems of a split; every stage asks for them, they are read once."""
    return list(_read_once(dataset, split, os.environ.get(DATA_VARIABLE, "")))


@cache
def _read_once(dataset: str, split: str, _folder: str) -> tuple[Problem, ...]:
    return tuple(load_problems(dataset, split))


def forget_problems() -> None:
    """Let the next stage read all benchmarks again."""
    _read_once.cache_clear()


def spread(problems: list[Problem], limit: int | None) -> list[Problem]:
    """`limit` problems at even distances, seen and unseen families alike; None: all."""
    if limit is None or limit >= len(problems):
        return problems
    stride = len(problems) / limit
    return [problems[int(i * stride)] for i in range(limit)]


def hold_back(
    problems: list[Problem], share: float, least: int = 1, last: bool = False
) -> tuple[list[Problem], list[Problem]]:
    """Problems to learn from, and a share, `least` of them, that nobody learns from.

    Those held back are at even distances, or the `last` ones, so that the first so many
    of the others stay the first of all.  ValueError where nothing would be left.
    """
    count = max(least, round(share * len(problems)))
    if count >= len(problems):
        raise ValueError(
            f"{count} of {len(problems)} training problems are to be held back, and "
            f"none is left to learn from: give more"
        )
    held = problems[-count:] if last else spread(problems, count)
    ids = {problem.id for problem in held}
    return [problem for problem in problems if problem.id not in ids], held


def test_splits(settings: Settings) -> list[str]:
    """The splits a run reports: "test", and challenge or contrast sets that there are.

    Validation takes the place of a test split that is published without answers.
    """
    known = splits_of(settings.dataset)
    reported = ("test", "challenge", "original", "contrast")
    found = [split for split in reported if split in known]
    return found or ["validation"]


def filtered(settings: Settings, style: str) -> Filtered:
    """The teacher's chains of a style, filtered; saved as `chains/<style>-*.jsonl`."""
    return _filtered(settings, style, settings.folder)


@cache  # six models and every score need it; `folder` follows the environment
def _filtered(settings: Settings, style: str, folder: Path) -> Filtered:
    problems = train_problems(settings)
    if settings.reuse == "reference":
        result = _reference_chains(settings, style, problems)
    else:
        teacher = teacher_of(settings)
        again = 0 if settings.teacher in CORPORA else settings.max_resamples
        result = keep_if_correct(problems, teacher, style, again)
        if settings.teacher in CORPORA:
            training_chains(result.kept, settings.dataset)
    save_jsonl(folder / "chains" / f"{style}-kept.jsonl", result.kept)
    rows = [attempt.row() for attempt in result.attempts]
    write_jsonl_rows(folder / "chains" / f"{style}-attempts.jsonl", rows)
    return result


def _reference_chains(
    settings: Settings, style: str, problems: Sequence[Problem]
) -> Filtered:
    """What the committed run asked and kept."""
    attempts = []
    path = settings.reference / "chains" / f"{style}-attempts.jsonl"
    for _, row in read_rows(path):
        reason = row.pop("reason")
        attempts.append(Attempt(Chain(**row), reason))
    kept = {a.chain.problem_id: a.chain for a in attempts if a.reason == KEPT}
    return Filtered(
        tuple(kept[p.id] for p in problems if p.id in kept),
        tuple(attempts),
        tuple(p.id for p in problems if p.id not in kept),
    )


def reason_rows(results: dict[str, Filtered]) -> list[dict]:
    """A row a style and reason: the table of why chains were kept or dropped."""
    return [
        {"style": style, "reason": reason, "attempts": result.reasons()[reason]}
        for style, result in results.items()
        for reason in REASONS
    ]


def corpus(settings: Settings, name: str) -> Pairs:
    """Training pairs: "gold" steps, or the teacher's kept chains of a style.

    Benchmarks with Socratic steps of their own use those (P1 section 4);
    "questions_then_facts" are for benchmarks whose two are not aligned (StrategyQA).
    """
    problems = train_problems(settings)
    if name == "questions_then_facts":
        return [(p, questions_then_facts(p)) for p in problems]
    if is_gold(settings, name):
        # A benchmark without steps has its answers: enough for answer only.
        stepless = not any(p.steps for p in problems)
        return [(p, gold_chain(p)) for p in problems if p.steps or stepless]
    by_id = {p.id: p for p in problems}
    return [(by_id[c.problem_id], c) for c in filtered(settings, name).kept]


def questions_then_facts(problem: Problem) -> Chain:
    """The gold sub-questions, then the gold facts (PAPERS.md 1.5)."""
    asked = [Step(question, "", "") for question in sub_questions(problem)]
    return replace(gold_chain(problem), steps=(*asked, *problem.steps))


def is_gold(settings: Settings, name: str) -> bool:
    """Whether a corpus is the dataset's own steps, so that no teacher wrote it."""
    own = name == "socratic" and settings.dataset in OWN_SOCRATIC
    return name in ("gold", "questions_then_facts") or own


def taught(settings: Settings, supervision: Supervision) -> bool:
    """Whether there is anything to teach this with: gold steps, or a teacher's chains.

    Published teachers have chains of one style or the other, some benchmarks no steps.
    """
    if "solution" not in supervision.shown and supervision.corpus == "gold":
        return True
    if supervision.corpus in STYLES and not is_gold(settings, supervision.corpus):
        return supervision.corpus in styles(settings)
    problems = train_problems(settings)
    if supervision.corpus == "questions_then_facts":
        # aligned ones need no student of their own
        return any(p.extra.get("sub_questions") for p in problems)
    if is_gold(settings, supervision.corpus):
        steps = [step for problem in problems for step in problem.steps]
        asks = "question" in supervision.shown
        return any(step.question for step in steps) if asks else bool(steps)
    return can_give(settings, problems, supervision.corpus)


def can_give(settings: Settings, problems: Sequence[Problem], style: str) -> bool:
    """Whether a teacher may be given the gold steps or questions, and can be asked."""
    if settings.teacher in CORPORA:
        return False
    try:
        asked_text(problems[0], style)
    except ValueError:  # the benchmark has none
        return False
    if settings.reuse or can_ask(settings):
        return True
    return teacher_of(settings, plan=True).known(problems[0], style) is not None


def is_taught(settings: Settings, student: str) -> bool:
    """Whether the benchmark or the teacher has what all models of a student learn."""
    return all(
        taught(settings, SUPERVISIONS[name]) for name in STUDENTS[student].supervisions
    )
