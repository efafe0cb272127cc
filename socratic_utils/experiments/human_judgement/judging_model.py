"""A language model as a judge: the same pairs, the same file, marked "model".

    teacher = judge_of(settings, "gpt-4.1-mini")
    print(planned(teacher, pairs, folder))
    ask_model(teacher, pairs, folder)

P2 asked people only.  A model's word is cheap and has habits of its own (it likes long
answers, and those on the left), so its lines are never mixed with people's.  It is
asked as any teacher is: at once, within the budget, every reply kept and none paid for
twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from socratic_utils.config import Settings
from socratic_utils.experiments.corpus import teacher_of
from socratic_utils.files import content_hash
from socratic_utils.teacher.cost import Estimate, estimate, price_of
from socratic_utils.teacher.live import Job
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import Teacher

from .judging import CHOICES, Judge, Pair

INSTRUCTION = """Two students explain how they solve a problem. Which explanation is \
the better one: clear, to the point, every step right? Do not care for length or order.

Problem: {problem}

Left:
{left}

Right:
{right}

Answer with one word: left, right or same."""


def judge_of(settings: Settings, model: str) -> Teacher:
    """A model at the run's address, with its key, store and budget.

    Raises ValueError on a teacher whose chains others have published.
    """
    if model in CORPORA:
        raise ValueError(f"{model} is published chains, nobody who could be asked")
    return teacher_of(replace(settings, teacher=model))


def planned(teacher: Teacher, pairs: Sequence[Pair], folder: str | Path) -> Estimate:
    """What `ask_model` would cost at most; replies that are kept are not paid again."""
    name = name_of(teacher)
    waiting = Judge(name, pairs, Path(folder), "model").waiting
    requests = [(_job(teacher, pair, name).request, 1) for pair in waiting]
    known = teacher.store.of(teacher.model)
    price = price_of(teacher.model, teacher.mode == "batch")
    return estimate(requests, known, price, teacher.concurrency)


def name_of(teacher: Teacher) -> str:
    """A model's name as a judge's: what a file may be called."""
    return re.sub(r"[^\w.-]+", " ", teacher.model).strip()[:40]


def ask_model(teacher: Teacher, pairs: Sequence[Pair], folder: str | Path) -> Judge:
    """Let a model judge all pairs; a reply that is no choice leaves its pair out.

    Raises TeacherError when the endpoint does not answer; what was said before is kept.
    """
    name = name_of(teacher)
    waiting = Judge(name, pairs, Path(folder), "model").waiting
    jobs = [_job(teacher, pair, name) for pair in waiting]
    rows, refusals = teacher.ask(jobs, f"judge, {teacher.model}")
    unread = refusals.count
    for pair, job in zip(waiting, jobs, strict=True):
        reply = rows.get(job.keys[0])
        choice = read_choice(reply["text"]) if reply else None
        if choice:
            Judge(name, [pair], Path(folder), "model").say(choice)
        unread += bool(reply) and choice is None
    if unread:
        print(f"{unread} pairs are left out: refused, or no choice in the reply")
    return Judge(name, pairs, Path(folder), "model")


def read_choice(reply: str) -> str | None:
    """The one choice that a reply names; None where it names none or several."""
    words = set(re.findall(r"[a-z]+", reply.lower()))
    named = [choice for choice in CHOICES if choice in words]
    return named[0] if len(named) == 1 else None


def _job(teacher: Teacher, pair: Pair, name: str) -> Job:
    left, right = pair.sides(name)
    text = INSTRUCTION.format(problem=pair.problem, left=left.text, right=right.text)
    asked = {"messages": [{"role": "user", "content": text}]}
    if teacher.api == "completion":
        asked = {"prompt": text}
    request = {"model": teacher.model, **asked, "temperature": 0.0,
               "max_tokens": teacher.max_tokens, "seed": 0}  # fmt: skip
    prompt, key = content_hash(INSTRUCTION), content_hash(request, 32)
    return Job(pair.problem_id, "judge", prompt, request, (0,), (key,))
