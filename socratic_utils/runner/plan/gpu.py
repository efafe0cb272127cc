"""What a run would take on a GPU, as a dry run prints it: an estimate.

Training takes 6 operations per parameter and token (Kaplan et al. 2020, section 2.1), 4
if only adapters are trained, at `UTILISATION` of the card's peak.  What fits into its
memory is decided as on the card itself (`students.training.memory`).  Not covered:
students of SCoTD's notebooks, which are trained for a number of steps.
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
from socratic_utils.students.base_models import SIZES
from socratic_utils.students.training.memory import decoding_fit, training_fit

from ..schedule import number_of

CHARACTERS = 3.5  # per token of English with numbers
CHAIN = 300  # characters of a chain not written yet, where the benchmark has no steps
SAMPLE = 1000  # problems whose transcripts are measured
UTILISATION = 0.3  # of the peak; small models and short sequences do not reach more
TOKEN_SECONDS = 0.03  # a step of transformers' decoding, most of it launching kernels
CARDS = {  # half precision, its operations per second, bytes of memory
    "T4 16 GB": ("float16", 65e12, 16e9), "V100 16 GB": ("float16", 125e12, 16e9),
    "RTX 4090 24 GB": ("bfloat16", 165e12, 24e9),
    "A100 40 GB": ("bfloat16", 312e12, 40e9), "H100 80 GB": ("bfloat16", 989e12, 80e9),
}  # fmt: skip
GPUS = ("A100 40 GB", "RTX 4090 24 GB")  # whose hours are shown


def gpu_plan(settings: Settings) -> list[dict]:
    """A row per training and decoding of the main table, and their total, if known."""
    with redirect_stdout(StringIO()):  # what cannot be taught is no part of a plan
        arms = main_arms(settings)
    return _rows(settings, arms, len(data.reported_problems(settings)), "all, one seed")


def ablation_plan(settings: Settings) -> list[dict]:
    """The same of what the ablations train and decode beside the main table."""
    models = (m for s in supervision.STUDENTS.values() for m in s.supervisions)
    main = {(model, False, 0) for model in models}
    arms, count = ablations.arms(settings), len(ablations.problems_of(settings))
    return _rows(settings, arms, count, "ablations, one seed", main)


def _rows(
    settings: Settings, arms: Sequence[Arm], count: int, what: str, main: Any = ()
) -> list[dict]:
    """The rows of arms that decode `count` problems; `main`: trainings to skip."""
    size, rows = SIZES.get(settings.student.rpartition("/")[2]), []
    if size is None or not arms:
        return []
    any_student = replace(settings, student="", seed=0)  # all read the same text
    trained = dict.fromkeys((m, arm.problems == "all", arm.lora_rank)
                            for arm in arms for m in arm.models)  # fmt: skip
    for model, extra, rank in (one for one in trained if one not in main):
        own = transcripts_of(any_student, model)
        tokens, rank = own.epochs * own.count * own.mean, rank or own.rank
        needed = training_fit(size, own.longest, own.trained, 1, 0, rank=rank).needed
        hours = {g: training_hours(size.parameters, tokens, g, rank) for g in GPUS}
        name = f"train {model}" + ", all problems" * extra
        name += f", LoRA of rank {rank}" * (rank > 0)
        rows.append(_row(name, own.count, tokens, needed) | hours)
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
    """`needed`: bytes for one sequence at once, with gradient checkpointing."""
    return {"what": what, "sequences": count, "million tokens": round(tokens / 1e6, 2),
            "gigabytes": round(needed / 1e9, 1)}  # fmt: skip


def _sum(rows: Sequence[dict]) -> dict[str, float]:
    return {gpu: sum(row[gpu] for row in rows) for gpu in GPUS}


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


def training_hours(parameters: float, tokens: float, gpu: str, rank: int = 0) -> float:
    """Hours of forward and backward passes over so many tokens."""
    operations = (4 if rank else 6) * parameters * tokens
    return operations / (CARDS[gpu][1] * UTILISATION) / 3600


def device_plan(settings: Settings) -> list[dict]:
    """A row per card: how a student is trained there, and how two of them decode."""
    size = SIZES.get(student := settings.student.rpartition("/")[2])
    any_student, limit = replace(settings, student="", seed=0), settings.decoding
    if size is None:
        return []
    with redirect_stdout(StringIO()):
        names = {name for arm in main_arms(settings) for name in arm.models}
    own = max((transcripts_of(any_student, n) for n in names), key=lambda t: t[2:4])
    tokens = own.longest + 2 * (limit.max_steps + 1) * limit.line_tokens
    batch, rows = settings.training.batch_size, []
    for card, (half, _, memory) in CARDS.items():
        one = training_fit(size, *own[2:4], batch, memory, rank=own.rank)
        two = decoding_fit([size] * 2, tokens, limit.batch_size, memory)
        how = ", gradient checkpointing" * one.checkpointing
        at_once = f"{one.rows} of {batch} at once{how}" if one.fits else "too large"
        rows.append({"student": student, "card": card, "precision": half,
                     "training": at_once, "GB": one.needed / 1e9,
                     "decoding": f"{two.rows} rows" if two.fits else "too large",
                     "its GB": two.needed / 1e9})  # fmt: skip
    return rows


class Transcripts(NamedTuple):
    count: int  # per epoch
    mean: float  # tokens
    longest: float
    trained: float  # tokens of the one with the most
    epochs: float
    rank: int  # of the run's adapters; 0: all weights are trained


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
    lengths, trained = [], []
    for pair in pairs:
        shown = [(len(s.text) + 1, learnt) for s, learnt in own.transcript(*pair)]
        lengths.append(min(sum(n for n, _ in shown) / CHARACTERS, recipe.max_length))
        trained.append(min(sum(n for n, x in shown if x) / CHARACTERS, lengths[-1]))
    whole = round(len(lengths) * len(problems) / len(sample))
    most = max(lengths), max(trained)
    return Transcripts(whole, mean(lengths), *most, recipe.epochs, recipe.lora_rank)


def show_gpu_plan(settings: Settings) -> None:
    if not (rows := gpu_plan(settings)):
        return print(f"(the size of {settings.student} is not known: no hours on GPUs)")
    _show("hours on one GPU (estimates; see socratic_utils/runner/plan/gpu.py):", rows)
    _show("sequences at once, by memory (estimates):", device_plan(settings))
    title = f"notebook {number_of('ablations')} in addition, with this student:"
    _show(title, ablation_plan(settings))


def show_grid_hours(runs: Sequence[Settings]) -> None:
    only_seed_0 = f"notebook {number_of('ablations')} has seed 0 only"
    students = {one.student: one for one in runs}.values()
    fits = [row for one in students for row in device_plan(one)]
    _show("\nsequences at once, by memory (estimates):", fits)
    _show(f"\nhours of all runs and seeds ({only_seed_0}):", grid_plan(runs))


def _show(title: str, rows: Sequence[dict]) -> None:
    if rows:
        print(f"{title}\n{tabulate(rows, 'keys', floatfmt='.2f')}")
