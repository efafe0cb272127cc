"""SST-2, the Stanford Sentiment Treebank (Socher et al. 2013): no licence stated.

Phrases (training) and sentences (validation) of film reviews, from SCoTD's transfer
experiment (section 3).  The test sentences are published without labels.
"""

from socratic_utils.problems import Problem

from .loading import hub_rows, local_file, read_table, review_problem

SIZES = {"train": 67_349, "validation": 872}  # as published
UNLABELLED = ("test",)
HUB = ("stanfordnlp/sst2", "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb")


def load(split: str) -> list[Problem]:
    if path := local_file("sst2", "dev.tsv" if split == "validation" else "train.tsv"):
        rows = read_table(path, "sentence", "label", quoted=False)
    else:
        rows = hub_rows(*HUB, split)
    return [review_problem("sst2", split, f"{split}-{i:05d}", r["sentence"], r["label"])
            for i, r in enumerate(rows)]  # fmt: skip
