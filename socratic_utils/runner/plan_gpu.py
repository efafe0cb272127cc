"""What the trainings and evaluations of a run would take on a GPU: an estimate.

Nobody has run the `paper` scale here, so every number follows from the assumptions
below, which the plan prints:

- tokens: `CHARACTERS` characters of a transcript are a token; a teacher's chain that is
  not written yet is as long as the gold steps, or as `CHAIN` characters
- training: 6 operations a parameter and token (Kaplan et al. 2020, arXiv 2001.08361,
  section 2.1), at `UTILISATION` of the card's bf16 peak
- solving: `TOKEN_SECONDS` for each token of a batch, however small the model is
- memory: 16 bytes a parameter (weights, gradients, two moments of Adam in fp32), and
  34 bytes a hidden unit, layer and token of a micro-batch (Korthikanti et al. 2022,
  arXiv 2205.05198, section 4), and 10 bytes a word of the vocabulary and token (logits
  in bf16 and fp32, and their gradient)

    >>> round(training_hours(124e6, 30e6, GPUS[0]), 2)    # GPT-2 small, 30 M tokens
    0.06
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil

from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.config import MICRO_BATCH, Settings
from socratic_utils.experiments.corpus import (
    taught,
    test_problems,
    test_splits,
    train_problems,
)
from socratic_utils.experiments.lessons import MODELS, expanded
from socratic_utils.problems import Chain, Step, gold_chain
from socratic_utils.students.base_models import SIZES, Size
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS

CHARACTERS = 3.5  # of English with numbers, a token
CHAIN = 300  # characters of a chain where the benchmark has no steps
UTILISATION = 0.3  # of the peak; small models and short sequences do not reach more
TOKEN_SECONDS = 0.03  # a step of transformers' decoding, most of it launching kernels
STATE_BYTES, ACTIVATION_BYTES, LOGIT_BYTES = 16, 34, 10
VOCABULARY = 50_000  # of GPT-2, OPT and SmolLM2 alike


@dataclass(frozen=True)
class Gpu:
    """A card: bf16 operations a second, as its maker states them, and memory."""

    name: str
    peak: float
    gigabytes: float


GPUS = (Gpu("A100 40 GB", 312e12, 40), Gpu("RTX 4090 24 GB", 165e12, 24))


def gpu_plan(settings: Settings) -> list[dict]:
    """A row a training, and one for solving: tokens, memory, hours on each card.

    Empty for a student whose size is not known.  Raises OSError where the benchmark is
    neither here nor to be had.
    """
    size = SIZES.get(settings.student.rpartition("/")[2])
    if size is None:
        return []
    rows, lengths = [], []
    for student in STUDENTS.values():
        for name in student.supervisions:
            if not taught(settings, SUPERVISIONS[name]):
                continue
            row, length = training_row(settings, size, name)
            rows.append(row)
            if name == student.supervisions[-1]:
                lengths.append((student.name, length))
    asked = sum(len(test_problems(settings, s)) for s in test_splits(settings))
    rows += [solving_row(settings, size, *told, asked) for told in lengths]
    return [*rows, total("all, one seed", rows)]


def ablation_plan(settings: Settings) -> list[dict]:
    """The same of what notebook 06 trains and solves beside the main table.

    Empty for a student whose size is not known, and where nothing can be changed.
    """
    from socratic_utils.experiments.ablations import (  # which load torch
        chosen,
        extra_models,
        problems_of,
    )

    size = SIZES.get(settings.student.rpartition("/")[2])
    ablations = chosen(settings) if size else []
    if not ablations:
        return []
    rows = [training_row(settings, size, name)[0] for name in extra_models(settings)]
    solvers = {ablation.models[-1] for ablation in ablations}
    lengths = {name: training_row(settings, size, name)[1] for name in solvers}
    count = len(problems_of(settings))
    for ablation in ablations:
        length = lengths[ablation.models[-1]]
        rows.append(solving_row(settings, size, ablation.name, length, count))
    return [*rows, total("ablations, one seed", rows)]


def training_row(settings: Settings, size: Size, model: str) -> tuple[dict, float]:
    """A training's row, and the mean length of its transcripts in tokens."""
    own, epochs = transcript_lengths(settings, model)
    tokens = epochs * sum(own)
    row = {"what": f"train {model}", "sequences": len(own),
           "million tokens": round(tokens / 1e6, 2),
           "gigabytes": round(memory(size, max(own)), 1),
           **{g.name: training_hours(size.parameters, tokens, g)
              for g in GPUS}}  # fmt: skip
    return row, sum(own) / len(own)


def solving_row(
    settings: Settings, size: Size, name: str, length: float, asked: int
) -> dict:
    batches = ceil(asked / settings.decoding.batch_size)
    hours = batches * min(length, settings.decoding.max_tokens) * TOKEN_SECONDS / 3600
    return {"what": f"solve {name}", "sequences": asked,
            "million tokens": round(asked * length / 1e6, 2),
            "gigabytes": round(2 * size.parameters / 1e9, 1),
            **{g.name: hours for g in GPUS}}  # fmt: skip


def total(what: str, rows: Sequence[dict]) -> dict:
    hours = {g.name: sum(row[g.name] for row in rows) for g in GPUS}
    return {"what": what, "gigabytes": max(row["gigabytes"] for row in rows), **hours}


def size_plan(settings: Settings, seeds: int = 3) -> list[dict]:
    """A row for each size of the run's family of students: memory, hours of all seeds.

    Hours are None on a card that a training does not fit on.  P1 has four sizes of
    GPT-2 (Table 2), P2 three of OPT (Fig 4).  Empty for a student of neither family.
    """
    hub, _, name = settings.student.rpartition("/")
    family = [size for size in SIZES if size.split("-")[0] == name.split("-")[0]]
    rows = []
    for size in family if name in SIZES else ():
        plan = gpu_plan(replace(settings, student=f"{hub}/{size}".strip("/")))
        whole = plan[-1]
        hours = {g.name: seeds * whole[g.name] if whole["gigabytes"] < g.gigabytes
                 else None for g in GPUS}  # fmt: skip
        rows.append({"student": size, "seeds": seeds, "gigabytes": whole["gigabytes"],
                     **hours})  # fmt: skip
    if rows:
        hours = {g.name: sum(row[g.name] or 0 for row in rows) for g in GPUS}
        rows.append({"student": "all that fit", "seeds": seeds, **hours})
    return rows


def grid_plan(runs: Sequence[Settings]) -> tuple[list[dict], list[str]]:
    """A row a dataset and student of several runs: hours of its seeds and of notebook
    07, which the first seed has; and the datasets that are not at hand."""
    seeds = Counter((one.dataset, one.student) for one in runs)
    rows, missing = [], []
    for (dataset, student), count in seeds.items():
        one = next(r for r in runs if (r.dataset, r.student) == (dataset, student))
        try:
            main, ablations = gpu_plan(one), ablation_plan(one)
        except OSError:
            missing.append(dataset)
            continue
        if not main:  # a student whose size is not known
            continue
        parts = [(count, main[-1]), *((1, row) for row in ablations[-1:])]
        rows.append({"dataset": dataset, "student": student.rpartition("/")[2],
                     "seeds": count,
                     "gigabytes": max(row["gigabytes"] for _, row in parts),
                     **{g.name: sum(n * row[g.name] for n, row in parts)
                        for g in GPUS}})  # fmt: skip
    if rows:
        hours = {g.name: sum(row[g.name] for row in rows) for g in GPUS}
        rows.append({"dataset": "all", **hours})
    return rows, list(dict.fromkeys(missing))


def training_hours(parameters: float, tokens: float, gpu: Gpu) -> float:
    """Hours of forward and backward passes over so many tokens."""
    return 6 * parameters * tokens / (gpu.peak * UTILISATION) / 3600


def memory(size: Size, longest: float) -> float:
    """Gigabytes of a training whose longest sequence has so many tokens."""
    a_token = ACTIVATION_BYTES * size.layers * size.hidden + LOGIT_BYTES * VOCABULARY
    return (STATE_BYTES * size.parameters + a_token * longest * MICRO_BATCH) / 1e9


def transcript_lengths(settings: Settings, model: str) -> tuple[list[float], float]:
    """Estimated tokens of each transcript, cut at the longest that is trained on, and
    the epochs of its training."""
    anybody = replace(settings, student="", seed=0)  # the same text for all students
    return _measured(anybody, model, os.environ.get(DATA_VARIABLE, ""))


@cache  # a plan of several sizes asks for each again
def _measured(
    settings: Settings, model: str, _folder: str
) -> tuple[list[float], float]:
    supervision, pairs = MODELS[model], []
    for problem in train_problems(settings):
        chain = gold_chain(problem)
        if not chain.steps and "solution" in supervision.shown:
            step = Step("", "x" * CHAIN, problem.answer)
            chain = Chain(problem.id, "cot", (step,), problem.answer, "estimated")
        pairs.append((problem, chain))
    pairs, training = expanded(settings, model, pairs)
    lengths = []
    for problem, chain in pairs:
        shown = supervision.transcript(problem, chain)
        characters = sum(len(segment.text) + 1 for segment, _ in shown)
        lengths.append(min(characters / CHARACTERS, training.max_length))
    return lengths, training.epochs
