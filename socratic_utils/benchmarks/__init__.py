"""Benchmarks, one a module; `load_problems` is the one way in.

    >>> problems = load_problems("gradeschool", split="test", limit=2)
    >>> problems[0].id
    'gradeschool-test-0000'

`gradeschool` is embedded; the others are read from the folder that the environment
variable SOCRATIC_DATA_DIR names, or else from the Hugging Face hub.
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from . import (
    anli,
    commonsense_qa,
    gradeschool,
    gsm8k,
    imdb,
    multistep,
    openbookqa,
    quarel,
    sst2,
    strategyqa,
    svamp,
)

BENCHMARKS = {
    "gradeschool": gradeschool,
    "gsm8k": gsm8k,
    "commonsense_qa": commonsense_qa,
    "openbookqa": openbookqa,
    "quarel": quarel,
    "strategyqa": strategyqa,
    "svamp": svamp,
    "multistep": multistep,
    "anli": anli,
    "imdb": imdb,
    "sst2": sst2,
}


def load_problems(
    name: str, split: str = "train", limit: int | None = None
) -> list[Problem]:
    """The first `limit` problems of a split (all when None), in the published order.

    Raises ValueError on an unknown benchmark or split and on a split that is published
    without gold answers, FileNotFoundError where the data is neither in
    SOCRATIC_DATA_DIR nor to be had from the hub.
    """
    if name not in BENCHMARKS:
        raise ValueError(f"unknown dataset {name!r}: choose from {list(BENCHMARKS)}")
    module = BENCHMARKS[name]
    if split in getattr(module, "UNLABELLED", ()):
        raise ValueError(
            f"the {split} split of {name} is published without gold answers: choose "
            f"from {list(module.SPLITS)}"
        )
    if split not in module.SPLITS:
        raise ValueError(
            f"{name} has no split {split!r}: choose from {list(module.SPLITS)}"
        )
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    return module.load(split)[:limit]
