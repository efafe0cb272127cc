"""From an arm's trained models to what `solve` takes: decoders, oracles, exemplars.

An *oracle* replaces a part of the work at test time, to see what that part is worth
(`students.decoding.oracles`).  Students behind the servers that SOCRATIC_STUDENT_URLS
names are asked there; arms with oracles, guides or exemplars are decoded here.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from socratic_utils.config import Settings
from socratic_utils.problems import Problem
from socratic_utils.students.base_models import base_revision, load_pretrained
from socratic_utils.students.decoding import oracles, vllm
from socratic_utils.students.decoding.few_shot import FewShotDecoder, prefix_ids
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.hardware import device
from socratic_utils.students.training.train import load_student
from socratic_utils.students.transcript import gold_guides, prompt_ids
from socratic_utils.teacher.prompts import load_prompt

from .arms import Arm
from .data import teacher_of
from .prompting import SHOTS, asked_of


def decoders_of(
    settings: Settings, arm: Arm, folders: Sequence[Path], problems: Sequence[Problem]
) -> Sequence[Any]:
    """The decoders of an arm: one writes everything, or one asks and one answers."""
    if arm.exemplars:
        return [few_shot(settings, arm, folders, problems)]
    if arm.is_plain and os.environ.get(vllm.VARIABLE):
        return vllm.served_decoders(folders)
    decoders: list[Any] = [IncrementalDecoder(*load_student(f)) for f in folders]
    answerer = decoders[-1]
    if arm.calculator:
        decoders[-1] = oracles.CalculatorDecoder(answerer.model, answerer.tokenizer)
    if arm.questions == "gold":
        decoders.insert(0, oracles.GoldQuestions(problems, answerer.tokenizer))
    if arm.questions == "teacher":
        asked = asked_of(replace(teacher_of(settings), shots=SHOTS), problems)
        decoders.insert(0, oracles.KnownQuestions(problems, answerer.tokenizer, asked))
    if arm.planned:
        planner, asker, _ = decoders
        limit = settings.decoding.max_tokens
        decoders[:2] = [oracles.PlannedDecoder(asker, planner, limit)]
    if arm.upfront:
        decoders[0] = oracles.ask_upfront(problems, decoders[0], settings.decoding)
    return decoders


def decoding_arguments(arm: Arm, problems: Sequence[Problem]) -> dict[str, Any]:
    """Further arguments of `solve`: what the question generator is shown."""
    is_gold = arm.guide and not arm.planned
    guides = gold_guides(problems, arm.guide) if is_gold else None
    return {"sees_solutions": arm.sees_solutions, "guides": guides}


def few_shot(
    settings: Settings, arm: Arm, folders: Sequence[Path], problems: Sequence[Problem]
) -> FewShotDecoder:
    """The arm's student, or the untrained one, behind as many exemplars as fit."""
    if folders:
        model, tokenizer = load_student(folders[-1])
    else:
        model, tokenizer = load_pretrained(settings.student, settings.seed)
        model = model.to(device()).eval()
    decoder = FewShotDecoder(model, tokenizer, [])
    longest = max(len(prompt_ids(tokenizer, problem)) for problem in problems)
    room = (decoder.context or inf) - settings.decoding.max_tokens - longest
    about = (problems[0].dataset, problems[0].kind, SUPERVISIONS[arm.exemplars])
    decoder.prefix = prefix_ids(tokenizer, *about, room)
    return decoder


def identity(settings: Settings, arm: Arm) -> list[str]:
    """What an arm's rows depend on beside its trained models and its own fields."""
    if arm.questions == "teacher":
        return [settings.teacher]
    if not arm.exemplars:
        return []
    prompt = load_prompt(arm.dataset or settings.dataset, "cot")
    return [settings.student, base_revision(settings.student), prompt.hash]
