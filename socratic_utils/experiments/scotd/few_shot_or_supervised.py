"""What chains are worth with gold answers and without (SCoTD, Table 2b).

*Few-shot*: no gold label says which chains are right, so all are kept, and the
teacher's own answer is the label.  *Supervised*: gold labels drop the wrong chains.  In
both, students of the label alone are the baseline.  All are trained on chains or labels
of the same problems for the same number of optimizer steps.  SCoTD decodes its few-shot
students by vote (`voting_arms`).
"""

import re
from collections.abc import Collection, Sequence

from socratic_utils import config
from socratic_utils.config import Settings
from socratic_utils.metrics.statistics import accuracy
from socratic_utils.results.papers.scotd import scores

from ..arms import Arm
from ..data import STYLE, can_sample
from ..saved import rows_on_disk
from .many_chains import with_votes

STUDENT = "facebook/opt-1.3b"  # the paper's
EXPERIMENT = "few_shot_or_supervised"
IN_TABLE = {  # a table of the paper -> its students
    "table2b": r"(few_shot|full)_(label|cot|scotd)",
    "table3a": r"(few_shot|full)_scotd",
    "table3b": r"few_shot_\d+",
}


def arms(settings: Settings) -> list[Arm]:
    """The students of Table 2(b), then, where many chains can be had, of Table 3."""
    pools = {
        "few_shot_label": "first_all",  # the answer, as the teacher gave it
        "few_shot_cot": "first_all",  # its first chain, right or wrong (Greedy-CoT)
        "full_label": "gold_labels",  # the gold answer
        "full_cot": "first_right",  # the teacher's first chain, where it is right
    }
    if can_sample(settings):
        counts = [f"{count:02d}" for count in settings.many.counts]
        pools |= {f"few_shot_{count}": f"all_chains_{count}" for count in counts}
        pools["few_shot_scotd"] = f"all_chains_{counts[-1]}"
        pools["full_scotd"] = f"chains_{counts[-1]}"
    return [
        Arm(name, ("answer_only" if name.endswith("label") else STYLE,), EXPERIMENT,
            pool=pool, balanced=settings.many.balanced and "chains_" in pool,
            steps=settings.many.steps)
        for name, pool in pools.items()]  # fmt: skip


def voting_arms(settings: Settings) -> list[Arm]:
    """The students of chains that the teacher's own labels allow, sampled to vote."""
    plain = ("few_shot_label", "full_label", "full_cot")
    return [with_votes(settings, a) for a in arms(settings) if a.name not in plain]


def scores_in(table: str, rows: Sequence[dict], kind: str = "number") -> list[dict]:
    """`scores` of the students that belong to a table of the paper ("table3a")."""
    rows = [row for row in rows if re.match(IN_TABLE[table], row["student"])]
    return scores(rows, kind)


def label_only(settings: Settings, ids: Collection[str]) -> dict | None:
    """The score of the student of labels on these problems, the line in SCoTD's Figure
    2; None where its rows are not on disk."""
    rows = rows_on_disk(settings, EXPERIMENT, "-full_label.")
    own = [row for row in rows if row["id"] in ids]
    if ids and {row["id"] for row in own} == set(ids):
        return {"student": "full_label", **accuracy(own)}
    return None


def comparison(settings: Settings) -> dict:
    """Keywords for `results.papers.scotd`; the paper's own set-up is `comparable`."""
    own = config.load("paper", dataset=settings.dataset)
    names = ("scale", "student", "training", "train_limit", "test_limit", "many")
    same = all(getattr(settings, n) == getattr(own, n) for n in names)
    return {"dataset": settings.dataset, "teacher": settings.teacher,
            "student": settings.student,
            "comparable": same and settings.student == STUDENT}  # fmt: skip
