"""What the published numbers of Socratic CoT can tell at their own numbers of problems.

    >>> table = power_table()
    >>> line = table[table["claim"] == "iterative beats CoT"].iloc[0]
    >>> line["model"], line["n"], round(line["p"], 2), line["verdict"]
    ('GPT-2 Small', 1319, 0.14, 'cannot tell')

Assumptions: an accuracy is one of n independent problems, as of a single training (the
paper reports means of at least three runs, without deviations: the variance between
trainings is missing).  Two students are unpaired, or their verdicts on a problem
correlate by PAIRING, which is more than most of ours do.  Not covered: SCoTD, whose
numbers of test problems are not stated.
"""

from math import sqrt

import pandas as pd

from socratic_utils.metrics.comparison import Comparison, holm, verdict

from ..claims.declared import CLAIMS, Claim, published
from ..formats import TEXTS

SIZES = {"GSM8K": 1319, "StrategyQA": 229, "SVAMP": 237}  # test problems
PAIRING = 0.5
MARGIN = 0.01  # below every gain of iterative over CoT that is reported on GSM8K
# The comparison that the arrows of Table 2 make, which is none of the claims.
ARROWS = Claim(
    "SocGT beats the given steps", "Socratic CoT", "", ("{socgt}",), "Table 2", "",
    table="socratic_cot_table2",
    cells={"supervision": ("GT Steps | GT Facts", "Iterative SocGT")})  # fmt: skip
SHOWN = (
    "arm dataset model difference ci_low ci_high p_holm least_visible verdict"
    " verdict_paired"
).split()
MEASURED = "ci_low ci_high p p_holm least_visible verdict".split()


def difference(old: float, new: float, n: int, pairing: float = 0.0) -> Comparison:
    """New minus old: fractions of the same n problems, whose verdicts correlate."""
    one, other = (share * (1 - share) for share in (old, new))
    error = sqrt((one + other - 2 * pairing * sqrt(one * other)) / n)
    return Comparison.of(new - old, error, float("inf"), n, 1)


def power_table() -> pd.DataFrame:
    """One line per claim, benchmark and student that has two published accuracies."""
    lines = [
        {"claim": claim.name, "arm": claim.plus[0].strip("{}"), "dataset": dataset,
         "model": model, "n": SIZES[dataset], "paper_old": float(old) / 100,
         "paper_new": float(new) / 100}
        for claim in (*CLAIMS.values(), ARROWS) if claim.paper == ARROWS.paper
        for dataset, model, (old, new) in published(claim)]  # fmt: skip
    table = pd.DataFrame(lines)
    table["difference"] = table["paper_new"] - table["paper_old"]
    names = {"low": "ci_low", "high": "ci_high", "p_value": "p"}
    for end, pairing in (("", 0.0), ("_paired", PAIRING)):
        found = [difference(line["paper_old"], line["paper_new"], line["n"], pairing)
                 for line in lines]  # fmt: skip
        made = pd.DataFrame(found).rename(columns=names)
        made["least_visible"] = [one.least_visible() for one in found]
        made["p_holm"] = holm(made["p"])
        within = holm([one.p_within(MARGIN) for one in found])
        tests = zip(found, made["p_holm"], within, strict=True)
        made["verdict"] = [verdict(one, p, MARGIN, same) for one, p, same in tests]
        table = table.join(made[MEASURED].add_suffix(end))
    numbers = table.select_dtypes("float").map(lambda value: float(f"{value:.4g}"))
    return table.assign(**numbers)


def caption() -> str:
    sizes = ", ".join(f"{n:,} ({name})" for name, n in SIZES.items())
    return TEXTS["power"].format(sizes=sizes, pairing=PAIRING, margin=100 * MARGIN)
