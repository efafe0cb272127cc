"""Benchmarks: what is published of each stands in `catalogue.toml`.

    >>> load_problems("gradeschool", split="test", limit=2)[0].id
    'gradeschool-test-0000'

`gradeschool` ships with the package.  The others are read from the published files in
SOCRATIC_DATA_DIR, one folder per benchmark, or else downloaded.

To add one, write its entry in the catalogue and a reader, which yields the problems
of a split, in READERS; few-shot exemplars of its own go to `teacher/prompts/`.
"""

from socratic_utils.problems import Problem

from .catalogue import BENCHMARKS
from .loading import DATA_VARIABLE
from .multiple_choice import choices, imdb
from .open_answers import gradeschool, gsm8k, multistep, strategyqa, svamp

READERS = dict.fromkeys(BENCHMARKS, choices) | {
    "gradeschool": gradeschool, "gsm8k": gsm8k, "strategyqa": strategyqa,
    "svamp": svamp, "multistep": multistep, "imdb": imdb,
}  # fmt: skip


def load_problems(
    name: str, split: str = "train", limit: int | None = None
) -> list[Problem]:
    """The first `limit` problems of a split (all if None), in the published order.

    Raises ValueError for an unknown benchmark or split and for a split published
    without gold answers, FileNotFoundError if the data is neither in SOCRATIC_DATA_DIR
    nor can be downloaded.
    """
    splits = list(splits_of(name))
    if split in BENCHMARKS[name].get("unlabelled", ()):
        fault = f"the {split} split of {name} is published without gold answers"
        raise ValueError(f"{fault}: choose from {splits}")
    if split not in splits:
        raise ValueError(f"{name} has no split {split!r}: choose from {splits}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    return list(READERS[name](name, split))[:limit]


def splits_of(name: str) -> tuple[str, ...]:
    """The splits of a benchmark; ValueError for an unknown one."""
    if name not in BENCHMARKS:
        raise ValueError(f"unknown dataset {name!r}: choose from {list(BENCHMARKS)}")
    return tuple(BENCHMARKS[name]["sizes"])
