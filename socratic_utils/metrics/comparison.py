"""The difference of two or more arms over several trainings and story families.

A training is one draw; what is compared is a supervision.  The variance of a difference
has two parts: between trainings (seeds), and over problems, whose verdicts are alike
within a story family (cluster-robust).  Arms that share a training are taken as
independent (wider intervals), unless their gaps are given as one arm.  The variance
between trainings is pooled over `arms`, which are those of one table; an arm that
varies far more than they do has its own (`UNLIKE`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import nan

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit  # Student's t: distribution, quantiles

from .statistics import wilson_interval

POWER = 0.8  # of the least visible difference
LEVEL = 0.05  # of tests; intervals have the confidence 1 - LEVEL
FEWEST_SEEDS = 3  # below, trainings cannot be told from supervisions
# An arm whose variance between trainings is more than this many times the pooled one
# keeps its own.  Simulated for an arm with a four times larger deviation: pooled, its
# intervals cover 83 to 85 %, so 92 to 95 %.  A lower bound would cost power, and cover
# more than 98 % where all arms are alike.
UNLIKE = 2.25


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts of one arm: `right` [seeds, problems], and each problem's family.
    Verdicts are 0 or 1; differences of two verdicts of a training are -1, 0 or 1."""

    right: np.ndarray
    seeds: tuple[int, ...]
    ids: tuple[str, ...]
    families: tuple[str, ...]

    @cached_property
    def by_training(self) -> np.ndarray:
        """Accuracy of each training, as a fraction.  [seeds]"""
        return self.right.mean(1)

    @cached_property
    def noise(self) -> float:
        """Variance of accuracy from single verdicts alone, which no training can go
        below: from the residuals of verdicts after training and problem."""
        seeds, n = self.right.shape
        squares = seeds * (self.right - self.by_training[:, None]).var(0).sum()
        return float(squares / max(1, n - 1) / n / max(1, seeds - 1))


@dataclass(frozen=True)
class Comparison:
    """Arm B minus arm A (or a contrast of arms), as fractions, with its interval."""

    difference: float
    low: float
    high: float
    p_value: float  # two-sided; NaN if not `judged`
    error: float  # standard error
    freedom: float  # Satterthwaite's degrees of freedom; infinite: normal
    n: int
    seeds: int
    design_effect: float = nan  # variance over families, divided by that over problems
    b_wins: float = nan  # share of pairs of trainings in which B is ahead, ties half

    @classmethod
    def of(
        cls, difference: float, error: float, freedom: float, n: int, seeds: int,
        judged: bool = True, **more: float,
    ) -> "Comparison":  # fmt: skip
        """From an estimate, its standard error and its degrees of freedom.  Nothing
        that varies tests nothing: without an error, p is NaN, or 1 for no difference.
        """
        p = nan if difference else 1.0
        if error:
            p = float(2 * stdtr(freedom, -abs(difference) / error))
        half = error * float(stdtrit(freedom, 1 - LEVEL / 2))
        return cls(difference, difference - half, difference + half,
                   p if judged else nan, error, freedom, n, seeds, **more)  # fmt: skip

    def least_visible(self, level: float = LEVEL) -> float:
        """The difference that a test at this level would detect with `POWER`."""
        quantiles = stdtrit(self.freedom, [1 - level / 2, POWER])
        return self.error * float(quantiles.sum())

    def p_within(self, margin: float) -> float:
        """p-value of |difference| >= margin: two one-sided tests (Schuirmann, 1987)."""
        distance = (margin - abs(self.difference)) / self.error if self.error else nan
        return float(stdtr(self.freedom, -distance))


def verdicts(rows: Iterable[Mapping], column: str = "correct") -> Verdicts:
    """Verdicts of the prediction rows of one arm, of one or several seeds.  Raises
    ValueError unless every seed has the same problems, each once."""
    lines = [(r["seed"], r["id"], r.get("family") or r["id"], r[column]) for r in rows]
    table = pd.DataFrame(lines, columns=["seed", "id", "family", "right"])
    for line in table[table.duplicated(["seed", "id"])].itertuples():
        raise ValueError(f"problem {line.id} has two rows of seed {line.seed}")
    right = table.pivot(index="seed", columns="id", values="right").astype(float)
    if right.isna().any(axis=None):
        raise ValueError("the seeds of an arm are scored on different problems")
    family = dict(zip(table["id"], table["family"], strict=True))
    return Verdicts(right.to_numpy(), tuple(right.index), tuple(right),
                    tuple(family[name] for name in right))  # fmt: skip


def pooled_variance(arms: Sequence[Verdicts]) -> tuple[float, float, int]:
    """Variance of accuracy between trainings, pooled over `arms`.  Returns what exceeds
    the noise of single verdicts (which the variance over problems already holds), all
    of it, and its degrees of freedom."""
    freedom = sum(len(arm.seeds) - 1 for arm in arms)
    squares = sum(len(arm.seeds) * arm.by_training.var() for arm in arms)
    noise = sum((len(arm.seeds) - 1) * arm.noise for arm in arms)
    per_degree = 1 / max(1, freedom)
    return max(0.0, squares - noise) * per_degree, squares * per_degree, freedom


def variance_of(arms: Sequence[Verdicts], pooled: tuple) -> tuple[float, float, int]:
    """The `pooled_variance` of a table, or that of these arms of it alone if they vary
    far more (not with two trainings of one, which say nothing of that)."""
    own = pooled_variance(arms)
    unlike = own[1] > UNLIKE * pooled[1] and own[2] >= FEWEST_SEEDS - 1
    return own if unlike else pooled


def interval(arm: Verdicts, arms: Sequence[Verdicts]) -> tuple[float, float]:
    """Interval of an arm's mean accuracy over problems (families) and trainings.  With
    one training it is Wilson's over problems, as for an accuracy of 0 or 1."""
    (seeds, n), mean = arm.right.shape, float(arm.right.mean())
    if seeds == 1 or mean in (0, 1):
        return wilson_interval(round(n * mean), n, 1 - LEVEL)
    found = contrast([1], [arm], arms)
    return max(0.0, found.low), min(1.0, found.high)


def prediction_interval(arm: Verdicts, arms: Sequence[Verdicts]) -> tuple[float, float]:
    """Where the accuracy of one more training lies on the same problems: mean +- t * sd
    * sqrt(1 + 1 / seeds).  The variance is the noise of the arm's own verdicts, below
    which no training can be (arms near 0 have little, those in the middle much), and
    what exceeds it (`variance_of`; pooled with three seeds).  Raises ValueError with
    fewer than `FEWEST_SEEDS` seeds."""
    if (seeds := len(arm.seeds)) < FEWEST_SEEDS:
        raise ValueError(f"{seeds} trainings predict no range: {FEWEST_SEEDS} do")
    pooled = pooled_variance(arms)
    excess, _, freedom = variance_of([arm], pooled) if seeds > FEWEST_SEEDS else pooled
    error = ((arm.noise + excess) * (1 + 1 / seeds)) ** 0.5
    mean, half = float(arm.right.mean()), error * stdtrit(freedom, 1 - LEVEL / 2)
    return max(0.0, mean - half), min(1.0, mean + half)


def compare(a: Verdicts, b: Verdicts, arms: Sequence[Verdicts] = ()) -> Comparison:
    """B minus A.  Raises ValueError unless both share their seeds and problems."""
    return contrast([1, -1], [b, a], arms)


def contrast(
    weights: Sequence[float], of: Sequence[Verdicts], arms: Sequence[Verdicts] = (),
    trained: bool = True,
) -> Comparison:  # fmt: skip
    """A weighted sum of the accuracies of arms, such as the mean of two minus a third;
    without `arms`, the variance is pooled over those.  Where nothing is `trained` (a
    prompted teacher), one seed is enough for a p-value."""
    first = of[0]
    if any((arm.ids, arm.seeds) != (first.ids, first.seeds) for arm in of):
        raise ValueError("two arms are compared on the same problems and seeds only")
    terms = list(zip(weights, of, strict=True))
    seeds, n = first.right.shape
    per_problem = sum(weight * arm.right.mean(0) for weight, arm in terms)
    difference = float(per_problem.mean())
    # 1. Over problems: deviations are summed within a family before they are squared.
    names, family = np.unique(first.families, return_inverse=True)
    if (groups := len(names)) == 1:  # as if there were none: one cannot vary
        groups, family = n, np.arange(n)
    deviations = per_problem - difference
    sums = np.bincount(family, deviations)
    problems = groups / max(1, groups - 1) * (sums**2).sum() / n**2
    alone = (deviations**2).sum() / max(1, n - 1) / n
    # 2. Between trainings, of which every arm has its own.
    pooled, scales = pooled_variance(arms or of), defaultdict(float)
    for weight, arm in terms:
        scales[variance_of([arm], pooled)] += weight**2 / seeds
    total = problems + sum(scale * own[0] for own, scale in scales.items())
    # 3. Both, with Satterthwaite's degrees of freedom: `between` is what varies.
    parts = [(problems, max(1, groups - 1))]
    parts += [(scale * between, max(1, freedom))
              for (_, between, freedom), scale in scales.items()]  # fmt: skip
    # 4. One training of each arm: how often is the contrast above 0?
    draws = reduce(np.add.outer, (w * arm.by_training for w, arm in terms)).round(12)
    return Comparison.of(
        difference, total**0.5, satterthwaite(total, parts), n, seeds,
        judged=seeds >= FEWEST_SEEDS or not trained,
        design_effect=problems / alone if alone else nan,
        b_wins=float((draws > 0).mean() + (draws == 0).mean() / 2))  # fmt: skip


def satterthwaite(total: float, parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a `total` variance from `parts`: variances with their own
    degrees of freedom.  Never below the fewest of a part (Satterthwaite, 1946)."""
    divisor = sum(part**2 / df for part, df in parts)
    return float(max(total**2 / divisor if divisor else 0, min(df for _, df in parts)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm, 1979), in the order given; NaN stays NaN, uncounted."""
    p = pd.Series(p_values, dtype=float).sort_values()
    adjusted = (p * (p.count() - np.arange(len(p)))).clip(upper=1).cummax()
    return adjusted.sort_index().tolist()


def verdict(
    found: Comparison, p: float, margin: float, within: float, equal: bool = False
) -> str:
    """What a claim "B is above A" comes to, or, if `equal`, "B and A are alike".
    Adjusted p-values: `p` of the claim, NaN where no verdict is given, and `within` of
    `found.p_within(margin)`.  `margin` is a fraction."""
    if p <= LEVEL:
        return "holds" if equal or found.difference > 0 else "reversed"
    if equal and p == p and (found.low > margin or found.high < -margin):
        return "reversed"
    if not equal and p == p and within <= LEVEL:
        return f"no difference larger than {100 * margin:g} points"
    return "cannot tell"
