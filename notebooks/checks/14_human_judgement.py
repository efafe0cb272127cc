"""The right answers of notebook 14, computed from a run; docstrings are hints."""

from scipy.stats import binom

from socratic_utils.experiments.human_judgement import pairs_of_run
from socratic_utils.experiments.human_judgement.preferences import agreement


def always(name, side, pairs):
    """Judgements of a judge who always prefers one side of the screen, "left" or
    "right"."""
    names = ("first", "second", "problem", "texts")
    rows = [dict(zip(names, pair.key, strict=True)) for pair in pairs]
    for row, pair in zip(rows, pairs, strict=True):
        left, right = (shown.source for shown in pair.sides(name))
        row |= {"judge": name, "preferred": left if side == "left" else right}
    return rows


def answer_1(settings):
    """`judge.record("left")` judges the next pair and saves it, so call it once for
    every pair. `read_judgements(place)` returns rows with "preferred"."""
    pairs = pairs_of_run(settings)
    return sum(r["preferred"] == "cot" for r in always("lazy", "left", pairs))


def answer_2(settings):
    """Both judges write to one folder: let "lazy" record "left" and "hasty" "right" for
    every pair, then give `read_judgements(place)` to `agreement`."""
    pairs = pairs_of_run(settings)
    rows = always("lazy", "left", pairs) + always("hasty", "right", pairs)
    alpha = agreement(rows)
    return lambda own: own == alpha or abs(own - alpha) < 0.001


def answer_3(settings):
    """`scipy.stats.binom.sf(k, n, p)` is the probability of more than k successes in n
    trials; at least 15 is more than 14."""
    return float(binom.pmf(range(15, 21), 20, 0.59).sum())
