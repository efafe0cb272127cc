"""`gradeschool`, our own word problems with 2 or 3 gold Socratic steps.

Problems of `test` come from the story families of `train`, with other numbers; those of
`unseen` come from families that never occur in training.  `challenge` holds variants of
test problems in the manner of SVAMP: another question (one of them has 4 steps), one
more number, or another order of the facts.  `tools/gradeschool/generate.py` wrote them.
Not covered: fractions, decimals, negative numbers, prose written by people.
"""

from pathlib import Path

from socratic_utils.problems import Problem, load_jsonl

SIZES = {"train": 640, "validation": 150, "test": 300, "unseen": 200,
         "challenge": 201}  # fmt: skip


def data_path(split: str) -> Path:
    return Path(__file__).parent / "gradeschool_data" / f"{split}.jsonl"


def load(split: str) -> list[Problem]:
    return load_jsonl(data_path(split), Problem)
