"""Benchmarks, one a module; `load_problems` is the one way in.

    >>> problems = load_problems("gradeschool", split="test", limit=2)
    >>> problems[0].id
    'gradeschool-test-0000'

`gradeschool` is embedded; the others are read from the folder that the environment
variable SOCRATIC_DATA_DIR names, or else from the Hugging Face hub.
"""

from __future__ import annotations

from ..problems import Problem
from . import gradeschool, gsm8k

BENCHMARKS = {"gradeschool": gradeschool, "gsm8k": gsm8k}


def load_problems(
    name: str, split: str = "train", limit: int | None = None
) -> list[Problem]:
    """The first `limit` problems of a split (all when None), in the published order.

    Raises ValueError on an unknown benchmark or split, FileNotFoundError where the
    data is neither in SOCRATIC_DATA_DIR nor to be had from the hub.
    """
    if name not in BENCHMARKS:
        raise ValueError(f"unknown dataset {name!r}: choose from {sorted(BENCHMARKS)}")
    module = BENCHMARKS[name]
    if split not in module.SPLITS:
        raise ValueError(
            f"{name} has no split {split!r}: choose from {list(module.SPLITS)}"
        )
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    return module.load(split)[:limit]
