"""What chains are worth with gold answers and without (SCoTD, Table 2b).

SCoTD has two settings.  *Few-shot*: no gold label says which chains are right, so all
are kept, and the teacher's own answer is the label.  *Supervised*: gold labels drop the
wrong chains.  In both, students of the label alone are the baseline:

    few_shot_label    the answer, as the teacher gave it
    few_shot_cot      the teacher's first chain, right or wrong (Greedy-CoT)
    full_label        the gold answer
    full_cot          the teacher's first chain, where its answer is right

Where many chains can be sampled, SCoTD's own students follow: `few_shot_scotd`,
`full_scotd`, and those of 1, 5, ... chains (Table 3b).  All are trained for the same
number of optimizer steps, so a student of fewer chains sees them more often.  SCoTD
decodes its few-shot students by vote (`voting_arms`).
"""

import re
from collections.abc import Collection, Sequence
from math import ceil
from typing import Any

from socratic_utils.config import Settings
from socratic_utils.metrics.statistics import accuracy
from socratic_utils.results.papers.scotd import scores

from ..arms import Arm
from ..data import STYLE, can_sample, train_problems
from ..saved import rows_on_disk
from .many_chains import with_votes

EXPERIMENT = "few_shot_or_supervised"
IN_TABLE = {  # a table of the paper -> its students
    "table2b": r"(few_shot|full)_(label|cot|scotd)",
    "table3a": r"(few_shot|full)_scotd",
    "table3b": r"few_shot_\d+",
}


def arms(settings: Settings) -> list[Arm]:
    """The students of Table 2(b), then, where many chains can be had, of Table 3."""
    found = [
        _arm(settings, "few_shot_label", "answer_only", "first_all"),
        _arm(settings, "few_shot_cot", STYLE, "first_all"),
        _arm(settings, "full_label", "answer_only", "gold_labels"),
        _arm(settings, "full_cot", STYLE, "first_right"),
    ]
    if not can_sample(settings):
        return found
    for count in settings.many.counts:
        pool = f"all_chains_{count:02d}"
        found.append(_arm(settings, f"few_shot_{count:02d}", STYLE, pool))
    most = settings.many.counts[-1]
    found.append(_arm(settings, "few_shot_scotd", STYLE, f"all_chains_{most:02d}"))
    found.append(_arm(settings, "full_scotd", STYLE, f"chains_{most:02d}"))
    return found


def voting_arms(settings: Settings) -> list[Arm]:
    """The students of chains that the teacher's own labels allow, sampled to vote."""
    plain = ("few_shot_label", "full_label", "full_cot")
    return [with_votes(settings, a) for a in arms(settings) if a.name not in plain]


def _arm(settings: Settings, name: str, model: str, pool: str) -> Arm:
    balanced = settings.many.balanced and "chains_" in pool
    return Arm(name, (model,), EXPERIMENT, pool=pool, balanced=balanced,
               steps=steps(settings))  # fmt: skip


def steps(settings: Settings) -> int:
    """Optimizer steps of every student: SCoTD's at `paper` scale, else the run's epochs
    over all its training problems."""
    if settings.scale == "paper":
        return settings.many.steps
    an_epoch = ceil(len(train_problems(settings)) / settings.training.batch_size)
    return max(1, round(settings.training.epochs * an_epoch))


def scores_in(
    table: str, rows: Sequence[dict], kind: str = "number"
) -> list[dict[str, Any]]:
    """`scores` of the students that belong to a table of the paper ("table3a")."""
    wanted = re.compile(IN_TABLE[table])
    return scores([row for row in rows if wanted.match(row["student"])], kind)


def first_disagreement(rows: Sequence[dict], first: str, second: str) -> list[dict]:
    """The rows of two students on the first problem that only one of them solves."""
    found = {row["id"]: row for row in rows if row["student"] == first}
    for row in (row for row in rows if row["student"] == second):
        other = found.get(row["id"], row)
        if other["correct"] != row["correct"]:
            return [other, row]
    return []


def label_only(settings: Settings, ids: Collection[str]) -> dict[str, Any] | None:
    """The score of a student of labels on these problems, from rows on disk.

    That of `full_label`, or the main table's; None where neither was scored on all of
    them.  It is the line in SCoTD's Figure 2.
    """
    for experiment, name in ((EXPERIMENT, "full_label"), ("", "answer_only")):
        rows = rows_on_disk(settings, experiment, f"-{name}.")
        own = [row for row in rows if row["id"] in ids]
        if ids and {row["id"] for row in own} == set(ids):
            return {"student": name, **accuracy(own)}
    return None
