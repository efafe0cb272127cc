"""CommonsenseQA 1.11, random split (Talmor et al. 2019), used by SCoTD: MIT licence.

    Where would you keep a spare key? (a) ocean (b) drawer (c) cloud (d) soup (e) song

The test questions are published without gold answers, so SCoTD evaluates on the
validation split, and so do we.
"""

from socratic_utils.problems import Problem

from .loading import question_problems

SIZES = {"train": 9_741, "validation": 1_221}  # counted
UNLABELLED = ("test",)
HUB = ("tau/commonsense_qa", "94630fe30dad47192a8546eb75f094926d47e155")


def load(split: str) -> list[Problem]:
    file = split.replace("validation", "dev") + "_rand_split.jsonl"
    return question_problems("commonsense_qa", split, file, HUB, "question")
