"""CommonsenseQA 1.11, random split (Talmor et al. 2019): MIT licence.

Questions with five choices, used by SCoTD (section 3):

    Where would you keep a spare key? (a) ocean (b) drawer (c) cloud (d) soup (e) song
    -> "b"

The 1,140 test questions are published without gold answers, so SCoTD evaluates on the
validation split, and so do we.  Read from `SOCRATIC_DATA_DIR/commonsense_qa/` or the
hub; ids are `commonsense_qa-<published id>`.  Not covered: the question-token split.
"""

from socratic_utils.problems import Problem

from .multiple_choice import question_problems

SIZES = {"train": 9_741, "validation": 1_221}  # counted
UNLABELLED = ("test",)
FILES = {"train": "train_rand_split.jsonl", "validation": "dev_rand_split.jsonl"}
HUB = ("tau/commonsense_qa", "94630fe30dad47192a8546eb75f094926d47e155")


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    return question_problems("commonsense_qa", split, FILES[split], HUB, "question",
                             concept="question_concept")  # fmt: skip
