"""Benchmarks, one per module; `load_problems` loads them all.

    >>> load_problems("gradeschool", split="test", limit=2)[0].id
    'gradeschool-test-0000'

`gradeschool` ships with the package.  The others are read from the published files in
SOCRATIC_DATA_DIR, one folder per benchmark, or else downloaded (docs/extending.md).
"""

from importlib import import_module

from socratic_utils.problems import Problem

from .loading import DATA_VARIABLE

NAMES = ("gradeschool gsm8k commonsense_qa openbookqa quarel strategyqa svamp "
         "multistep anli imdb sst2").split()  # fmt: skip
BENCHMARKS = {name: import_module(f".{name}", __name__) for name in NAMES}


def load_problems(
    name: str, split: str = "train", limit: int | None = None
) -> list[Problem]:
    """The first `limit` problems of a split (all if None), in the published order.
    Raises ValueError for an unknown benchmark or split, or one without gold answers,
    FileNotFoundError if it is not in SOCRATIC_DATA_DIR and cannot be downloaded."""
    splits = list(splits_of(name))
    if split in getattr(BENCHMARKS[name], "UNLABELLED", ()):
        fault = f"the {split} split of {name} is published without gold answers"
        raise ValueError(f"{fault}: choose from {splits}")
    if split not in splits:
        raise ValueError(f"{name} has no split {split!r}: choose from {splits}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    return BENCHMARKS[name].load(split)[:limit]


def splits_of(name: str) -> tuple[str, ...]:
    """The splits of a benchmark; ValueError for an unknown one."""
    if name not in BENCHMARKS:
        raise ValueError(f"unknown dataset {name!r}: choose from {list(BENCHMARKS)}")
    return tuple(BENCHMARKS[name].SIZES)


def known_size(name: str, split: str) -> int | None:
    """The number of problems in a split, without loading it; None if not known."""
    return getattr(BENCHMARKS.get(name), "SIZES", {}).get(split)
