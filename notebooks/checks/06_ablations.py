"""The right answers of notebook 06, computed from a run; docstrings are hints."""

import re

from socratic_utils.experiments import saved
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.metrics.comparison import holm
from socratic_utils.students.transcript import GUIDES, gold_guides


def answer_1(settings):
    """`transcript.gold_guides(problems, kind)` returns a dictionary from the id of a
    problem to its guide. Look for `problem.answer` among the numbers of the guide."""
    problems = ablations.problems_of(settings)
    if not all(problem.steps for problem in problems):
        raise ValueError("this benchmark has no gold steps")
    shares = {}
    for kind in GUIDES:
        guides = gold_guides(problems, kind)
        numbers = {name: set(re.findall(r"\d+", guides[name])) for name in guides}
        told = sum(problem.answer in numbers[problem.id] for problem in problems)
        shares[kind] = told / len(problems)
    return shares


def answer_2(settings):
    """`holm(table["p_value"].tolist())` returns the corrected p-values in the same
    order. Count those below 0.05."""
    known = saved.saved_table(settings, "ablations")
    if not len(known):
        raise ValueError("the table of this notebook is not on disk")
    return sum(p < 0.05 for p in holm(known["p_value"].tolist()))


def answer_3(settings):
    """Make a set of `row["id"]` of all rows with a correct answer, and divide its size
    by the number of different ids in `rows`."""
    arms = {arm.name for arm in ablations.arms(settings)}
    rows = saved.rows_on_disk(settings, "ablations")
    by_id = {}
    for row in (row for row in rows if row["student"] in arms):
        by_id[row["id"]] = by_id.get(row["id"], False) or row["correct"]
    if not by_id:
        raise ValueError("no ablation has rows on disk")
    return sum(by_id.values()) / len(by_id)
