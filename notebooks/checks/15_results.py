"""The right answers of notebook 15, computed from a run; docstrings are hints."""

from math import sqrt

from scipy.stats import norm

from socratic_utils.experiments import saved
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.metrics import wilson_interval


def answer_1(settings):
    """`wilson_interval(correct, total)` of `socratic_utils.metrics` returns the two
    ends as fractions."""
    return wilson_interval(335, 500)


def answer_2(settings):
    """The difference plus and minus 1.96 standard errors; the squared standard error is
    (p (1 - p) + q (1 - q)) / n. Give fractions, not percent."""
    variance = (0.682 * 0.318 + 0.67 * 0.33) / 1221
    low, high = norm.interval(0.95, 0.012, sqrt(variance))
    return float(low), float(high)


def answer_3(settings):
    """Sort `by_count` by its column "chains", and subtract the accuracy of the first
    line from that of the last."""
    rows = saved.rows_over_seeds(settings, many_chains.EXPERIMENT)
    found = {}
    for count in settings.many.counts:
        own = [r["correct"] for r in rows if r["student"] == f"chains_{count:02d}"]
        if own:
            found[count] = sum(own) / len(own)
    if not found:
        raise ValueError("notebook 10 has not been run")
    return round(found[max(found)] - found[min(found)], 4)
