"""What a run would take on a GPU, as a dry run prints it: an estimate.

Training takes 6 operations per parameter and token (Kaplan et al. 2020, section 2.1) at
`UTILISATION` of the card's peak.  Memory, and what is decided by it, is that of
`students.training.memory`; no hours are shown where a training does not fit.  Not
covered: students of SCoTD's notebooks, which are trained for a number of steps.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from math import ceil
from statistics import mean
from typing import Any, NamedTuple

from tabulate import tabulate

from socratic_utils.config import Settings
from socratic_utils.experiments import data
from socratic_utils.experiments.arms import Arm, main_arms
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.problems import Chain, Step, gold_chain
from socratic_utils.students import supervision
from socratic_utils.students.base_models import SIZES, Size
from socratic_utils.students.training.memory import Fit, decoding_fit, training_fit

from ..schedule import number_of

CHARACTERS = 3.5  # per token of English with numbers
CHAIN = 300  # characters of a chain not written yet, where the benchmark has no steps
SAMPLE = 1000  # problems whose transcripts are measured
UTILISATION = 0.3  # of the peak; small models and short sequences do not reach more
DEVICES = "what fits (sequences at once; rows decoded by two students; estimates):"
TOKEN_SECONDS = 0.03  # a step of transformers' decoding, most of it launching kernels


class Card(NamedTuple):
    operations: float  # per second, dense, in its half precision
    memory: float  # bytes
    half: str


GPUS = {
    "T4 16 GB": Card(65e12, 16e9, "fp16"), "RTX 4090 24 GB": Card(165e12, 24e9, "bf16"),
    "A100 40 GB": Card(312e12, 40e9, "bf16"), "H100 80 GB": Card(989e12, 80e9, "bf16"),
}  # fmt: skip


def gpu_plan(settings: Settings) -> list[dict]:
    """A row per training and decoding of the main table, and their total, if known."""
    with redirect_stdout(StringIO()):  # what cannot be taught is no part of a plan
        arms = main_arms(settings)
    return _rows(settings, arms, len(data.reported_problems(settings)), "all, one seed")


def ablation_plan(settings: Settings) -> list[dict]:
    """The same of what the ablations train and decode beside the main table."""
    main = {m for arm in supervision.STUDENTS.values() for m in arm.supervisions}
    arms, count = ablations.arms(settings), len(ablations.problems_of(settings))
    return _rows(settings, arms, count, "ablations, one seed", main)


def _rows(
    settings: Settings, arms: Sequence[Arm], count: int, what: str, main: Any = ()
) -> list[dict]:
    """The rows of arms that decode `count` problems; `main` are trained elsewhere."""
    size, rows = SIZES.get(settings.student.rpartition("/")[2]), []
    if size is None or not arms:
        return []
    any_student = replace(settings, student="", seed=0)  # all read the same text
    for model in dict.fromkeys(m for arm in arms for m in arm.models if m not in main):
        own = transcripts_of(any_student, model)
        tokens = own.epochs * own.count * own.mean
        hours = {gpu: training_hours(size.parameters, tokens, gpu, fit)
                 for gpu, fit in _fits(settings, size, own).items()}  # fmt: skip
        needed = training_fit(size, own.longest, own.trained, 1, 0).needed
        rows.append(_row(f"train {model}", own.count, tokens, needed) | hours)
    batches = ceil(count / settings.decoding.batch_size)
    for arm in arms:
        length = transcripts_of(any_student, arm.models[-1]).mean
        seconds = TOKEN_SECONDS * min(length, settings.decoding.max_tokens) * batches
        hours = dict.fromkeys(GPUS, seconds / 3600)
        needed = decoding_fit([size] * len(arm.models), length, 1, 0).needed
        rows.append(_row(f"decode {arm.name}", count, count * length, needed) | hours)
    largest = max(row["gigabytes"] for row in rows)
    return [*rows, {"what": what, "gigabytes": largest, **_sum(rows)}]


def _row(what: str, count: int, tokens: float, needed: float) -> dict:
    """`needed`: bytes for a single sequence, layers recomputed."""
    return {"what": what, "sequences": count, "million tokens": round(tokens / 1e6, 2),
            "gigabytes": round(needed / 1e9, 1)}  # fmt: skip


def _sum(rows: Sequence[dict]) -> dict[str, float | None]:
    columns = {gpu: [row[gpu] for row in rows] for gpu in GPUS}
    return {gpu: None if None in own else sum(own) for gpu, own in columns.items()}


def _fits(settings: Settings, size: Size, own: "Transcripts") -> dict[str, Fit]:
    """How each card trains on these transcripts."""
    lengths = own.longest, own.trained, settings.training.batch_size
    return {gpu: training_fit(size, *lengths, GPUS[gpu].memory) for gpu in GPUS}


def device_plan(settings: Settings) -> list[dict]:
    """A row per card: what is decided there for a student, by its memory."""
    size = SIZES.get(student := settings.student.rpartition("/")[2])
    any_student, limit = replace(settings, student="", seed=0), settings.decoding
    if size is None:
        return []
    with redirect_stdout(StringIO()):
        names = {name for arm in main_arms(settings) for name in arm.models}
    own = max((transcripts_of(any_student, n) for n in names), key=lambda t: t.longest)
    tokens = own.prompt + 2 * (limit.max_steps + 1) * limit.line_tokens
    rows = []
    for gpu, fit in _fits(settings, size, own).items():
        row = {"student": student, "card": gpu, "autocast": GPUS[gpu].half}
        two = decoding_fit([size] * 2, tokens, limit.batch_size, GPUS[gpu].memory)
        rows.append(row | {
            "at once": fit.rows if fit.fits else "too large",
            "checkpointing": "yes" if fit.checkpointing else "no",
            "training GB": fit.needed / 1e9, "two decode": two.rows if two.fits else 0,
            "decoding GB": two.needed / 1e9,
        })  # fmt: skip
    return rows


def grid_plan(runs: Sequence[Settings]) -> list[dict]:
    """Hours of several runs by dataset and student; the first has the ablations."""
    seeds = Counter(replace(one, seed=0) for one in runs)
    rows = []
    for one, count in seeds.items():
        main, extra = gpu_plan(one), ablation_plan(one)
        if main:  # empty for a student whose size is not known
            parts = [*main[-1:] * count, *extra[-1:]]
            student = one.student.rpartition("/")[2]
            rows.append({"dataset": one.dataset, "student": student, "seeds": count,
                         **_sum(parts),
                         "gigabytes": max(p["gigabytes"] for p in parts)})  # fmt: skip
    return [*rows, {"dataset": "all", **_sum(rows)}] if rows else []


def training_hours(
    parameters: float, tokens: float, gpu: str, fit: Fit | None = None
) -> float | None:
    """Hours of forward and backward passes over so many tokens; None: do not fit."""
    if fit and not fit.fits:
        return None
    passes = 8 if fit and fit.checkpointing else 6  # a second forward pass
    seconds = passes * parameters * tokens / (GPUS[gpu].operations * UTILISATION)
    return seconds / 3600


class Transcripts(NamedTuple):
    count: int  # per epoch
    mean: float  # tokens
    longest: float
    trained: float  # tokens, of the transcript with the most
    prompt: float  # tokens, of the longest problem
    epochs: float


@cache  # of models that several students and both plans have
def transcripts_of(settings: Settings, model: str) -> Transcripts:
    """A model's estimated transcripts, cut as in training; `SAMPLE` are measured."""
    problems = data.train_problems(settings)
    own, pairs, recipe = supervision.SUPERVISIONS[model], [], settings.training
    for problem in (sample := data.spread(problems, SAMPLE)):
        chain = gold_chain(problem)
        if not chain.steps and "solution" in own.shown:
            step = Step("", "x" * CHAIN, problem.answer)
            chain = Chain(problem.id, "cot", (step,), problem.answer, "estimated")
        pairs.append((problem, chain))
    pairs, recipe = supervision.as_learnt(model, pairs, recipe)
    shown = [own.transcript(*pair) for pair in pairs]
    most = recipe.max_length
    lengths, trained = (
        [min(sum(len(s.text) + 1 for s, t in one if t or every) / CHARACTERS, most)
         for one in shown]
        for every in (True, False)
    )  # fmt: skip
    prompt = max(len(one[0][0].text) for one in shown) / CHARACTERS
    whole = round(len(lengths) * len(problems) / len(sample))
    longest = max(lengths), max(trained), prompt
    return Transcripts(whole, mean(lengths), *longest, recipe.epochs)


def show_gpu_plan(settings: Settings) -> None:
    if not (rows := gpu_plan(settings)):
        return print(f"(the size of {settings.student} is not known: no hours on GPUs)")
    _show(DEVICES, device_plan(settings))
    _show("hours on one GPU (estimates; see socratic_utils/runner/plan/gpu.py; blank: "
          "too large):", rows)  # fmt: skip
    title = f"notebook {number_of('ablations')} in addition, with this student:"
    _show(title, ablation_plan(settings))


def show_grid_hours(runs: Sequence[Settings]) -> None:
    only_seed_0 = f"notebook {number_of('ablations')} has seed 0 only"
    of_students = {one.student: one for one in runs}.values()
    _show(f"\n{DEVICES}", [row for one in of_students for row in device_plan(one)])
    _show(f"\nhours of all runs and seeds ({only_seed_0}):", grid_plan(runs))


def _show(title: str, rows: Sequence[dict]) -> None:
    if rows:
        print(f"{title}\n{tabulate(rows, 'keys', floatfmt='.2f')}")
