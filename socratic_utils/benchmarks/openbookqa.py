"""OpenBookQA, Main (Mihaylov et al. 2018), used by SCoTD: Apache-2.0.

The sun is responsible for (a) puppies learning tricks ... (d) plants sprouting
"""

from socratic_utils.problems import Problem

from .loading import question_problems

SIZES = {"train": 4_957, "validation": 500, "test": 500}  # counted
HUB = ("allenai/openbookqa", "388097ea7776314e93a529163e0fea805b8a6454")


def load(split: str) -> list[Problem]:
    file = split.replace("validation", "dev") + ".jsonl"
    return question_problems("openbookqa", split, file, HUB, "question_stem", "main")
