"""Prompting a teacher: chain of thought, or sub-questions in two stages.

Socratic CoT (Table 3) prompts GPT-3 175B with one exemplar on GSM8K: once for a chain
of thought; once for sub-questions, and again to solve them in sequence.

A first reply without a question has no second one, and counts as wrong.  Replies are
read as students' outputs are: from "The answer is", or else the last number, since most
of the second replies end with their last solution.  The paper does not show its own
prompts for this.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from socratic_utils.answers import answer_of, is_correct
from socratic_utils.config import Settings
from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import Chain, Problem
from socratic_utils.results.tables import paired_table, scores_by
from socratic_utils.teacher.cost import Estimate
from socratic_utils.teacher.prompts import FROM_QUESTIONS, QUESTIONS
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.teacher import Teacher

from ..data import can_ask, teacher_of
from ..saved import rows_of

EXPERIMENT = "prompting"
SHOTS = 1  # "due to budget", says the paper
WAYS = ("CoT", "sub-questions")


def fits(problems: Sequence[Problem]) -> bool:
    """Whether the prompts are made for these problems: arithmetic, or StrategyQA."""
    return all(p.kind == "number" or p.dataset == "strategyqa" for p in problems)


def asked_of(teacher: Teacher, problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Problem id -> the sub-questions that the teacher asks: the first stage."""
    chains = teacher.sample(problems, QUESTIONS)
    return {c.problem_id: [step.question for step in c.steps] for c in chains}


def in_two_stages(teacher: Teacher, problems: Sequence[Problem]) -> list[Chain]:
    """Sub-questions, then their solutions: one chain per problem, in their order."""
    asked = asked_of(teacher, problems)
    given = [replace(p, steps=(), extra={**p.extra, "sub_questions": asked[p.id]})
             for p in problems if asked[p.id]]  # fmt: skip
    second = teacher.sample(given, FROM_QUESTIONS) if given else []
    found = {chain.problem_id: chain for chain in second}
    return [found.get(p.id) or Chain(p.id, FROM_QUESTIONS, (), None, teacher.model)
            for p in problems]  # fmt: skip


def prompted_rows(teacher: Teacher, problems: Sequence[Problem]) -> list[dict]:
    """Prediction rows of both ways; TeacherError where replies cannot be had."""
    teacher = replace(teacher, shots=SHOTS)
    chains = teacher.sample(problems, "cot"), in_two_stages(teacher, problems)
    return [
        {"id": p.id, "dataset": p.dataset, "split": p.split, "student": way,
         "family": p.extra.get("family"), "model": teacher.model, "teacher": "",
         "seed": 0, "output": chain.text, "extracted": answer, "strict": chain.answer,
         "gold": p.answer, "truncated": False,
         "correct": is_correct(answer, p.answer, p.kind),
         "correct_strict": is_correct(chain.answer, p.answer, p.kind)}
        for way, found in zip(WAYS, chains, strict=True)
        for p, chain in zip(problems, found, strict=True)
        for answer in [answer_of(chain.text, p)]]  # fmt: skip


def planned(teacher: Teacher, problems: Sequence[Problem], both=True) -> Estimate:
    """What `asked_of` would ask for with one exemplar, or what `both` ways would; the
    second stage is estimated by the first."""
    teacher = replace(teacher, shots=SHOTS)
    first = teacher.estimate(problems, QUESTIONS)
    return teacher.estimate(problems, "cot") + first + first if both else first


def why_not(settings: Settings, problems: Sequence[Problem], both=True) -> str:
    """Why the teacher cannot reply to what is `planned`; empty if it can."""
    if settings.teacher in CORPORA or not fits(problems):
        return f"{settings.teacher} cannot be prompted for {settings.dataset}"
    asked = planned(teacher_of(settings, plan=True), problems, both).requests
    unknown = f"the replies of {settings.teacher} are not known"
    return unknown if asked and not can_ask(settings) else ""


def table(settings: Settings, problems: Sequence[Problem]) -> pd.DataFrame:
    """`compare` of the run's teacher, whose rows are saved; empty, with a line of
    reason, if they cannot be had."""
    if why := why_not(settings, problems):
        print(f"skipped: {why}")
        return pd.DataFrame()
    own = {"seed": settings.seed, "settings": settings.hash}
    rows = [row | own for row in prompted_rows(teacher_of(settings), problems)]
    name = f"{settings.dataset}-{problems[0].split}.jsonl"
    path = settings.folder / "predictions" / EXPERIMENT / name
    if rows_of(path) != rows:
        write_jsonl_rows(path, rows)
    return compare(rows)


def compare(rows: Sequence[dict]) -> pd.DataFrame:
    """One line per way: n, correct, accuracy, its interval, accuracy where the answer
    must be marked, McNemar's exact p-value."""
    table = scores_by(rows, ["student"]).rename(columns={"student": "prompt"})
    strict = scores_by(rows, ["student"], "correct_strict")["accuracy"]
    p_value = paired_table(rows)["p_value"].iloc[0]
    return table.assign(accuracy_strict=strict, p_value=p_value)
