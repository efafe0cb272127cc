"""What a run would take on a GPU, as a dry run prints it: an estimate.

The `paper` scale has not been run here, so every number follows from these assumptions:

- tokens: `CHARACTERS` characters of a transcript are a token; a teacher's chain that is
  not written yet is as long as the gold steps, or `CHAIN` characters
- training: 6 operations per parameter and token (Kaplan et al. 2020, arXiv 2001.08361,
  section 2.1), at `UTILISATION` of the card's bf16 peak
- decoding: `TOKEN_SECONDS` for each token of a batch, however small the model is
- memory: 16 bytes per parameter (weights, gradients, two moments of Adam in fp32),
  34 bytes per hidden unit, layer and token of a micro-batch (Korthikanti et al. 2022,
  arXiv 2205.05198, section 4), and 10 bytes per word of the vocabulary and token
  (logits in bf16 and fp32, and their gradient)

    >>> round(training_hours(124e6, 30e6, GPUS[0]), 2)    # GPT-2 small, 30 M tokens
    0.06

Not covered: students of SCoTD's notebooks, which are trained for a number of steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from math import ceil
from statistics import mean
from typing import TYPE_CHECKING

from socratic_utils.config import MICRO_BATCH, Settings
from socratic_utils.problems import Chain, Step, gold_chain
from socratic_utils.students.base_models import SIZES, Size
from socratic_utils.students.no_subquestions import as_long, sub_problems
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS

from .schedule import number_of

if TYPE_CHECKING:  # a plan must not need what is installed
    from socratic_utils.experiments.arms import Arm

CHARACTERS = 3.5  # per token of English with numbers
CHAIN = 300  # characters of a chain where the benchmark has no steps
SAMPLE = 1000  # problems whose transcripts are measured
UTILISATION = 0.3  # of the peak; small models and short sequences do not reach more
TOKEN_SECONDS = 0.03  # a step of transformers' decoding, most of it launching kernels
STATE_BYTES, ACTIVATION_BYTES, LOGIT_BYTES = 16, 34, 10
VOCABULARY = 50_000  # of GPT-2, OPT and SmolLM2 alike


@dataclass(frozen=True)
class Gpu:
    """A card: bf16 operations per second, as its maker states them, and memory."""

    name: str
    peak: float
    gigabytes: float


GPUS = (Gpu("A100 40 GB", 312e12, 40), Gpu("RTX 4090 24 GB", 165e12, 24))


def gpu_plan(settings: Settings) -> list[dict]:
    """One row per training and per decoding of the main table, and their total.

    A row has sequences, tokens, memory, and hours on each card.  Empty for a student
    whose size is not known.
    """
    from socratic_utils.experiments.arms import main_arms
    from socratic_utils.experiments.data import reported_problems

    with redirect_stdout(StringIO()):  # what cannot be taught is no part of a plan
        arms = main_arms(settings)
    asked = {arm: len(reported_problems(settings)) for arm in arms}
    return rows_of(settings, asked, "all, one seed")


def ablation_plan(settings: Settings) -> list[dict]:
    """The same of what the ablations train and decode beside the main table."""
    from socratic_utils.experiments import ablations

    asked = dict.fromkeys(
        ablations.arms(settings), len(ablations.problems_of(settings))
    )
    main = {model for arm in STUDENTS.values() for model in arm.supervisions}
    return rows_of(settings, asked, "ablations, one seed", main)


def rows_of(
    settings: Settings, asked: dict[Arm, int], what: str, trained: Collection[str] = ()
) -> list[dict]:
    """The rows of arms, each decoded on so many problems, and their total.

    Models that are `trained` elsewhere have no row.
    """
    size = SIZES.get(settings.student.rpartition("/")[2])
    if size is None or not asked:
        return []
    models = dict.fromkeys(model for arm in asked for model in arm.models)
    rows = [training_row(settings, size, m) for m in models if m not in trained]
    rows += [decoding_row(settings, size, *each) for each in asked.items()]
    return [*rows, total(what, rows)]


def training_row(settings: Settings, size: Size, model: str) -> dict:
    own = transcripts_of(settings, model)
    tokens = own.epochs * own.count * own.mean
    return {"what": f"train {model}", "sequences": own.count,
            "million tokens": round(tokens / 1e6, 2),
            "gigabytes": round(memory(size, own.longest), 1),
            **{g.name: training_hours(size.parameters, tokens, g)
               for g in GPUS}}  # fmt: skip


def decoding_row(settings: Settings, size: Size, arm: Arm, asked: int) -> dict:
    length = transcripts_of(settings, arm.models[-1]).mean
    batches = ceil(asked / settings.decoding.batch_size)
    hours = batches * min(length, settings.decoding.max_tokens) * TOKEN_SECONDS / 3600
    return {"what": f"decode {arm.name}", "sequences": asked,
            "million tokens": round(asked * length / 1e6, 2),
            "gigabytes": round(2 * size.parameters / 1e9, 1),
            **{g.name: hours for g in GPUS}}  # fmt: skip


def total(what: str, rows: Sequence[dict]) -> dict:
    """The hours of all rows, and the memory of the largest."""
    hours = {g.name: sum(row[g.name] for row in rows) for g in GPUS}
    return {"what": what, "gigabytes": max(row["gigabytes"] for row in rows), **hours}


def size_plan(settings: Settings, seeds: int = 3) -> list[dict]:
    """One row per size of the student's family: memory, and hours of all seeds.

    Hours are None on a card that a training does not fit on.  Socratic CoT has four
    sizes of GPT-2 (Table 2), SCoTD three of OPT (Figure 4).  Empty for other students.
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


def grid_plan(runs: Sequence[Settings]) -> list[dict]:
    """One row per dataset and student of several runs: hours of all its seeds, and of
    the ablations, which the first seed has."""
    seeds = Counter((one.dataset, one.student) for one in runs)
    rows = []
    for (dataset, student), count in seeds.items():
        one = next(r for r in runs if (r.dataset, r.student) == (dataset, student))
        main, extra = gpu_plan(one), ablation_plan(one)
        if not main:  # a student whose size is not known
            continue
        parts = [(count, main[-1]), *((1, row) for row in extra[-1:])]
        rows.append({"dataset": dataset, "student": student.rpartition("/")[2],
                     "seeds": count,
                     "gigabytes": max(row["gigabytes"] for _, row in parts),
                     **{g.name: sum(n * row[g.name] for n, row in parts)
                        for g in GPUS}})  # fmt: skip
    if rows:
        hours = {g.name: sum(row[g.name] for row in rows) for g in GPUS}
        rows.append({"dataset": "all", **hours})
    return rows


def training_hours(parameters: float, tokens: float, gpu: Gpu) -> float:
    """Hours of forward and backward passes over so many tokens."""
    return 6 * parameters * tokens / (gpu.peak * UTILISATION) / 3600


def memory(size: Size, longest: float) -> float:
    """Gigabytes of a training whose longest sequence has so many tokens."""
    a_token = ACTIVATION_BYTES * size.layers * size.hidden + LOGIT_BYTES * VOCABULARY
    return (STATE_BYTES * size.parameters + a_token * longest * MICRO_BATCH) / 1e9


@dataclass(frozen=True)
class Transcripts:
    """What a training reads: transcripts per epoch, their tokens, and epochs."""

    count: int
    mean: float
    longest: float
    epochs: float


def transcripts_of(settings: Settings, model: str) -> Transcripts:
    """The estimated transcripts of a model's training, cut as in training.

    Of more than `SAMPLE` problems only so many, evenly spaced, are measured.
    """
    from socratic_utils.experiments.data import train_problems

    problems = train_problems(settings)
    any_student = replace(settings, student="", seed=0)  # all read the same text
    return _measured(any_student, model, len(problems), problems[0].text)


@cache  # a plan of several sizes asks for each again
def _measured(settings: Settings, model: str, count: int, _first: str) -> Transcripts:
    from socratic_utils.experiments.data import spread, train_problems

    supervision, pairs, recipe = SUPERVISIONS[model], [], settings.training
    for problem in (sample := spread(train_problems(settings), SAMPLE)):
        chain = gold_chain(problem)
        if not chain.steps and "solution" in supervision.shown:
            step = Step("", "x" * CHAIN, problem.answer)
            chain = Chain(problem.id, "cot", (step,), problem.answer, "estimated")
        pairs.append((problem, chain))
    if model == "no_subquestions":
        parts = sub_problems(pairs)
        pairs, recipe = parts, as_long(recipe, len(pairs), len(parts))
    lengths = []
    for problem, chain in pairs:
        shown = supervision.transcript(problem, chain)
        characters = sum(len(segment.text) + 1 for segment, _ in shown)
        lengths.append(min(characters / CHARACTERS, recipe.max_length))
    whole = round(len(lengths) * count / len(sample))
    return Transcripts(whole, mean(lengths), max(lengths), recipe.epochs)


# --- as a dry run prints it -----------------------------------------------------------


def show_gpu_plan(settings: Settings) -> None:
    """Trainings and decodings on a GPU, if the environment is there already."""
    try:
        from tabulate import tabulate

        rows, sizes = gpu_plan(settings), size_plan(settings)
        extra = ablation_plan(settings)
    except ImportError as error:
        return print(f"(hours on a GPU need the environment: {error})")
    if not rows:
        return print(
            f"(the size of {settings.student} is not known: no hours on a GPU)"
        )
    print("hours on one GPU (estimates; see socratic_utils/runner/plan_gpu.py):")
    print(tabulate(rows, headers="keys", floatfmt=".2f"))
    print("the same for every size and three seeds (-: does not fit):")
    print(tabulate(sizes, headers="keys", floatfmt=".2f", missingval="-"))
    if extra:
        print(f"notebook {number_of('ablations')} in addition, with this student:")
        print(tabulate(extra, headers="keys", floatfmt=".2f"))


def show_grid_hours(runs: Sequence[Settings]) -> None:
    """Hours of all runs of the paper grid."""
    try:
        from tabulate import tabulate

        rows = grid_plan(runs)
    except ImportError:  # reported above already
        return
    number = number_of("ablations")
    print(f"\nhours of all runs and seeds (notebook {number} has seed 0 only):")
    print(tabulate(rows, headers="keys", floatfmt=".2f", missingval=""))
