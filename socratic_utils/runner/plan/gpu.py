"""What a run would take on a GPU, as a dry run prints it: an estimate.

Training takes 6 operations per parameter and token (Kaplan et al. 2020, section 2.1) at
`UTILISATION` of the card's peak.  Memory is 16 bytes per parameter (Adam in fp32), 34
per hidden unit, layer and token of a micro-batch (Korthikanti et al. 2022, section 4),
and 10 per word of the vocabulary and token (logits).  Not covered: students of SCoTD's
notebooks, which are trained for a number of steps.
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

from socratic_utils.config import MICRO_BATCH, Settings
from socratic_utils.experiments import data
from socratic_utils.experiments.arms import Arm, main_arms
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.problems import Chain, Step, gold_chain
from socratic_utils.students import supervision
from socratic_utils.students.base_models import SIZES, Size

from ..schedule import number_of

CHARACTERS = 3.5  # per token of English with numbers
CHAIN = 300  # characters of a chain not written yet, where the benchmark has no steps
SAMPLE = 1000  # problems whose transcripts are measured
UTILISATION = 0.3  # of the peak; small models and short sequences do not reach more
TOKEN_SECONDS = 0.03  # a step of transformers' decoding, most of it launching kernels
STATE_BYTES, ACTIVATION_BYTES, LOGIT_BYTES = 16, 34, 10
VOCABULARY = 50_000  # of GPT-2, OPT and SmolLM2 alike
GPUS = {"A100 40 GB": 312e12, "RTX 4090 24 GB": 165e12}  # bf16 operations per second


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
        tokens, needed = own.epochs * own.count * own.mean, memory(size, own.longest)
        hours = {gpu: training_hours(size.parameters, tokens, gpu) for gpu in GPUS}
        rows.append(_row(f"train {model}", own.count, tokens, needed) | hours)
    batches = ceil(count / settings.decoding.batch_size)
    for arm in arms:
        length = transcripts_of(any_student, arm.models[-1]).mean
        seconds = TOKEN_SECONDS * min(length, settings.decoding.max_tokens) * batches
        hours, needed = dict.fromkeys(GPUS, seconds / 3600), 2 * size.parameters / 1e9
        rows.append(_row(f"decode {arm.name}", count, count * length, needed) | hours)
    largest = max(row["gigabytes"] for row in rows)
    return [*rows, {"what": what, "gigabytes": largest, **_sum(rows)}]


def _row(what: str, count: int, tokens: float, gigabytes: float) -> dict:
    return {"what": what, "sequences": count, "million tokens": round(tokens / 1e6, 2),
            "gigabytes": round(gigabytes, 1)}  # fmt: skip


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


def training_hours(parameters: float, tokens: float, gpu: str) -> float:
    """Hours of forward and backward passes over so many tokens."""
    return 6 * parameters * tokens / (GPUS[gpu] * UTILISATION) / 3600


def memory(size: Size, longest: float) -> float:
    """Gigabytes of a training whose longest sequence has so many tokens."""
    a_token = ACTIVATION_BYTES * size.layers * size.hidden + LOGIT_BYTES * VOCABULARY
    return (STATE_BYTES * size.parameters + a_token * longest * MICRO_BATCH) / 1e9


class Transcripts(NamedTuple):
    count: int  # per epoch
    mean: float  # tokens
    longest: float
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
    lengths = []
    for pair in pairs:
        characters = sum(len(s.text) + 1 for s, _ in own.transcript(*pair))
        lengths.append(min(characters / CHARACTERS, recipe.max_length))
    whole = round(len(lengths) * len(problems) / len(sample))
    return Transcripts(whole, mean(lengths), max(lengths), recipe.epochs)


def show_gpu_plan(settings: Settings) -> None:
    if not (rows := gpu_plan(settings)):
        return print(f"(the size of {settings.student} is not known: no hours on GPUs)")
    _show("hours on one GPU (estimates; see socratic_utils/runner/plan/gpu.py):", rows)
    title = f"notebook {number_of('ablations')} in addition, with this student:"
    _show(title, ablation_plan(settings))


def show_grid_hours(runs: Sequence[Settings]) -> None:
    only_seed_0 = f"notebook {number_of('ablations')} has seed 0 only"
    _show(f"\nhours of all runs and seeds ({only_seed_0}):", grid_plan(runs))


def _show(title: str, rows: Sequence[dict]) -> None:
    if rows:
        print(f"{title}\n{tabulate(rows, 'keys', floatfmt='.2f')}")
