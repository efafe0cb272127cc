"""The right answers of notebook 07, computed from a run; docstrings are hints."""

from collections import Counter
from math import ceil

from scipy.stats import norm

from socratic_utils.experiments import data, saved


def outputs(settings, *students, split=""):
    """Rows of these students on a split (test), with families; else ValueError."""
    split = split or data.test_splits(settings)[0]
    rows = [row for row in saved.main_rows(settings) if row["split"] == split]
    rows = [row for row in rows if row["student"] in students and row.get("family")]
    if {row["student"] for row in rows} == set(students):
        return rows
    raise ValueError("it needs rows of these students, and story families")


def answer_1(settings):
    """The number grows with the squared sum of two quantiles of the normal
    distribution, `norm.ppf(0.975)` and `norm.ppf(0.80)`, and with the sum of both
    variances p (1 - p); it falls with the squared difference. Round up."""
    z = norm.isf(0.025) + norm.isf(0.2)
    return float(ceil(z**2 * (0.2 * 0.8 + 0.24 * 0.76) / 0.04**2))


def answer_2(settings):
    """Count the correct rows of both students by family. The largest absolute
    difference decides; of equal ones any is right."""
    gap = Counter()
    for row in outputs(settings, "cot", "socratic_iterative"):
        gap[row["family"]] += row["correct"] * (1 if row["student"] == "cot" else -1)
    most = max(map(abs, gap.values()))
    return lambda family: family in gap and abs(gap[family]) == most


def answer_3(settings):
    """Divide the rows of `gt_steps` by `row["split"]`; the accuracy of each split is
    the mean of `row["correct"]`."""
    parts = (outputs(settings, "gt_steps", split=name) for name in ("", "unseen"))
    met, new = (sum(row["correct"] for row in part) / len(part) for part in parts)
    return met - new
