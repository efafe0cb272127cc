"""SST-2, the Stanford Sentiment Treebank (Socher et al. 2013): no licence stated.

Phrases (training) and sentences (validation) of film reviews.  SCoTD (section 3)
evaluates students on it that never saw the task.  The 1,821 test sentences are
published without labels.  Read from `SOCRATIC_DATA_DIR/sst2/{train,dev}.tsv`, GLUE's
layout, or the hub; ids are `sst2-<split>-<number of the row>`.
"""

from socratic_utils.problems import Problem

from .loading import hub_rows, local_file, read_table
from .multiple_choice import review_problem

SIZES = {"train": 67_349, "validation": 872}  # as published
UNLABELLED = ("test",)
FILES = {"train": "train.tsv", "validation": "dev.tsv"}
HUB = ("stanfordnlp/sst2", "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb")


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    if path := local_file("sst2", FILES[split]):
        rows = read_table(path, "sentence", "label", quoted=False)
    else:
        rows = hub_rows(*HUB, split)
    return [
        review_problem("sst2", split, f"{split}-{number:05d}", row["sentence"],
                       {"0": 0, "1": 1}.get(str(row["label"]), row["label"]))
        for number, row in enumerate(rows)
    ]  # fmt: skip
