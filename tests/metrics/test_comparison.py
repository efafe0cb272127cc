"""Differences over seeds and families: by hand, and in a simulation."""

from math import isnan, nan

import numpy as np
import pytest
from scipy import stats

from socratic_utils.metrics.comparison import (
    Verdicts,
    compare,
    contrast,
    holm,
    interval,
    pooled_variance,
    prediction_interval,
    variance_of,
    verdict,
    verdicts,
)

IDS = tuple(f"p{i:04d}" for i in range(3000))


def arm(right, families=None):
    right = np.asarray(right, float)
    seeds, n = right.shape
    return Verdicts(right, tuple(range(seeds)), IDS[:n], tuple(families or IDS[:n]))


def judge(found, margin=0.05):
    return verdict(found, found.p_value, margin, found.p_within(margin))


def rows(seed, **right):
    return [{"seed": seed, "id": name, "correct": v} for name, v in right.items()]


def test_rows_become_a_matrix_by_seed_and_problem():
    found = verdicts(rows(1, b=True, a=False) + rows(0, a=True, b=True))
    assert found.seeds == (0, 1) and found.ids == ("a", "b")
    assert found.right.tolist() == [[1, 1], [0, 1]]
    assert found.families == ("a", "b")  # without families each problem is its own


def test_seeds_that_were_scored_on_different_problems_are_refused():
    with pytest.raises(ValueError, match="different problems"):
        verdicts(rows(0, a=True, b=True) + rows(1, a=True))
    with pytest.raises(ValueError, match="two rows of seed 0"):
        verdicts(rows(0, a=True) + rows(0, a=True))


def test_arms_that_do_not_share_problems_or_seeds_are_refused():
    with pytest.raises(ValueError, match="same problems and seeds"):
        compare(arm(np.ones((3, 4))), arm(np.ones((3, 5))))
    with pytest.raises(ValueError, match="same problems and seeds"):
        compare(arm(np.ones((3, 4))), arm(np.ones((2, 4))))


def test_without_variance_between_trainings_it_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    one, other = (rng.random(50) < 0.4).astype(float), (rng.random(50) < 0.6) * 1.0
    found = compare(arm([one] * 3), arm([other] * 3))
    expected = stats.ttest_rel(other, one)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval())
    assert found.design_effect == pytest.approx(1)


def test_where_problems_agree_it_is_the_pooled_t_test_of_trainings():
    a = [[1, 1, 0, 0]] * 2 + [[1, 1, 1, 1]] * 2  # every family of two has the same
    b = [[1, 1, 1, 1]] * 2 + [[0, 0, 1, 1]] * 2
    found = compare(arm(a), arm(b))
    assert pooled_variance([arm(a), arm(b)])[2] == 6
    # By hand: the last two problems' verdicts change with the training, so accuracy
    # varies by 1/12; single verdicts explain (4 x 4 x 1/16) / 3 / 3 / 4 = 1/36 of it.
    over_problems = np.var(np.mean(b, 0) - np.mean(a, 0), ddof=1) / 4
    assert found.error**2 == pytest.approx(2 * (1 / 12 - 1 / 36) / 4 + over_problems)
    assert found.b_wins == 0.5


def test_families_widen_the_interval_by_their_design_effect():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random((3, 20)) < 0.5, 5, axis=1)
    other = np.repeat(rng.random((3, 20)) < 0.5, 5, axis=1)
    families = [f"f{i // 5}" for i in range(100)]
    found = compare(arm(right, families), arm(other, families))
    assert 4.9 < found.design_effect < 5.3  # five problems that say the same
    alone = compare(arm(right), arm(other))
    assert found.high - found.low > alone.high - alone.low


def test_one_seed_gives_an_interval_over_problems_and_no_p_value():
    rng = np.random.default_rng(0)
    found = compare(arm(rng.random((1, 40)) < 0.2), arm(rng.random((1, 40)) < 0.9))
    assert isnan(found.p_value) and found.low > 0
    assert judge(found) == "cannot tell"


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    adjusted = holm([0.5, float("nan"), 0.01])
    assert adjusted[0] == 0.5 and isnan(adjusted[1]) and adjusted[2] == 0.02


def test_the_four_verdicts():
    rng = np.random.default_rng(0)
    many = rng.random((5, 3000))
    low, high = arm(many < 0.3), arm(many < 0.5)
    same = arm(np.roll(many, 1, axis=1) < 0.3)
    up, down, none = compare(low, high), compare(high, low), compare(low, same)
    assert judge(up) == "holds"
    assert judge(down) == "reversed"
    assert judge(none) == "no difference larger than 5 points"
    few = compare(arm(many[:, :20] < 0.3), arm(many[:, 20:40] < 0.4))
    assert judge(few) == "cannot tell"


def test_a_contrast_of_two_arms_is_their_comparison():
    rng = np.random.default_rng(0)
    a, b = arm(rng.random((3, 50)) < 0.4), arm(rng.random((3, 50)) < 0.6)
    assert contrast([1, -1], [b, a]) == compare(a, b)
    both = contrast([0.5, 0.5, -1], [b, b, a])
    assert both.difference == pytest.approx(compare(a, b).difference)
    assert both.b_wins == compare(a, b).b_wins == 1


def test_a_contrast_weighs_the_variance_between_trainings_of_every_arm():
    """Problems agree within a training, so only trainings vary: by hand."""
    rates = np.array([[0, 1], [0, 1], [1, 0]])  # three arms, two trainings
    arms = [arm(np.tile(own[:, None], 4)) for own in rates]
    found = contrast([0.5, 0.5, -1], arms)
    assert found.error**2 == pytest.approx((0.25 + 0.25 + 1) * 0.5 / 2)
    assert found.b_wins == pytest.approx((1 + 0 + 2 * 1 + 2 * 0 + 0.5 + 0.5) / 8)


def test_a_prompted_teacher_needs_one_seed_only():
    rng = np.random.default_rng(0)
    a, b = arm(rng.random((1, 80)) < 0.2), arm(rng.random((1, 80)) < 0.7)
    found = contrast([1, -1], [b, a], trained=False)
    expected = stats.ttest_rel(b.right[0], a.right[0])
    assert found.p_value == pytest.approx(expected.pvalue)
    assert judge(found) == "holds"


def test_verdicts_on_a_claim_that_two_arms_are_alike():
    rng = np.random.default_rng(0)
    many = rng.random((5, 3000))
    low, high = arm(many < 0.3), arm(many < 0.5)
    same = arm(np.roll(many, 1, axis=1) < 0.3)
    for other, expected in ((same, "holds"), (high, "reversed")):
        found = compare(low, other)
        p = found.p_within(0.05)
        assert verdict(found, p, 0.05, p, equal=True) == expected
    few = compare(arm(many[:, :20] < 0.3), arm(many[:, 20:40] < 0.4))
    p = few.p_within(0.05)
    assert verdict(few, p, 0.05, p, equal=True) == "cannot tell"
    assert verdict(compare(low, high), nan, 0.05, nan, equal=True) == "cannot tell"


def test_an_arm_that_varies_far_more_keeps_its_own_variance():
    """Problems agree within a training, so only trainings vary: by hand."""
    calm = arm(np.tile([[0, 0], [0, 1], [1, 1]], 2))  # variance 1/4
    wild = arm(np.tile([[0], [1], [1]], 4))  # 1/3: not far more
    assert variance_of([wild], pooled_variance([calm, wild])) == pooled_variance(
        [calm, wild]
    )
    still = [arm([[0, 1]] * 3) for _ in range(5)]
    jumps = arm(np.tile([[0], [0], [1]], 2))
    every = [*still, jumps]
    assert pooled_variance(every)[1:] == (pytest.approx(1 / 18), 12)
    assert variance_of([jumps], pooled_variance(every))[1:] == (pytest.approx(1 / 3), 2)
    two = [arm(one.right[1:]) for one in every]  # of two trainings nobody can know
    assert variance_of([two[-1]], pooled_variance(two)) == pooled_variance(two)
    pooled = contrast([1, -1], [still[0], still[1]], every)
    own = contrast([1, -1], [still[0], jumps], every)
    assert own.error > 2 * pooled.error > 0


def test_one_family_says_what_its_problems_say():
    rng = np.random.default_rng(0)
    a, b = rng.random((3, 60)) < 0.4, rng.random((3, 60)) < 0.5
    one = compare(arm(a, ["f"] * 60), arm(b, ["f"] * 60))
    assert one.error == compare(arm(a), arm(b)).error > 0


def test_what_does_not_vary_is_not_tested():
    wrong, right = arm([[0], [0], [0]]), arm([[1], [1], [1]])
    found = compare(wrong, right)
    assert found.difference == 1 and isnan(found.p_value)
    assert judge(found) == "cannot tell"
    assert compare(wrong, wrong).p_value == 1


# --- simulation -----------------------------------------------------------------------

FAMILIES, EACH, REPEATS = 39, 8, 1200
SHARES = (0.35, 0.35, 0.40, 0.30, 0.50, 0.10)  # true shares of six arms of a table


def simulated(rng, seeds, sd_seed, sd_family, shares=SHARES, sizes=(FAMILIES, EACH)):
    """Arms [seeds, problems] whose logits share families and problems; `sd_seed` of
    all arms or of each."""
    families, each = sizes
    problems = rng.normal(0, 1.0, families * each)
    problems += np.repeat(rng.normal(0, sd_family, families), each)
    for share, sd in zip(shares, np.broadcast_to(sd_seed, len(shares)), strict=True):
        own = np.repeat(rng.normal(0, 0.3 * sd_family, families), each)
        noise = rng.normal(0, sd, seeds)[:, None]
        logit = np.log(share / (1 - share)) + problems + own + noise
        yield rng.random((seeds, families * each)) < 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize("sd_family", [0.0, 0.9], ids=["no families", "families"])
@pytest.mark.parametrize("sd_seed", [0.0, 0.25], ids=["no seeds", "seeds"])
@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_coverage_and_false_positives(seeds, sd_seed, sd_family):
    """Arms 0 and 1 are alike: the true difference is 0."""
    rng = np.random.default_rng([seeds, int(100 * sd_seed), int(10 * sd_family)])
    names = [f"f{i // EACH}" for i in range(FAMILIES * EACH)]
    covered = claimed = 0
    for _ in range(REPEATS):
        arms = [
            arm(right, names) for right in simulated(rng, seeds, sd_seed, sd_family)
        ]
        found = compare(arms[0], arms[1], arms)
        covered += found.low <= 0 <= found.high
        claimed += found.p_value <= 0.05
    print(f"{seeds} seeds: coverage {covered / REPEATS:.3f}")
    assert 0.93 <= covered / REPEATS <= 0.98
    assert claimed / REPEATS <= 0.07


@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_coverage_of_an_arm_whose_trainings_vary_more(seeds):
    """Arm 0 varies four times as much as the others; with the variance of the table
    its intervals would cover 83 to 85 %."""
    rng = np.random.default_rng([seeds, 9])
    names, covered = [f"f{i // EACH}" for i in range(FAMILIES * EACH)], 0
    for _ in range(REPEATS // 2):
        made = simulated(rng, seeds, (0.4, 0.1, 0.1, 0.1, 0.1, 0.1), 0.9)
        arms = [arm(right, names) for right in made]
        found = compare(arms[0], arms[1], arms)
        covered += found.low <= 0 <= found.high
    print(f"{seeds} seeds: coverage {covered / (REPEATS // 2):.3f}")
    assert 0.90 <= covered / (REPEATS // 2) <= 0.98


@pytest.mark.parametrize(
    ("families", "each", "least"), [(21, 14, 0.92), (12, 17, 0.91)]
)
def test_coverage_with_as_few_families_as_gradeschool_has(families, each, least):
    """Its splits `test` and `unseen`; the last arm solves few problems, as all do on
    `unseen`."""
    rng = np.random.default_rng([families, each])
    names = [f"f{i // each}" for i in range(families * each)]
    draws = [[right.mean() for right in simulated(rng, 1, 0.25, 0.9, sizes=(5000, 1))]
             for _ in range(300)]  # fmt: skip
    truth, means, covered = np.mean(draws, 0), np.zeros(len(SHARES)), 0
    for _ in range(REPEATS // 2):
        made = simulated(rng, 5, 0.25, 0.9, sizes=(families, each))
        arms = [arm(right, names) for right in made]
        found = compare(arms[0], arms[1], arms)
        covered += found.low <= 0 <= found.high
        for place, one in enumerate(arms):
            low, high = interval(one, arms)
            means[place] += low <= truth[place] <= high
    coverage = means / (REPEATS // 2)
    print(f"{families} families: {covered / (REPEATS // 2):.3f}, means {coverage}")
    assert 0.93 <= covered / (REPEATS // 2) <= 0.98
    assert least <= coverage.min()


CONTRASTS = {  # of arms with one true share, so that the truth is 0
    "three against one": (1 / 3, 1 / 3, 1 / 3, -1),
    "trend": (-0.9, -0.3, 0.3, 0.9),
    "one against three": (1, -1 / 3, -1 / 3, -1 / 3),
}


@pytest.mark.parametrize("name", CONTRASTS)
def test_coverage_of_contrasts_of_several_arms(name):
    rng = np.random.default_rng(len(name))
    names = [f"f{i // EACH}" for i in range(FAMILIES * EACH)]
    covered = 0
    for _ in range(REPEATS):
        made = simulated(rng, 3, 0.25, 0.9, (0.35,) * 4)
        found = contrast(CONTRASTS[name], [arm(right, names) for right in made])
        covered += found.low <= 0 <= found.high
    print(f"{name}: coverage {covered / REPEATS:.3f}")
    assert 0.93 <= covered / REPEATS <= 0.98


def test_coverage_of_a_difference_of_differences():
    """Gains on changed questions against gains on their originals: what a training is
    worth on both cancels, its robustness does not."""
    rng = np.random.default_rng(7)
    names, covered = [f"f{i // EACH}" for i in range(FAMILIES * EACH)], 0
    for _ in range(REPEATS):
        problems = np.repeat(rng.normal(0, 0.9, FAMILIES), EACH)
        problems = problems + rng.normal(0, 1, FAMILIES * EACH)
        arms = []
        for level in (-0.6, 0.0):
            logit = level + problems + rng.normal(0, 0.25, 5)[:, None]
            changed = logit + rng.normal(0, 0.25, 5)[:, None]
            first, second = (rng.random(x.shape) < 1 / (1 + np.exp(-x))
                             for x in (logit, changed))  # fmt: skip
            arms.append(arm(second * 1.0 - first, names))
        found = compare(*arms)
        covered += found.low <= 0 <= found.high
    print(f"difference of differences: coverage {covered / REPEATS:.3f}")
    assert 0.93 <= covered / REPEATS <= 0.98


@pytest.mark.parametrize("sd_family", [0.0, 0.9], ids=["no families", "families"])
@pytest.mark.parametrize("sd_seed", [0.0, 0.25], ids=["no seeds", "seeds"])
@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_one_more_training_lies_in_its_prediction_interval(seeds, sd_seed, sd_family):
    """Six arms from 10 to 50 %, one more training each on the same problems."""
    rng = np.random.default_rng([seeds, int(100 * sd_seed), int(10 * sd_family), 1])
    names = [f"f{i // EACH}" for i in range(FAMILIES * EACH)]
    inside = np.zeros(len(SHARES))
    for _ in range(REPEATS // 3):
        found = [*simulated(rng, seeds + 1, sd_seed, sd_family)]
        arms = [arm(right[:seeds], names) for right in found]
        for place, right in enumerate(found):
            low, high = prediction_interval(arms[place], arms)
            inside[place] += low <= right[seeds].mean() <= high
    coverage = inside / (REPEATS // 3)
    print(f"{seeds} seeds: {coverage.mean():.3f}, by arm {coverage.round(3)}")
    assert 0.93 <= coverage.mean() <= 0.98
    assert coverage.min() >= 0.90  # of 400 draws each


@pytest.mark.parametrize("sd_seed", [0.0, 0.25], ids=["no seeds", "seeds"])
@pytest.mark.parametrize("seeds", [3, 8])
def test_the_interval_of_a_mean_covers_other_problems_and_trainings(seeds, sd_seed):
    """The truth is the mean of many problems, families and trainings."""
    rng = np.random.default_rng([seeds, int(100 * sd_seed), 2])
    names = [f"f{i // EACH}" for i in range(FAMILIES * EACH)]
    draws = [[right.mean() for right in simulated(rng, 1, sd_seed, 0.9)]
             for _ in range(1500)]  # fmt: skip
    truth, inside = np.mean(draws, 0), np.zeros(len(SHARES))
    for _ in range(REPEATS // 3):
        arms = [arm(r, names) for r in simulated(rng, seeds, sd_seed, 0.9)]
        for place, one in enumerate(arms):
            low, high = interval(one, arms)
            inside[place] += low <= truth[place] <= high
    coverage = inside / (REPEATS // 3)
    print(f"{seeds} seeds: {coverage.mean():.3f}, by arm {coverage.round(3)}")
    assert 0.93 <= coverage.mean() <= 0.98
