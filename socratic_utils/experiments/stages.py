"""The stages of a run: train the models of an arm, decode its problems, save the rows.

    rows = score(settings, main_arm("cot"))           # doctest: +SKIP

A student's folder carries a hash of everything that made it, and rows carry a hash of
the students, the problems and the decoding: what is unchanged is read from disk.
Students behind the servers that SOCRATIC_STUDENT_URLS names are asked there; arms with
oracles (`students.decoding.oracles`), guides or exemplars are decoded here.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from typing import Any

from socratic_utils import names, students
from socratic_utils.config import SERVERS_VARIABLE, Settings
from socratic_utils.files import content_hash, record_settings, usage, write_jsonl_rows
from socratic_utils.metrics.self_consistency import SAMPLED
from socratic_utils.students.base_models import base_revision, load_pretrained
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.transcript import gold_guides, prompt_ids
from socratic_utils.teacher.prompts import load_prompt

from . import saved
from .arms import Arm
from .data import teacher_of
from .socratic_cot.prompting import QUESTIONS, SHOTS, asked_of

LOG = logging.getLogger(__name__)  # what is loaded from disk, at level INFO


def start(settings: Settings, notebook: str) -> Path:
    """Make the run's folder, note the settings in `run.json`, and print them."""
    names.notebook = notebook
    machine = {}
    if changed := settings.reuse and saved.changed_from_committed(settings):
        fault = f"the committed run has another {', '.join(changed)}"
        raise ValueError(f"{fault}: leave it out of `overrides`, or do not reuse")
    if not settings.reuse:
        from socratic_utils.students.training.hardware import device  # imports torch

        machine["device"] = str(device())
    record_settings(settings, **machine)
    one, how = settings, f", reusing {settings.reuse}" if settings.reuse else ""
    print(f"{notebook}: scale {one.scale}, {one.dataset}, student {one.student}, "
          f"teacher {one.teacher}, seed {one.seed}{how}")  # fmt: skip
    used = None if settings.reuse else usage(settings.reference, notebook)
    if used and used[0] > 1:
        print(f"The committed run of this notebook took {used[0]:.0f} minutes "
              f"and {used[1]:.1f} GB of memory.")  # fmt: skip
    return settings.folder


def score(settings: Settings, arm: Arm, split: str = "") -> list[dict]:
    """Prediction rows of an arm on a split, in the problems' order, one per problem or
    sample: from disk where their inputs are unchanged, else trained and decoded now.
    FileNotFoundError where reused rows are not in the committed run."""
    problems = saved.problems_of(settings, arm, split)
    path = saved.predictions_path(settings, arm, problems[0].split)
    if settings.reuse:
        return saved.take_reference(settings, path)

    from socratic_utils.students.decoding import loop  # imports torch, for seconds
    from socratic_utils.students.training.hardware import half

    from .trainings import train

    folders, decoding, sampled = train(settings, arm), settings.decoding, None
    if arm.samples > 1:  # solutions that vote are not greedy (SCoTD, Table 3)
        decoding = replace(decoding, temperature=SAMPLED.temperature)
        sampled = settings.seed, loop.SAMPLED_FORMAT
    # 1. from disk, if nothing that they depend on has changed; of another seed where
    #    they depend on none, as an untrained student's
    place = settings.folder / "students"
    inputs = content_hash([
        loop.FORMAT, [str(folder.relative_to(place)) for folder in folders],
        [asdict(problem) for problem in problems], asdict(decoding), arm.meaning(),
        identity(settings, arm), sampled,
        *filter(None, [half()]),  # the precision of decoding on a GPU
    ])  # fmt: skip
    name = f"{arm.name}, {problems[0].split}"
    mark = {"settings": settings.hash, "seed": settings.seed}
    others = () if folders or sampled else saved.seeds_beside(settings)
    for run in dict.fromkeys((settings, *others)):
        rows = saved.rows_of(run.folder / path.relative_to(settings.folder))
        if rows and rows[0].get("inputs") == inputs:
            LOG.info("%s: %d rows loaded from disk", name, len(rows))
            if not mark.items() <= rows[0].items():  # other settings, the same rows
                rows = [row | mark for row in rows]
                write_jsonl_rows(path, rows)
            return rows
    # 2. decoded now
    gold = arm.guide and not arm.planned  # which the question generator is shown
    solutions = loop.solve(
        problems, *decoders_of(settings, arm, folders, problems), decoding=decoding,
        label=name, samples=arm.samples, seed=settings.seed,
        sees_solutions=arm.sees_solutions,
        guides=gold_guides(problems, arm.guide) if gold else None)  # fmt: skip
    # 3. saved, one row per solution
    labels = {
        "student": arm.name, **dict(arm.columns), "teacher": arm.teacher(settings),
        "model": settings.student, **mark, "inputs": inputs}  # fmt: skip
    rows = [loop.prediction_row(one, decoding, **labels) for one in solutions]
    for number, one in enumerate(solutions if sampled else ()):
        rows[number]["sample"] = number % arm.samples
        rows[number]["logprob"] = round(one.logprob, 4)
    write_jsonl_rows(path, rows)
    right = sum(row["correct"] for row in rows)
    share = f"{right} of {len(rows)} correct ({100 * right / len(rows):.1f} %)"
    print(f"{name}: {share}", flush=True)
    return rows


def score_all(settings: Settings, arms: Sequence[Arm], splits=("",)) -> list[dict]:
    """Prediction rows of several arms on these splits, and a line that counts them."""
    rows, count = [], 0
    for arm in arms:
        if not settings.reuse:
            from .trainings import trainings_of  # imports torch

            if not all(job.pairs_and_recipe[0] for job in trainings_of(settings, arm)):
                print(f"{arm.name}: skipped, because there is no chain to learn from")
                continue
        count += 1
        for split in splits:
            rows += score(settings, arm, split)
    noun = "student" if count == 1 else "students"
    print(f"{count} {noun} scored, {len(rows)} predictions on disk")
    return rows


def training_losses(settings: Settings, arms: Sequence[Arm]) -> dict[str, list[dict]]:
    """Loss curves by model; empty where rows are reused and nothing was trained."""
    if settings.reuse:
        return {}
    from socratic_utils.students.training.train import training_record

    from .trainings import trainings_of  # imports torch

    jobs = (job for arm in arms for job in trainings_of(settings, arm))
    return {job.model: training_record(job.run())["losses"] for job in jobs}


def decoders_of(settings: Settings, arm: Arm, folders: list, problems: list) -> list:
    """The decoders of an arm: one writes everything, or one asks and one answers."""
    from socratic_utils.students.decoding import oracles

    if arm.exemplars or not arm.models:
        return [few_shot(settings, arm, folders, problems)]
    helped = arm.questions or arm.calculator or arm.guide or arm.upfront
    if os.environ.get(SERVERS_VARIABLE) and not helped:
        from socratic_utils.students.decoding import vllm  # imports openai

        return vllm.served_decoders(folders)
    loaded = map(students.load_student, folders)
    decoders: list[Any] = [students.IncrementalDecoder(*own) for own in loaded]
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


def few_shot(settings: Settings, arm: Arm, folders: list, problems: list) -> Any:
    """The arm's student, or the untrained one, behind as many exemplars as fit."""
    from socratic_utils.students.decoding.few_shot import FewShotDecoder, prefix_ids
    from socratic_utils.students.training.hardware import for_decoding

    trained = folders and students.load_student(folders[-1])
    model, tokenizer = trained or load_pretrained(settings.student)
    decoder = FewShotDecoder(for_decoding(model), tokenizer, [])
    if arm.exemplars:
        longest = max(len(prompt_ids(tokenizer, problem)) for problem in problems)
        room = (decoder.context or inf) - settings.decoding.max_tokens - longest
        about = (problems[0].dataset, problems[0].kind, SUPERVISIONS[arm.exemplars])
        decoder.prefix = prefix_ids(tokenizer, *about, room)
    return decoder


def identity(settings: Settings, arm: Arm) -> list[str]:
    """What an arm's rows depend on beside its trained models and its own fields."""
    if arm.questions == "teacher":
        return [settings.teacher, load_prompt(settings.dataset, QUESTIONS).hash]
    if arm.models and not arm.exemplars:
        return []
    prompt = load_prompt(arm.dataset or settings.dataset, "cot")
    return [settings.student, base_revision(settings.student), prompt.hash]
