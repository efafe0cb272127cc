"""Judgements in numbers: shares, tests, agreement (SCoTD, section 5).

Several judgements of one pair are not independent, so share, interval and test use the
majority of each pair; "same" is no vote, and ties are excluded.
"""

from collections.abc import Sequence

import krippendorff
import pandas as pd
from scipy.stats import binomtest

from socratic_utils.metrics import wilson_interval

PAIR = ["problem", "texts"]  # students that are trained again write other texts


def preferences(rows: Sequence[dict]) -> list[dict]:
    """One line per pair of sources, kind of judge and dataset, and over datasets.

    `second_share` is the share of the `pairs_decided` whose majority prefers the second
    source, with a 95 % Wilson interval; `p_value` is the exact binomial test against
    one half.  Pairs with two correct chains have an additional line.
    """
    if not rows:
        return []
    frame = pd.DataFrame(rows).assign(subset="all")
    table = [frame, frame[frame["both_correct"]].assign(subset="both correct")]
    if frame["dataset"].nunique() > 1:
        table += [part.assign(dataset="all") for part in table]
    lines, keys = [], ["first", "second", "kind", "dataset", "subset"]
    for (first, second, kind, dataset, subset), own in pd.concat(table).groupby(keys):
        votes = own["preferred"].map({first: -1, second: 1, "same": 0})
        balance = votes.groupby([own[name] for name in PAIR]).sum()  # the majority
        won, pairs = int((balance > 0).sum()), int((balance != 0).sum())
        low, high = wilson_interval(won, pairs)
        lines.append({
            "first": first, "second": second, "judges": kind, "dataset": dataset,
            "subset": subset, "people": own["judge"].nunique(), "n": len(own),
            "prefer_first": sum(votes < 0), "prefer_second": sum(votes > 0),
            "same": sum(votes == 0), "pairs_decided": pairs,
            "second_share": round(won / pairs, 4) if pairs else None,
            "ci_low": round(low, 4), "ci_high": round(high, 4),
            "p_value": float(f"{binomtest(won, pairs).pvalue:.6g}") if pairs else None,
            "alpha": agreement(own)})  # fmt: skip
    return lines


def agreement(rows: Sequence[dict] | pd.DataFrame) -> float | None:
    """Krippendorff's alpha (nominal): 1 is perfect agreement, 0 is chance; None if no
    pair has two judges, or if these judges always made the same choice."""
    table = pd.DataFrame(rows)
    choice = 2 * (table["preferred"] == table["first"])  # 0 is "same"
    table["choice"] = choice + (table["preferred"] == table["second"])
    table = table.pivot_table("choice", "judge", ["first", "second", *PAIR], "last")
    several = table.loc[:, table.count() > 1].to_numpy(float)
    if pd.Series(several.ravel()).nunique() < 2:
        return None
    return round(float(krippendorff.alpha(several, level_of_measurement="nominal")), 4)
