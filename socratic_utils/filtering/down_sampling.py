"""Which of many chains per problem a student learns from (SCoTD, sections 2 and 4).

All selections but `keep_all`, the few-shot setting, read the gold labels and select
correct chains only, unless `keep_wrong`; a chain needs steps and an answer.  A problem
with fewer chains than its budget gives all it has.  The random order depends on seed
and problem only: a budget of 2 is a subset of a budget of 5.  For what SCoTD does
not report see docs/papers.md, "SCoTD: filters".
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

from socratic_utils.problems import Chain, Problem

from .duplicates import chain_text, ngrams, words
from .right_answers import KEPT, judge

BUDGET = 5  # chains per problem, SCoTD section 4
QUINTILES = 5


@dataclass(frozen=True)
class Pool:
    """The selected chains, in the order of the problems and then as sampled."""

    selection: str
    chains: tuple[Chain, ...]
    problems: int  # that they were selected for
    short: int | None = None  # problems with fewer chains than their budget, if it has
    embedding: str | None = None  # the vectors that measured diversity

    def row(self) -> dict[str, Any]:
        """One line of a table; `per_problem` is a mean over all problems."""
        count = len(self.chains)
        return {"selection": self.selection, "problems": self.problems,
                "with_chains": len({chain.problem_id for chain in self.chains}),
                "chains": count, "per_problem": round(count / max(1, self.problems), 2),
                "short": self.short, "embedding": self.embedding}  # fmt: skip


def select(
    selection: str, choose: Callable[[list[Chain], list[int], int], list[int]],
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int | None = BUDGET,
    seed: int = 0, keep_wrong: bool = False, budgets: Callable | None = None,
    embedding: str | None = None,
) -> Pool:  # fmt: skip
    """The chains that `choose` picks for each problem; all selections use it.  `choose`
    takes a problem's chains, their indices in random order and its budget (None: all
    chains), and returns indices; `budgets` returns budgets per problem.  ValueError for
    a problem that is given twice."""
    # 1. The chains that may be chosen, in the order sampled.
    known = {problem.id: problem for problem in problems}
    usable: dict[str, list[Chain]] = {name: [] for name in known}
    if len(known) < len(problems):
        raise ValueError("a problem is given twice: chains would be counted twice")
    for chain in sorted(chains, key=lambda chain: chain.sample):
        own = chain.problem_id in known and chain.answer is not None and chain.steps
        if own and (keep_wrong or judge(known[chain.problem_id], chain) == KEPT):
            usable[chain.problem_id].append(chain)
    # 2. The choice.
    budget_of = budgets(usable, chains, budget) if budgets else {}
    chosen: list[Chain] = []
    short = None if budget is None else 0
    for name, own in usable.items():
        wanted = budget_of.get(name, budget)
        order = random.Random(f"{seed}-{name}").sample(range(len(own)), len(own))
        picks = sorted(choose(own, order, wanted)) if own else []
        if wanted is not None:
            short += len(picks) < wanted
        chosen += [own[index] for index in picks]
    return Pool(selection, tuple(chosen), len(usable), short, embedding)


def at_random(own: list[Chain], order: list[int], budget: int | None) -> list[int]:
    return order[:budget]


def in_turn(own: list[Chain], order: list[int], budget: int) -> list[int]:
    """One chain per visit, as in the authors' code; repeats after all are drawn."""
    return [order[visit % len(order)] for visit in range(budget)]


def likeliest(own: list[Chain], order: list[int], budget: int) -> list[int]:
    """The chains with the highest log-likelihood per token, even if they are equal."""
    return sorted(order, key=lambda index: -likelihood_per_token(own[index]))[:budget]


def likelihood_per_token(chain: Chain) -> float:
    """Log-likelihood divided by the token count; ValueError if either is missing."""
    name = f"chain {chain.sample} of {chain.problem_id!r}"
    if chain.logprob is None or not isfinite(chain.logprob):
        raise ValueError(f"{name} has no log-likelihood: its endpoint gave no logprobs")
    if not chain.tokens or chain.tokens < 0:
        raise ValueError(f"{name} has no token count: its endpoint gave none")
    return chain.logprob / chain.tokens


def by_open_endedness(
    usable: dict[str, list[Chain]], chains: Sequence[Chain], budget: int
) -> dict[str, int]:
    """Budgets of 1/3/5/7/9 by quintile of distinct word bigrams, from low to high.
    Wrong chains count, too.  Not normalised: sample all problems equally often."""
    bigrams: dict[str, set] = {name: set() for name, own in usable.items() if own}
    for chain in chains:
        if chain.problem_id in bigrams:
            bigrams[chain.problem_id] |= ngrams(words(chain_text(chain)), 2)
    ranked = sorted(bigrams, key=lambda name: len(bigrams[name]))
    shares = [round(1 + (budget - 1) * i / 2) for i in range(QUINTILES)]
    # The + 0.5 makes the mean budget exact for any number of problems.
    return {name: shares[int(QUINTILES * (rank + 0.5) / len(ranked))]
            for rank, name in enumerate(ranked)}  # fmt: skip


def sample_diverse(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False, encoder=None,
) -> Pool:  # fmt: skip
    """One random chain from each of `budget` clusters of a problem, whose texts a
    `clustering.Encoder` makes vectors (None: `sentence_encoder`)."""
    from .clustering import clusters, sentence_encoder  # scipy is needed here only

    encoder = encoder or sentence_encoder()

    def choose(own: list[Chain], order: list[int], budget: int) -> list[int]:
        if len(own) <= budget:
            return order
        groups = clusters(encoder.encode([chain_text(c) for c in own]), budget)
        return [min(group, key=order.index) for group in groups]

    return select("diversity", choose, problems, chains, budget, seed, keep_wrong,
                  embedding=encoder.name)  # fmt: skip


# Both are called as (problems, chains) -> Pool.
keep_all = partial(select, "keep-all", at_random, budget=None, keep_wrong=True)
correct_only = partial(select, "correct-only", at_random, budget=None)
# Each is called as (problems, chains, budget=5, seed=0, keep_wrong=False) -> Pool.
balanced = partial(select, "balanced", in_turn)
open_ended = partial(select, "open-endedness", at_random, budgets=by_open_endedness)
DOWN_SAMPLINGS = {
    "random": partial(select, "random", at_random), "diversity": sample_diverse,
    "likelihood": partial(select, "likelihood", likeliest),
    "open-endedness": open_ended}  # fmt: skip
