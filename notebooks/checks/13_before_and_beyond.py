"""The right answers of notebook 13, computed from a run; docstrings are hints."""

from collections import Counter

from scipy.stats import binom

from socratic_utils.experiments import data, saved
from socratic_utils.experiments.scotd import prompted_student
from socratic_utils.metrics import contrast_sets


def answer_1(settings):
    """`numpy.random.default_rng(0).binomial(60, 0.1, (10_000, 3))` draws the numbers of
    solved problems. Take the maximum of each line, the mean over lines, and divide by
    60."""
    below = binom.cdf(range(60), 60, 0.1) ** 3  # that the best solves at most k
    exact = (1 - below).sum() / 60
    return lambda share: abs(share - exact) < 0.002


def answer_2(settings):
    """`base_of` maps the id of a changed problem to the id of its original. Use the
    rows of `cot` in `both`, and only pairs with a row for either side."""
    problems = data.reported_problems(settings)
    base_of = contrast_sets.bases(problems)
    rows = [row for row in saved.main_rows(settings) if row["student"] == "cot"]
    if not base_of or not rows:
        raise ValueError("it needs changed problems, and rows of cot")
    kinds = {p.id: p.extra["variant"] for p in problems if p.id in base_of}
    found = {}
    for kind in set(kinds.values()):
        own = {new: old for new, old in base_of.items() if kinds[new] == kind}
        if pairs := contrast_sets.pairs(rows, own):
            found[kind] = sum(a and b for a, b in pairs) / len(pairs)
    return found


def answer_3(settings):
    """Count, for each `row["student"]`, the rows of `before` whose "extracted" is not
    None, and divide by all its rows."""
    names = {arm.name for arm in prompted_student.arms(settings)}
    rows = saved.rows_on_disk(settings, prompted_student.EXPERIMENT)
    rows = [row for row in rows if row["student"] in names]
    if not rows:
        raise ValueError("the untrained student has no rows on disk")
    total = Counter(row["student"] for row in rows)
    none = Counter(row["student"] for row in rows if row["extracted"] is None)
    return {name: 1 - none[name] / total[name] for name in total}
