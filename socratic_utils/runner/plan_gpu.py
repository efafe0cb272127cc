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
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from functools import cache
from io import StringIO
from math import ceil
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

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
SEEDS = 3  # of the plan for every size


class Gpu(NamedTuple):
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
    return _rows(settings, arms, len(reported_problems(settings)), "all, one seed")


def ablation_plan(settings: Settings) -> list[dict]:
    """The same of what the ablations train and decode beside the main table."""
    from socratic_utils.experiments import ablations

    main = {model for arm in STUDENTS.values() for model in arm.supervisions}
    arms, count = ablations.arms(settings), len(ablations.problems_of(settings))
    return _rows(settings, arms, count, "ablations, one seed", main)


def _rows(
    settings: Settings, arms: Sequence[Arm], count: int, what: str, main: Any = ()
) -> list[dict]:
    """The rows of arms that decode `count` problems each, and their total.

    Models of the `main` table are trained elsewhere.
    """
    size, rows = SIZES.get(settings.student.rpartition("/")[2]), []
    if size is None or not arms:
        return []
    for model in dict.fromkeys(m for arm in arms for m in arm.models if m not in main):
        own = transcripts_of(settings, model)
        tokens, needed = own.epochs * own.count * own.mean, memory(size, own.longest)
        hours = [training_hours(size.parameters, tokens, gpu) for gpu in GPUS]
        rows.append(_row(f"train {model}", own.count, tokens, needed, hours))
    batches = ceil(count / settings.decoding.batch_size)
    for arm in arms:
        length = transcripts_of(settings, arm.models[-1]).mean
        seconds = TOKEN_SECONDS * min(length, settings.decoding.max_tokens) * batches
        hours, needed = [seconds / 3600] * len(GPUS), 2 * size.parameters / 1e9
        rows.append(_row(f"decode {arm.name}", count, count * length, needed, hours))
    largest = max(row["gigabytes"] for row in rows)
    return [*rows, {"what": what, "gigabytes": largest, **_sum(rows)}]


def _row(
    what: str, count: int, tokens: float, gigabytes: float, hours: Sequence[float]
) -> dict:
    return {"what": what, "sequences": count,
            "million tokens": round(tokens / 1e6, 2), "gigabytes": round(gigabytes, 1),
            **dict(zip((gpu.name for gpu in GPUS), hours, strict=True))}  # fmt: skip


def _sum(rows: Sequence[dict]) -> dict[str, float]:
    return {gpu.name: sum(row[gpu.name] or 0 for row in rows) for gpu in GPUS}


def size_plan(settings: Settings) -> list[dict]:
    """One row per size of the student's family: memory, and hours of all seeds.

    Hours are None on a card that a training does not fit on.  Socratic CoT has four
    sizes of GPT-2 (Table 2), SCoTD three of OPT (Figure 4).  Empty for other students.
    """
    hub, _, name = settings.student.rpartition("/")
    family = [size for size in SIZES if size.split("-")[0] == name.split("-")[0]]
    rows = []
    for size in family if name in SIZES else ():
        whole = gpu_plan(replace(settings, student=f"{hub}/{size}".strip("/")))[-1]
        needed = whole["gigabytes"]
        hours = {gpu.name: SEEDS * whole[gpu.name] if needed < gpu.gigabytes else None
                 for gpu in GPUS}  # fmt: skip
        rows.append({"student": size, "seeds": SEEDS, "gigabytes": needed, **hours})
    whole = {"student": "all that fit", "seeds": SEEDS, **_sum(rows)}
    return [*rows, whole] if rows else []


def grid_plan(runs: Sequence[Settings]) -> list[dict]:
    """One row per dataset and student of several runs: hours of all its seeds, and of
    the ablations, which the first seed has."""
    seeds = Counter((one.dataset, one.student) for one in runs)
    rows = []
    for (dataset, student), count in seeds.items():
        one = next(r for r in runs if (r.dataset, r.student) == (dataset, student))
        main, extra = gpu_plan(one), ablation_plan(one)
        if main:  # empty for a student whose size is not known
            parts = [*main[-1:] * count, *extra[-1:]]
            rows.append({"dataset": dataset, "student": student.rpartition("/")[2],
                         "seeds": count, **_sum(parts),
                         "gigabytes": max(p["gigabytes"] for p in parts)})  # fmt: skip
    return [*rows, {"dataset": "all", **_sum(rows)}] if rows else []


def training_hours(parameters: float, tokens: float, gpu: Gpu) -> float:
    """Hours of forward and backward passes over so many tokens."""
    return 6 * parameters * tokens / (gpu.peak * UTILISATION) / 3600


def memory(size: Size, longest: float) -> float:
    """Gigabytes of a training whose longest sequence has so many tokens."""
    a_token = ACTIVATION_BYTES * size.layers * size.hidden + LOGIT_BYTES * VOCABULARY
    return (STATE_BYTES * size.parameters + a_token * longest * MICRO_BATCH) / 1e9


class Transcripts(NamedTuple):
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
    for pair in pairs:
        characters = sum(len(s.text) + 1 for s, _ in supervision.transcript(*pair))
        lengths.append(min(characters / CHARACTERS, recipe.max_length))
    whole = round(len(lengths) * count / len(sample))
    return Transcripts(whole, mean(lengths), max(lengths), recipe.epochs)


def show_gpu_plan(settings: Settings) -> None:
    """Print the trainings and decodings of a run, if the environment is there."""
    try:
        rows, sizes = gpu_plan(settings), size_plan(settings)
        extra = ablation_plan(settings)
    except ImportError as error:
        return print(f"(hours on a GPU need the environment: {error})")
    if not rows:
        return print(f"(the size of {settings.student} is not known: no hours on GPUs)")
    _show("hours on one GPU (estimates; see socratic_utils/runner/plan_gpu.py):", rows)
    _show("the same for every size and three seeds (-: does not fit):", sizes, "-")
    title = f"notebook {number_of('ablations')} in addition, with this student:"
    _show(title, extra)


def show_grid_hours(runs: Sequence[Settings]) -> None:
    """Print the hours of all runs of the paper grid, if the environment is there."""
    number = number_of("ablations")
    title = f"\nhours of all runs and seeds (notebook {number} has seed 0 only):"
    with suppress(ImportError):  # reported above already
        _show(title, grid_plan(runs))


def _show(title: str, rows: Sequence[dict], missing: str = "") -> None:
    from tabulate import tabulate

    if rows:
        print(f"{title}\n{tabulate(rows, 'keys', floatfmt='.2f', missingval=missing)}")
