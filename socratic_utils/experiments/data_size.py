"""Students of a part of the training problems: how much data does a chain replace?

P2 (Fig 3) trains on 20 to 100 % of the problems, on labels alone and on chains, and
finds chains of 40 % better than all labels.  P1 does not vary its data.  Here a share
of the problems, at even distances, teaches `answer_only` and `cot` for the run's
epochs, so less data is less training too; where a teacher's many chains are at hand and
the scale is `paper`, the pools of notebook 10 as well.  All of the problems are the
students of notebook 03, on disk already.  Rows lie in `predictions/data_size/`.

    >>> part([1, 2, 3, 4], 0.5)
    [1, 3]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.filtering.down_sampling import Pool
from socratic_utils.results.papers import scotd as second_paper
from socratic_utils.results.tables import scores_by
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.train import train_student

from . import many_chains, sampling
from . import stages as experiments
from .corpus import corpus, is_taught, spread, test_problems, train_problems
from .stages import predictions_path, solved, take_reference

FOLDER = "data_size"
STUDENTS = ("answer_only", "cot")


def part(problems: Sequence, share: float) -> list:
    """A share of the problems, at even distances."""
    return spread(list(problems), max(1, round(share * len(problems))))


def rows_of(settings: Settings, student: str, share: float) -> list[dict]:
    """Prediction rows of a student of this share: from disk, or trained and solved."""
    asked = spread(test_problems(settings), settings.many.test_limit)
    if share == 1:
        ids = {problem.id for problem in asked}
        rows = experiments.score(settings, student, asked[0].split)
        return [{**row, "share": share} for row in rows if row["id"] in ids]
    name = f"{student}-{round(100 * share):03d}"
    path = predictions_path(settings, name, asked[0].split, FOLDER)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    chosen = {problem.id for problem in part(train_problems(settings), share)}
    supervision = SUPERVISIONS[student]
    pairs = [p for p in corpus(settings, supervision.corpus) if p[0].id in chosen]
    folder = train_student(
        settings.student, pairs, supervision, settings.training,
        settings.folder / "students", settings.seed,
    )  # fmt: skip
    labels = {"student": student, "teacher": experiments.taught_by(settings, student)}
    return solved(settings, path, [folder], asked, labels | {"share": share})


def pool_rows(settings: Settings) -> Iterator[dict]:
    """Rows of the pools of many chains at each share, at `paper` scale only."""
    if settings.scale != "paper" or not sampling.can_sample(settings):
        return
    problems, chains = sampling.sampled(settings)
    asked = spread(test_problems(settings), settings.many.test_limit)
    for name, pool in many_chains.by_count(settings, problems, chains).items():
        for share in settings.many.shares:
            chosen = {problem.id for problem in part(problems, share)}
            own = tuple(c for c in pool.chains if c.problem_id in chosen)
            folder = many_chains.train(settings, Pool(pool.selection, own, len(chosen)))
            file = f"{name}-{round(100 * share):03d}"
            path = predictions_path(settings, file, asked[0].split, FOLDER)
            labels = {"student": name, "teacher": settings.teacher, "share": share}
            yield from solved(settings, path, [folder], asked, labels)


def score(settings: Settings) -> list[dict]:
    """Rows of all students and shares; a student that nobody teaches is left out."""
    rows = [
        row
        for student in STUDENTS
        if is_taught(settings, student)
        for share in settings.many.shares
        for row in rows_of(settings, student, share)
    ]
    return rows + list(pool_rows(settings))


def rows_on_disk(settings: Settings) -> list[dict]:
    """What `score` has left, and the whole students' rows; nothing is trained."""
    rows = second_paper.on_disk(settings, FOLDER)
    if rows:
        asked = spread(test_problems(settings), settings.many.test_limit)
        ids = {problem.id for problem in asked}
        whole = [
            row
            for student in STUDENTS
            for row in second_paper.on_disk(
                settings, "", f"-{asked[0].split}-{student}."
            )
            if row["id"] in ids
        ]
        rows += [{**row, "share": 1.0} for row in whole]
    return rows


def size_table(rows: Sequence[dict]) -> pd.DataFrame:
    """A line for each student and share: accuracy with its interval."""
    return scores_by(rows, ["student", "share"])
