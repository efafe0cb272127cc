"""What judges said, in numbers: shares, tests, agreement (P2 section 5).

    >>> rows = [{"judge": "a", "kind": "person", "dataset": "d", "problem": str(i),
    ...          "first": "before", "second": "after", "both_correct": False,
    ...          "preferred": "after"} for i in range(6)]
    >>> line = preferences(rows)[0]
    >>> line["second_share"], round(line["p_value"], 3)
    (1.0, 0.031)

A judgement is one judge's word on one pair.  "same" is no vote for anybody: it is
counted, and left out of shares and test.  Several judges of one pair are not
independent, so with more than one the p-value is of the pairs' majorities.

Not covered: models with an effect of judge and problem, which few judgements allow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from .metrics import wilson_interval


def preferences(rows: Sequence[dict]) -> list[dict]:
    """A line for every two sources, kind of judge and dataset, and over datasets.

    `n` judgements, of which `first`, `second` and `same`; `second_share` of those that
    prefer one, with its 95 % Wilson interval; `p_value` of the exact binomial test
    against one half over pairs; `alpha` is Krippendorff's.  Where both chains are right
    there is a line of its own.
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
    decided = said[first] + said[second]
    low, high = wilson_interval(said[second], decided)
    won, pairs = _majorities(first, second, rows)
    return {
        "first": first, "second": second, "judges": kind, "dataset": dataset,
        "subset": subset, "people": len({row["judge"] for row in rows}),
        "n": len(rows), "prefer_first": said[first], "prefer_second": said[second],
        "same": said["same"],
        "second_share": round(said[second] / decided, 4) if decided else None,
        "ci_low": round(low, 4), "ci_high": round(high, 4),
        "pairs_decided": pairs,
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

    None where no pair has two judges, or all said the same thing of everything.
    """
    import krippendorff

    judges = sorted({row["judge"] for row in rows})
    problems = sorted({row["problem"] for row in rows})
    values = {name: i for i, name in enumerate(sorted({r["preferred"] for r in rows}))}
    table = np.full((len(judges), len(problems)), np.nan)
    for row in rows:
        place = judges.index(row["judge"]), problems.index(row["problem"])
        table[place] = values[row["preferred"]]
    if len(values) < 2 or (np.sum(~np.isnan(table), axis=0) < 2).all():
        return None
    alpha = krippendorff.alpha(table, level_of_measurement="nominal")
    return round(float(alpha), 4)
