"""Plans without data: placeholders for a benchmark that is not on this machine.

    >>> [problem] = placeholders("gsm8k", "test", 1)
    >>> len(problem.text), len(problem.steps)
    (235, 3)

A dry run never asks the hub.  Inside `known_sizes()` every benchmark is loaded as
always if its files are here; otherwise it has as many placeholders as problems are
published, each as long as the mean problem.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import NoReturn

from socratic_utils.benchmarks import BENCHMARKS, known_size, load_problems, splits_of
from socratic_utils.config import Settings
from socratic_utils.problems import Problem, Step


@dataclass(frozen=True)
class Typical:
    """Mean characters of a problem, and of a gold question and solution; mean steps."""

    kind: str
    text: int
    steps: float = 0.0
    question: int = 0
    solution: int = 0
    sub_questions: int = 0  # that stand apart from the steps


# Means of the published training splits, counted in their files; from QuaRel on these
# are estimates (a few rows, or the length the data set's paper reports).
TYPICAL = {
    "gsm8k": Typical("number", 235, 3.58, 42, 66),
    "strategyqa": Typical("yes_no", 56, 2.68, 0, 65, 3),
    "multistep": Typical("number", 165),
    "svamp": Typical("number", 162),
    "commonsense_qa": Typical("choice", 141),
    "openbookqa": Typical("choice", 138),
    "quarel": Typical("choice", 200),
    "anli": Typical("choice", 450),
    "imdb": Typical("choice", 1300),
    "sst2": Typical("choice", 100),
}


def placeholders(name: str, split: str, count: int) -> list[Problem]:
    """`count` problems of typical length; their solutions contain an equation."""
    own = TYPICAL[name]
    answer = {"number": "2", "yes_no": "yes", "choice": "a"}[own.kind]
    question = "How many?".ljust(own.question, "x") if own.question else ""
    step = Step(question, "1 + 1 = 2".ljust(own.solution, "x"), "2")
    texts = [f"{place} ".ljust(own.text, "x") for place in range(count)]  # all differ
    apart = ["How many?".ljust(own.text, "x")] * own.sub_questions
    return [
        Problem(
            f"{name}-{split}-{place:05d}", name, split, texts[place], answer,
            own.kind, (step,) * (int((place + 1) * own.steps) - int(place * own.steps)),
            extra={"placeholder": True} | ({"sub_questions": apart} if apart else {}),
        )
        for place in range(count)
    ]  # fmt: skip


@contextmanager
def known_sizes() -> Iterator[None]:
    """In this block benchmarks that are not here are placeholders of their size."""
    from unittest.mock import patch

    stand_ins = {name: _or_placeholders(name, BENCHMARKS[name]) for name in TYPICAL}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, HF_HUB_OFFLINE="1"))
        stack.enter_context(patch.dict(BENCHMARKS, stand_ins))
        with suppress(ImportError):  # without it there are no downloads
            stack.enter_context(patch("httpx.get", _no_network))
        stack.callback(_forget_problems)  # or later stages would find placeholders
        yield


def _or_placeholders(name: str, module: ModuleType) -> SimpleNamespace:
    def load(split: str) -> list[Problem]:
        try:
            return module.load(split)
        except (OSError, ImportError):  # not here, or no package to read it with
            return placeholders(name, split, known_size(name, split))

    return SimpleNamespace(**{**vars(module), "load": load})


def _no_network(*_: object, **__: object) -> NoReturn:
    raise OSError("a plan downloads nothing")


def _forget_problems() -> None:
    with suppress(ImportError):  # the environment is not there
        from socratic_utils.experiments import data

        data.forget_problems()


def data_line(settings: Settings) -> str:
    """The numbers of problems of a run, and whether they were counted or are known."""
    parts = []
    for split in splits_of(settings.dataset):
        problems = load_problems(settings.dataset, split)
        guessed = problems[0].extra.get("placeholder")
        how = "known size, mean lengths" if guessed else "counted"
        parts.append(f"{split} {len(problems):,} ({how})")
    return f"  problems of {settings.dataset}: {', '.join(parts)}"
