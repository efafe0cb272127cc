"""OpenBookQA, Main (Mihaylov et al. 2018): Apache-2.0 by its authors' repository.

Questions of elementary science with four choices, used by SCoTD (section 3):

    The sun is responsible for (a) puppies learning tricks ... (d) plants sprouting
    -> "d"

Read from `SOCRATIC_DATA_DIR/openbookqa/` or the hub; ids are
`openbookqa-<published id>`.  Not covered: the open book of facts.
"""

from socratic_utils.problems import Problem

from .multiple_choice import question_problems

SIZES = {"train": 4_957, "validation": 500, "test": 500}  # counted
FILES = {"train": "train.jsonl", "validation": "dev.jsonl", "test": "test.jsonl"}
HUB = ("allenai/openbookqa", "388097ea7776314e93a529163e0fea805b8a6454")


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    file = FILES[split]
    return question_problems("openbookqa", split, file, HUB, "question_stem", "main")
