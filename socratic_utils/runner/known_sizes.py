"""Plans without data: placeholders for a benchmark that is not on this machine.

    >>> [problem] = placeholders("gsm8k", "test", 1)
    >>> len(problem.text), len(problem.steps)
    (235, 3)

Inside `known_sizes()` nothing is downloaded.  A benchmark is loaded as always if its
files are here; otherwise it has as many placeholders as problems are published, each as
long as the mean problem.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType, SimpleNamespace
from typing import NoReturn

from socratic_utils.benchmarks import BENCHMARKS, known_size, load_problems, splits_of
from socratic_utils.config import Settings
from socratic_utils.problems import Problem, Step

# Answer and mean characters of a problem; mean number of gold steps, characters of
# their questions and solutions; number of sub-questions apart from the steps.  Counted
# in the published training splits; from QuaRel on estimated from what is published.
TYPICAL = {
    "gsm8k": ("number", 235, 3.58, 42, 66, 0),
    "strategyqa": ("yes_no", 56, 2.68, 0, 65, 3),
    "multistep": ("number", 165, 0, 0, 0, 0),
    "svamp": ("number", 162, 0, 0, 0, 0),
    "commonsense_qa": ("choice", 141, 0, 0, 0, 0),
    "openbookqa": ("choice", 138, 0, 0, 0, 0),
    "quarel": ("choice", 200, 0, 0, 0, 0),
    "anli": ("choice", 450, 0, 0, 0, 0),
    "imdb": ("choice", 1300, 0, 0, 0, 0),
    "sst2": ("choice", 100, 0, 0, 0, 0),
}


def placeholders(name: str, split: str, count: int) -> list[Problem]:
    """`count` different problems of typical length, with an equation in each step."""
    kind, length, steps, asked, solved, apart = TYPICAL[name]
    answer = {"number": "2", "yes_no": "yes", "choice": "a"}[kind]
    question = "How many?".ljust(asked, "x") if asked else ""
    step = Step(question, "1 + 1 = 2".ljust(solved, "x"), "2")
    extra = {"placeholder": True}
    if apart:
        extra["sub_questions"] = ["How many?".ljust(length, "x")] * apart
    return [
        Problem(
            f"{name}-{split}-{i:05d}", name, split, f"{i} ".ljust(length, "x"), answer,
            kind, (step,) * (int((i + 1) * steps) - int(i * steps)), extra=extra,
        )
        for i in range(count)
    ]  # fmt: skip


@contextmanager
def known_sizes() -> Iterator[None]:
    """In this block benchmarks that are not here are placeholders of their size."""
    from unittest.mock import patch

    stand_ins = {name: _or_placeholders(name, BENCHMARKS[name]) for name in TYPICAL}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, HF_HUB_OFFLINE="1"))
        stack.enter_context(patch.dict(BENCHMARKS, stand_ins))
        with suppress(ImportError):  # without an environment nothing is downloaded
            stack.enter_context(patch("httpx.get", _refuse))
            from socratic_utils.experiments.data import forget_problems

            stack.callback(forget_problems)  # or later stages would find placeholders
        yield


def _refuse(*_: object, **__: object) -> NoReturn:
    raise OSError("a plan downloads nothing")


def _or_placeholders(name: str, module: ModuleType) -> SimpleNamespace:
    def load(split: str) -> list[Problem]:
        try:
            return module.load(split)
        except (OSError, ImportError):  # not here, or no package to read it with
            return placeholders(name, split, known_size(name, split))

    return SimpleNamespace(**{**vars(module), "load": load})


def data_line(settings: Settings) -> str:
    """The numbers of problems of a run, and whether they were counted or are known."""
    parts = []
    for split in splits_of(settings.dataset):
        problems = load_problems(settings.dataset, split)
        known = problems[0].extra.get("placeholder")
        how = "known size, mean lengths" if known else "counted"
        parts.append(f"{split} {len(problems):,} ({how})")
    return f"  problems of {settings.dataset}: {', '.join(parts)}"
