"""A language model as a judge: the same pairs and the same kind of file.  A model has
known biases (long answers, the left side): its lines are never mixed with people's."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from socratic_utils.config import Settings
from socratic_utils.files import content_hash
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.endpoint.job import new_job
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import Teacher

from ..data import teacher_of
from .judgements import CHOICES, Judge
from .pairs import Pair

INSTRUCTION = Path(__file__).with_suffix(".txt").read_text("utf-8").rstrip()


def judge_of(settings: Settings, model: str) -> Teacher:
    """A model at the run's address, with its key, cache and budget."""
    if model in CORPORA:
        raise ValueError(f"{model} is published chains and cannot be asked")
    return teacher_of(replace(settings, teacher=model))


def estimate_cost(teacher: Teacher, pairs: Sequence[Pair], folder: Path) -> Estimate:
    """What `ask_model` would cost at most; replies in the cache are free."""
    return teacher.estimate_of(_jobs(teacher, pairs, folder)[1])


def ask_model(teacher: Teacher, pairs: Sequence[Pair], folder: Path) -> Judge:
    """Let a model judge all pairs; a pair is skipped if its reply names no choice."""
    judge, jobs = _jobs(teacher, pairs, folder)
    rows, _ = teacher.ask(jobs, f"judge, {teacher.model}")
    for pair, job in zip(judge.waiting, jobs, strict=True):
        reply = rows.get(job.keys[0], {"text": ""})  # none where it is refused
        if choice := read_choice(reply["text"]):
            judge.record(choice, pair)
    if skipped := len(judge.waiting):
        print(f"{skipped} pairs are skipped: refused, or no choice in the reply")
    return judge


def read_choice(reply: str) -> str | None:
    """The one choice that a reply names; None if it names none or several."""
    named = set(re.findall(r"[a-z]+", reply.lower())) & set(CHOICES)
    return named.pop() if len(named) == 1 else None


def _jobs(teacher: Teacher, pairs: Sequence[Pair], folder: Path) -> tuple:
    """The judge, and a request for each pair that it has not judged yet."""
    name = re.sub(r"[^\w.-]+", " ", teacher.model).strip(" .-")  # a valid file name
    if len(name) > 40:  # another model's may begin in the same way
        name = f"{name[:33]} {content_hash(teacher.model, 6)}"
    judge, jobs = Judge(name, pairs, folder, "model"), []
    for pair in judge.waiting:
        left, right = (side.text for side in pair.sides(name))
        text = INSTRUCTION.format(problem=pair.problem, left=left, right=right)
        asked = {"messages": [{"role": "user", "content": text}]}
        asked = {"prompt": text} if teacher.api == "completion" else asked
        request = {"model": teacher.model, **asked, "temperature": 0.0,
                   "max_tokens": teacher.max_tokens, "seed": 0}  # fmt: skip
        labels = {"style": "judge", "prompt_hash": content_hash(INSTRUCTION)}
        jobs.append(new_job(request, [0], problem_id=pair.problem_id, **labels))
    return judge, jobs
