"""Pools: which chains each selection takes, worked by hand (SCoTD, section 4)."""

import random
import sys
from collections import Counter

import numpy as np
import pytest

from socratic_utils.filtering.clustering import Encoder
from socratic_utils.filtering.down_sampling import (
    DOWN_SAMPLINGS,
    balanced,
    correct_only,
    keep_all,
    likelihood_per_token,
    sample_diverse,
)
from socratic_utils.problems import Chain, Problem, Step

sample_random, sample_likeliest, sample_open_ended = (
    DOWN_SAMPLINGS[name] for name in ("random", "likelihood", "open-endedness")
)


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)


def problem(name="p", answer="6"):
    return Problem(name, "toy", "train", "2 boxes of 3 pens: how many?", answer)


def chain(
    name="p", sample=0, answer="6", text="2 * 3 = 6 pens.", logprob=None, tokens=None
):
    steps = (Step("", text, "6"),) if text else ()
    return Chain(name, "cot", steps, answer, "toy", sample, logprob, tokens=tokens)


def many(name, count, **fields):
    return [chain(name, sample, **fields) for sample in range(count)]


def picked(pool):
    """The pool as text: problem and sample of every chain."""
    return " ".join(f"{c.problem_id}{c.sample}" for c in pool.chains)


PROBLEMS = [problem(name) for name in "abc"]
# a: 0 and 2 are right, b: only 3 is; b1 and b2 cannot be read; c has no chains.
CHAINS = [
    chain("a", 0), chain("a", 1, "5"), chain("a", 2, "6.0"), chain("b", 0, "7"),
    chain("b", 1, None), chain("b", 2, text=""), chain("b", 3), chain("x", 0),
]  # fmt: skip


def test_keep_all():
    pool = keep_all(PROBLEMS, CHAINS)
    assert picked(pool) == "a0 a1 a2 b0 b3"
    assert pool.row() == {
        "selection": "keep-all", "problems": 3, "with_chains": 2, "chains": 5,
        "per_problem": 1.67, "short": None, "embedding": None,
    }  # fmt: skip


def test_keep_all_reads_no_gold_answer():
    hidden = [problem("a", answer="not published")]
    assert picked(keep_all(hidden, CHAINS)) == "a0 a1 a2"
    assert picked(sample_random(hidden, CHAINS, 9, keep_wrong=True)) == "a0 a1 a2"


def test_correct_only():
    assert picked(correct_only(PROBLEMS, CHAINS)) == "a0 a2 b3"
    assert picked(correct_only(PROBLEMS[::-1], CHAINS)) == "b3 a0 a2"


def test_one_random_chain_per_problem():
    draws = {picked(sample_random(PROBLEMS, CHAINS, 1, seed)) for seed in range(20)}
    assert draws == {"a0 b3", "a2 b3"}
    assert sample_random(PROBLEMS, CHAINS, 1).short == 1  # c has none


def test_balanced():
    chains = [*many("a", 3), *many("b", 1), chain("a", 3, "5")]
    pool = balanced(PROBLEMS, chains, budget=5)
    counts = Counter((c.problem_id, c.sample) for c in pool.chains)
    assert counts.pop(("b", 0)) == 5
    # 5 = 2 + 2 + 1: no chain of a's three is drawn again before all were
    assert sorted(counts.values()) == [1, 2, 2] and ("a", 3) not in counts
    assert (len(pool.chains), pool.short) == (10, 1)  # c has none
    assert len(set(balanced(PROBLEMS, many("a", 9), budget=4).chains)) == 4


# --- the four down-samplings ----------------------------------------------------------


def test_random():
    chains = [*many("a", 30), *many("b", 3)]
    pool = sample_random(PROBLEMS, chains)
    assert Counter(c.problem_id for c in pool.chains) == {"a": 5, "b": 3}
    assert pool.short == 2  # b has 3 of 5, c none
    assert [c.sample for c in pool.chains[5:]] == [0, 1, 2]
    pools = [sample_random(PROBLEMS[:1], chains, 5, seed) for seed in range(60)]
    assert {c.sample for pool in pools for c in pool.chains} == set(range(30))


def test_a_smaller_random_budget_is_part_of_a_larger_one():
    chains = many("a", 30)
    small, large = (
        set(sample_random(PROBLEMS, chains, budget).chains) for budget in (2, 5)
    )
    assert small < large
    assert set(sample_random(PROBLEMS, chains, 1).chains) < small


def test_a_problems_draw_does_not_depend_on_the_other_problems():
    chains = [*many("a", 30), *many("b", 30)]
    alone = sample_random([problem("b")], chains)
    assert picked(sample_random(PROBLEMS, chains)).endswith(picked(alone))


# Five chains by their angle: two near 0, two near 90, one at 180 degrees.
ANGLES = {"zero": 0, "two": 2, "ninety": 90, "more": 93, "back": 180}


def by_angle(texts):
    angles = np.radians([ANGLES[text] for text in texts])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_diversity():
    chains = [chain("a", i, text=text) for i, text in enumerate(ANGLES)]
    encoder = Encoder("angles", by_angle)
    draws = {
        picked(sample_diverse(PROBLEMS, chains, 3, seed, encoder=encoder))
        for seed in range(40)
    }
    # One of each of {0, 1}, {2, 3} and {4}, and in the end every combination.
    assert draws == {"a0 a2 a4", "a0 a3 a4", "a1 a2 a4", "a1 a3 a4"}
    pool = sample_diverse(PROBLEMS, chains, 3, encoder=encoder)
    assert pool.embedding == pool.row()["embedding"] == "angles"
    wrong = chain("a", 5, "5", text="dropped before anything is embedded")
    assert (
        len(sample_diverse(PROBLEMS, [*chains, wrong], 3, encoder=encoder).chains) == 3
    )


def test_diversity_of_equal_chains_and_of_few():
    def never(texts):
        raise AssertionError("nothing to choose, nothing to embed")

    few = sample_diverse(PROBLEMS, many("a", 5), encoder=Encoder("never", never))
    assert len(few.chains) == 5
    flat = Encoder("angles", lambda texts: by_angle(["zero"] * len(texts)))
    assert len(sample_diverse(PROBLEMS, many("a", 9), encoder=flat).chains) == 5


#                logprob, tokens: per token -0.5, -1.0, -0.9, -0.2; the last is wrong
LIKELY = [(-10.0, 20), (-4.0, 4), (-9.0, 10), (-1.0, 5), (-0.1, 10)]


def scored():
    answers = ["6", "6", "6", "6", "5"]
    return [
        chain("a", i, answer, logprob=logprob, tokens=tokens)
        for i, (answer, (logprob, tokens)) in enumerate(
            zip(answers, LIKELY, strict=True)
        )
    ]


def test_likelihood_is_per_token():
    chains = scored()
    assert likelihood_per_token(chains[0]) == -0.5
    # By the sum it would be 3 and 1.
    assert picked(sample_likeliest(PROBLEMS, chains, 2)) == "a0 a3"
    assert picked(sample_likeliest(PROBLEMS, chains, 3)) == "a0 a2 a3"
    assert picked(sample_likeliest(PROBLEMS, chains, 9)) == "a0 a1 a2 a3"
    assert picked(sample_likeliest(PROBLEMS, chains, 1, keep_wrong=True)) == "a4"


def test_likelihood_ties_are_broken_at_random():
    chains = many("a", 3, logprob=-4.0, tokens=8)
    chains.append(chain("a", 3, logprob=-1.0, tokens=8))
    draws = {picked(sample_likeliest(PROBLEMS, chains, 2, seed)) for seed in range(30)}
    assert draws == {"a0 a3", "a1 a3", "a2 a3"}


@pytest.mark.parametrize("logprob", [None, float("nan"), float("-inf")])
def test_no_likelihood(logprob):
    broken = chain("a", 7, logprob=logprob, tokens=3)
    with pytest.raises(ValueError, match="chain 7 of 'a' has no log-likelihood"):
        sample_likeliest(PROBLEMS, [broken])


@pytest.mark.parametrize("tokens", [None, 0, -1])
def test_no_token_count(tokens):
    broken = chain("a", 7, logprob=-1.0, tokens=tokens)
    with pytest.raises(ValueError, match="chain 7 of 'a' has no token count"):
        sample_likeliest(PROBLEMS, [broken])


def test_open_endedness():
    # Nine equal chains of k + 1 words hold k distinct bigrams: c 1, e 2, a 3, d 4, b 5.
    sizes = {"a": 3, "b": 5, "c": 1, "d": 4, "e": 2}
    chains = [
        each for name, size in sizes.items()
        for each in many(name, 9, text=" ".join("uvwxyz"[: size + 1]))
    ]  # fmt: skip
    pool = sample_open_ended([problem(name) for name in sizes], chains)
    assert Counter(c.problem_id for c in pool.chains) == dict(c=1, e=3, a=5, d=7, b=9)
    assert (len(pool.chains), pool.short) == (25, 0)


def test_bigrams_of_wrong_chains_count_and_are_not_kept():
    # b's right chains say what a's say; its wrong one adds bigrams, so b is ahead.
    chains = [*many("a", 9), *many("b", 9), chain("b", 9, "5", "some other words")]
    pool = sample_open_ended([problem("b"), problem("a")], chains)
    # Ranks 0.5 / 2 and 1.5 / 2 of five quintiles: the second and the fourth, 3 and 7.
    assert Counter(c.problem_id for c in pool.chains) == {"a": 3, "b": 7}
    assert all(c.answer == "6" for c in pool.chains)


def test_open_endedness_of_equals_of_none_and_of_too_few():
    # All alike: by the problems' order 1, 5, 9, and c has 4 only.  n is not ranked.
    problems = [problem(name) for name in "nabc"]
    chains = [*many("c", 4), *many("a", 9), *many("b", 9)]
    pool = sample_open_ended(problems, chains)
    assert Counter(c.problem_id for c in pool.chains) == {"a": 1, "b": 5, "c": 4}
    assert pool.short == 2  # c and n


@pytest.mark.parametrize(
    ("budget", "shares"),
    [(5, [1, 3, 5, 7, 9]), (2, [1, 2, 2, 2, 3])],  # 5: the paper's
)
def test_budgets_of_the_quintiles(budget, shares):
    chains = [each for n, name in enumerate("abcde")
              for each in many(name, 9, text="u v w x y z"[: 2 * n + 3])]  # fmt: skip
    pool = sample_open_ended([problem(name) for name in "abcde"], chains, budget)
    counts = Counter(c.problem_id for c in pool.chains)
    assert [counts[name] for name in "abcde"] == shares


@pytest.mark.parametrize("budget", [1, 2, 4, 5])
def test_the_mean_budget_is_exact_for_any_number_of_problems(budget):
    for names in ("abcdefghijkl"[:count] for count in range(1, 13)):
        chains = [each for name in names for each in many(name, 9)]
        pool = sample_open_ended([problem(name) for name in names], chains, budget)
        assert len(pool.chains) == len(names) * budget


# --- all of them ----------------------------------------------------------------------

EVERY = [keep_all, correct_only, balanced, *DOWN_SAMPLINGS.values()]


def sampled():
    rng, chains = random.Random(1), []
    for name in "abc" * 30:
        text = " ".join(rng.choices("stuvwxyz", k=8))
        logprob = -float(rng.randrange(1, 9))
        answer = rng.choice("66567")
        chains.append(chain(name, len(chains), answer, text, logprob, tokens=8))
    return chains


@pytest.mark.parametrize("select", EVERY)
def test_the_same_seed_gives_the_same_pool_in_whatever_order_chains_arrive(select):
    chains = sampled()
    pool = select(PROBLEMS, chains)
    random.Random(2).shuffle(chains)
    assert select(PROBLEMS, chains) == pool
    if select is not keep_all:
        assert {c.answer for c in pool.chains} == {"6"}


@pytest.mark.parametrize("name", DOWN_SAMPLINGS)
def test_equal_budgets(name):
    chains, select = sampled(), DOWN_SAMPLINGS[name]
    pools = [select(PROBLEMS, chains, 2, seed) for seed in range(9)]
    assert {len(pool.chains) for pool in pools} == {6}
    assert {pool.selection for pool in pools} == {name}
    assert all(len(set(pool.chains)) == 6 for pool in pools)


@pytest.mark.parametrize("select", EVERY)
def test_nothing_to_select_from(select):
    none = select(PROBLEMS, [])
    assert none.chains == () and none.row()["with_chains"] == 0
    assert none.short in (3, None)
    assert select([], sampled()).row()["per_problem"] == 0


def test_a_problem_given_twice():
    with pytest.raises(ValueError, match="twice"):
        correct_only([problem("a"), problem("a")], CHAINS)
