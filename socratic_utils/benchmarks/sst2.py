"""SST-2, the Stanford Sentiment Treebank (Socher et al. 2013): no licence stated.

67,349 training phrases and 872 validation sentences of film reviews, negative or
positive.  SCoTD (P2 section 3) gives it to students that never saw the task, with a
few exemplars in the prompt.  The 1,821 test sentences are published without labels.

Read from `SOCRATIC_DATA_DIR/sst2/` (`train.tsv`, `dev.tsv` as GLUE publishes them: a
sentence, a tab and its label) or the hub (`stanfordnlp/sst2`); ids are
`sst2-<split>-<number of the row>` from both.
"""

from __future__ import annotations

from socratic_utils.problems import Problem

from .loading import hub_rows, read_table
from .sentiment import review_problem
from .sources import local_file

SPLITS = ("train", "validation")
UNLABELLED = ("test",)
FILES = {"train": "train.tsv", "validation": "dev.tsv"}
HUB_ID = "stanfordnlp/sst2"
HUB_REVISION = "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb"


def load(split: str) -> list[Problem]:
    """All problems of a split in published order."""
    return [
        review_problem("sst2", split, f"{split}-{number:05d}", row["sentence"],
                       {"0": 0, "1": 1}.get(str(row["label"]), row["label"]))
        for number, row in enumerate(read(split))
    ]  # fmt: skip


def read(split: str) -> list[dict]:
    """The published rows: sentence and label."""
    if path := local_file("sst2", FILES[split]):
        return read_table(path, "sentence", "label", quoted=False)
    return hub_rows(HUB_ID, HUB_REVISION, split)
