"""What a run gives people to judge (notebook 10).

P2's two questions (section 5) need a student before and after, and a student and the
teacher, on problems that neither was trained on.  From a run of the main table we take
the student of the teacher's chains against itself before any training, prompted with
exemplars (notebook 11's rows, where they are on disk), against the student of the
benchmark's own steps, and against the teacher, where its chains on test problems are
recorded or cached.
"""

from __future__ import annotations

import random

from .config import Settings
from .corpora import CORPORA
from .corpus import is_taught, teacher_of, test_problems
from .experiments import rows_of, score
from .judging import Pair, make_pairs, sides, sides_of_chains
from .problems import Chain, Problem, read_rows
from .sampling import STYLE


def pairs_of_run(settings: Settings, count: int = 20) -> list[Pair]:
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
    if chains := teachers_chains(settings, problems):
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


def rows_before(settings: Settings) -> list[dict]:
    """What the untrained student wrote in notebook 11, if it was run; nothing else is
    made here."""
    name = f"{settings.dataset}-{test_problems(settings)[0].split}-greedy_cot.jsonl"
    if settings.reuse:
        path = settings.reference / "predictions" / "prompted" / name
        return [row for _, row in read_rows(path)] if path.exists() else []
    rows = rows_of(settings.folder / "predictions" / "prompted" / name)
    return [row for row in rows if row["settings"] == settings.hash]


def teachers_chains(settings: Settings, problems: list[Problem]) -> list[Chain]:
    """The teacher's chains on these problems that are at hand; nobody is asked."""
    if settings.teacher in CORPORA:
        return []
    teacher = teacher_of(settings, plan=True)
    found = [teacher.known(problem, STYLE) for problem in problems]
    return [chain for chain in found if chain]
