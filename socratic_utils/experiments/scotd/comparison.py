"""What SCoTD's tables have to know of a run, and of the runs next to it.

    scotd.compare_table("table2a", scores, **comparison(settings))

Not covered: the papers' values and the comparison itself (`results.papers.scotd`).
"""

from typing import Any

import pandas as pd

from socratic_utils import config
from socratic_utils.config import Settings, outputs_root
from socratic_utils.results.tables import by_size

from .few_shot_or_supervised import EXPERIMENT

STUDENT = "facebook/opt-1.3b"


def comparison(settings: Settings) -> dict[str, Any]:
    """The keywords of the comparisons in `results.papers.scotd`."""
    return {"dataset": settings.dataset, "teacher": settings.teacher,
            "comparable": is_papers(settings)}  # fmt: skip


def is_papers(settings: Settings) -> bool:
    """Whether student, data and recipe are SCoTD's, as far as they are known."""
    own = config.load("paper", dataset=settings.dataset)
    names = ("scale", "student", "training", "train_limit", "test_limit", "many")
    same = all(getattr(settings, n) == getattr(own, n) for n in names)
    return same and settings.student == STUDENT


def sizes(settings: Settings) -> pd.DataFrame:
    """SCoTD's Figure 4: notebook 12's table of this run and of other student models.

    Runs of other students have folders of their own next to this run's.
    """
    found = outputs_root().glob(f"{settings.scale}*/tables/{EXPERIMENT}.csv")
    paths = [path for path in found if not path.parts[-3].endswith("-reused")]
    return by_size(sorted(paths), settings.dataset, settings.seed)
