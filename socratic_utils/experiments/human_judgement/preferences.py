"""What judges said, in numbers: shares, tests, agreement (P2 section 5).

    >>> rows = [{"judge": "a", "kind": "person", "dataset": "d", "problem": str(i),
    ...          "first": "before", "second": "after", "both_correct": False,
    ...          "preferred": "after"} for i in range(6)]
    >>> line = preferences(rows)[0]
    >>> line["second_share"], round(line["p_value"], 3)
    (1.0, 0.031)

A judgement is one judge's word on one pair.  "same" is no vote for anybody.  Several
judges of one pair are not independent, so share, interval and test are of the pairs'
majorities; a pair whose judges are divided evenly is left out of all three.

Not covered: models with an effect of judge and problem, which few judgements allow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from socratic_utils.metrics.statistics import wilson_interval


def preferences(rows: Sequence[dict]) -> list[dict]:
    """A line for every two sources, kind of judge and dataset, and over datasets.

    `n` judgements, of which so many prefer the first, the second, or neither;
    `second_share` of the `pairs_decided` that most judges give to the second, with its
    95 % Wilson interval; `p_value` of the exact binomial test against one half;
    `alpha` is Krippendorff's.  Where both chains are right there is a line of its own.
    """
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        names = row["first"], row["second"], row["kind"]
        for dataset in (row["dataset"], "all"):
            groups[(*names, dataset, "all")].append(row)
            if row["both_correct"]:
                groups[(*names, dataset, "both correct")].append(row)
    several = len({row["dataset"] for row in rows}) > 1
    return [
        _line(*key, own)
        for key, own in sorted(groups.items())
        if several or key[3] != "all"
    ]


def _line(
    first: str, second: str, kind: str, dataset: str, subset: str, rows: list[dict]
) -> dict:
    said = Counter(row["preferred"] for row in rows)
    won, pairs = _majorities(first, second, rows)
    low, high = wilson_interval(won, pairs)
    return {
        "first": first, "second": second, "judges": kind, "dataset": dataset,
        "subset": subset, "people": len({row["judge"] for row in rows}),
        "n": len(rows), "prefer_first": said[first], "prefer_second": said[second],
        "same": said["same"], "pairs_decided": pairs,
        "second_share": round(won / pairs, 4) if pairs else None,
        "ci_low": round(low, 4), "ci_high": round(high, 4),
        "p_value": float(f"{binomtest(won, pairs).pvalue:.6g}") if pairs else None,
        "alpha": agreement(rows),
    }  # fmt: skip


def _majorities(first: str, second: str, rows: Sequence[dict]) -> tuple[int, int]:
    """Pairs that most judges give to `second`, and pairs that most give to somebody."""
    votes: dict[str, int] = defaultdict(int)
    for row in rows:
        votes[row["problem"]] += (row["preferred"] == second) - (
            row["preferred"] == first
        )
    return sum(v > 0 for v in votes.values()), sum(v != 0 for v in votes.values())


def agreement(rows: Sequence[dict]) -> float | None:
    """Krippendorff's alpha, nominal: 1 is perfect, 0 is chance.

    None where no pair has two judges, or these all said the same of everything.
    """
    import krippendorff

    said: dict[tuple, dict[str, int]] = defaultdict(dict)
    for row in rows:
        names = (row["first"], row["second"], "same")
        pair = (*names, row["problem"])
        said[pair][row["judge"]] = names.index(row["preferred"])
    several = [own for own in said.values() if len(own) > 1]
    if len({value for own in several for value in own.values()}) < 2:
        return None
    judges = sorted({judge for own in several for judge in own})
    table = np.array([[own.get(j, np.nan) for own in several] for j in judges])
    return round(float(krippendorff.alpha(table, level_of_measurement="nominal")), 4)
