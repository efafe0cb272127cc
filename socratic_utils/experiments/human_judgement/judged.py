"""What a run gives people to judge (notebook 14).

P2's two questions (section 5) need a student before and after, and a student and the
teacher, on problems that neither was trained on.  From a run of the main table we take
the student of the teacher's chains against itself before any training, prompted with
exemplars (notebook 13's rows, where they are on disk), against the student of the
benchmark's own steps, and against the teacher: a live one is asked for its chains on
these problems (`planning` counts them), of others those that are recorded or published
are taken.  Nobody is ever trained on them: test problems do not enter a training
(`students.train_student` refuses them).
"""

from __future__ import annotations

import random
from pathlib import Path

from socratic_utils.config import Settings
from socratic_utils.experiments.corpus import (
    can_ask,
    is_taught,
    spread,
    teacher_of,
    test_problems,
)
from socratic_utils.experiments.sampling import STYLE
from socratic_utils.experiments.stages import predictions_path, rows_of, score
from socratic_utils.problems import Chain, Problem, read_rows
from socratic_utils.teacher.published import CORPORA
from socratic_utils.teacher.published.published_teacher import published

from .judging import PAIRS, Pair, make_pairs, sides, sides_of_chains


def pairs_of_run(settings: Settings, count: int = PAIRS) -> list[Pair]:
    """About `count` pairs in a random order, as many of each comparison as there are.

    Raises ValueError where the run has no two sources of chains.
    """
    problems = test_problems(settings)
    split = problems[0].split
    student = sides(score(settings, STYLE, split))
    others = {}
    if before := rows_before(settings):
        others["before"] = sides(before, "before")
    if is_taught(settings, "gt_steps"):
        others["gt_steps"] = sides(score(settings, "gt_steps", split))
    if chains := teachers_chains(settings, problems, count):
        others["teacher"] = sides_of_chains(problems, chains)
    pairs: list[Pair] = []
    share = max(1, min(count, len(problems)) // max(1, len(others)))
    for other in others.values():
        used = {pair.problem_id for pair in pairs}  # nobody reads a chain twice
        left = [p for p in problems if p.id not in used and p.id in other]
        if any(other[p.id].text != student[p.id].text for p in left):
            pairs += make_pairs(other, student, left, share, settings.seed)
    if not pairs:
        raise ValueError(
            f"{settings.teacher} has no chains on {split} problems, and there is no "
            f"student of gold steps: nothing to compare"
        )
    random.Random(settings.seed).shuffle(pairs)
    return pairs


def can_compare(settings: Settings) -> bool:
    """Whether there is anybody to judge the student against; nobody is asked.

    Of reused rows the student's own must have been committed too.
    """
    problems = test_problems(settings)
    if settings.reuse and not _committed(settings, STYLE, problems).exists():
        return False
    if settings.reuse and is_taught(settings, "gt_steps"):
        return _committed(settings, "gt_steps", problems).exists()
    if is_taught(settings, "gt_steps") or can_ask(settings):
        return True
    return bool(rows_before(settings) or teachers_chains(settings, problems))


def rows_before(settings: Settings) -> list[dict]:
    """What the untrained student wrote in notebook 13, if it was run; nothing else is
    made here."""
    name = f"{settings.dataset}-{test_problems(settings)[0].split}-greedy_cot.jsonl"
    if settings.reuse:
        path = settings.reference / "predictions" / "prompted" / name
        return [row for _, row in read_rows(path)] if path.exists() else []
    rows = rows_of(settings.folder / "predictions" / "prompted" / name)
    return [row for row in rows if row["settings"] == settings.hash]


def teachers_chains(
    settings: Settings, problems: list[Problem], count: int = PAIRS
) -> list[Chain]:
    """The teacher's chains on these problems.

    A teacher who can be asked is asked about `count` of them, at even distances; of
    others there is what is recorded, cached or published.
    """
    if settings.teacher in CORPORA:
        return _published(settings, problems)
    if can_ask(settings):
        return teacher_of(settings).sample(spread(problems, count), STYLE)
    teacher = teacher_of(settings, plan=True)
    found = [teacher.known(problem, STYLE) for problem in problems]
    return [chain for chain in found if chain]


def _published(settings: Settings, problems: list[Problem]) -> list[Chain]:
    """What a corpus has on this split: it may be scored and judged, never learnt."""
    offered = CORPORA[settings.teacher].CHAINS.get((settings.dataset, STYLE), ())
    split = problems[0].split
    if split not in offered:
        return []
    chains = published(settings.teacher, settings.dataset, split, STYLE)
    return [chains[problem.id] for problem in problems if problem.id in chains]


def _committed(settings: Settings, student: str, problems: list[Problem]) -> Path:
    path = predictions_path(settings, student, problems[0].split)
    return settings.reference / path.relative_to(settings.folder)
