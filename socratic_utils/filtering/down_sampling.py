"""Which of many chains per problem a student learns from (P2, sections 2 and 4).

A teacher sampled 30 times at temperature 1 leaves a pool, and P2 asks which part of it
matters.  All but `keep_all` start from the right answers, unless told `keep_wrong`:

    keep_all         few-shot setting: wrong answers stay, no gold label is read
    correct_only     supervised setting: one flat pool
    one_correct      one correct chain a problem, drawn at random
    balanced         the same number of chains from every problem
    sample_*         P2's four down-samplings to 5 chains a problem on average

    >>> quintile_budgets(5), quintile_budgets(2)  # sample_open_ended, paper and small
    ((1, 3, 5, 7, 9), (1, 2, 2, 2, 3))

Ours, where P2 is silent (PAPERS.md 2.6)
- A problem with fewer chains than its budget gives all it has.  Nobody makes up for
  it, so that no chain weighs more than another; `Pool.short` counts such problems.
- A chain without a final answer or without steps is never in a pool, not even in
  `keep_all`: there is nothing to render.  Equal chains are not merged (`overlap`).
- Draws are seeded by seed and problem, not by the run: another subset of problems
  leaves a problem's draw alone, and a random draw of 2 is part of the draw of 5.

Pools come in the problems' order, then in the order sampled.  Chains of other problems
are passed over.  Not covered: a new correct chain at every visit of a problem, as the
authors' code draws them (PAPERS.md 2.4), which is the trainer's work.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from socratic_utils.problems import Chain, Problem

from .clustering import Encoder, clusters, sentence_encoder
from .duplicates import chain_text, ngrams, words
from .right_answers import KEPT, judge

BUDGET = 5  # chains a problem, P2 section 4
QUINTILES = 5


@dataclass(frozen=True)
class Pool:
    """The chains selected, out of how many problems, and how many of these fell short.

    `short` problems gave fewer chains than their budget (none at all included); it is
    None where there is no budget.  `embedding` names what diversity was measured with.
    """

    selection: str
    chains: tuple[Chain, ...]
    problems: int
    short: int | None = None
    embedding: str | None = None

    def row(self) -> dict[str, Any]:
        """One line of a table; `per_problem` is a mean over all problems."""
        return {
            "selection": self.selection,
            "problems": self.problems,
            "with_chains": len({chain.problem_id for chain in self.chains}),
            "chains": len(self.chains),
            "per_problem": round(len(self.chains) / max(1, self.problems), 2),
            "short": self.short,
            "embedding": self.embedding,
        }


def keep_all(problems: Sequence[Problem], chains: Sequence[Chain]) -> Pool:
    """Every chain that can be rendered, right or wrong (P2's few-shot setting)."""
    return _everything("keep-all", _usable(problems, chains, keep_wrong=True))


def correct_only(problems: Sequence[Problem], chains: Sequence[Chain]) -> Pool:
    """Every chain whose final answer is right (P2's supervised setting, flat pool)."""
    return _everything("correct-only", _usable(problems, chains))


def one_correct(
    problems: Sequence[Problem], chains: Sequence[Chain], seed: int = 0
) -> Pool:
    """One correct chain a problem, drawn at random."""
    return _select("one-correct", _usable(problems, chains), 1, _at_random(seed))


def balanced(
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    budget: int = BUDGET,
    seed: int = 0,
    keep_wrong: bool = False,
) -> Pool:
    """Exactly `budget` chains from every problem that has a chain, repeated if need be.

    The authors' code draws one correct chain of every instance at each visit, so that
    all instances weigh the same (PAPERS.md 2.4).  This is that corpus written out for
    `budget` visits, each chain drawn once before any is drawn again.
    """

    def choose(problem: Problem, own: list[Chain], budget: int) -> list[int]:
        order = _order(problem, own, seed)
        return [order[visit % len(order)] for visit in range(budget)]

    usable = _usable(problems, chains, keep_wrong)
    return _select("balanced", usable, budget, choose)


def sample_random(
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    budget: int = BUDGET,
    seed: int = 0,
    keep_wrong: bool = False,
) -> Pool:
    """`budget` chains a problem at random: P2's strong baseline."""
    usable = _usable(problems, chains, keep_wrong)
    return _select("random", usable, budget, _at_random(seed))


def sample_diverse(
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    budget: int = BUDGET,
    seed: int = 0,
    keep_wrong: bool = False,
    encoder: Encoder | None = None,
) -> Pool:
    """One random chain of each of `budget` hierarchical clusters of a problem's chains.

    Clustered within the problem, over the chains that could be chosen; model, linkage
    and distance are ours (`embeddings`).
    """
    encoder = encoder or sentence_encoder()

    def choose(problem: Problem, own: list[Chain], budget: int) -> list[int]:
        if len(own) <= budget:
            return list(range(len(own)))
        groups = clusters(encoder.encode([chain_text(c) for c in own]), budget)
        place = {index: at for at, index in enumerate(_order(problem, own, seed))}
        return [min(group, key=place.__getitem__) for group in groups]

    usable = _usable(problems, chains, keep_wrong)
    return _select("diversity", usable, budget, choose, encoder.name)


def sample_likeliest(
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    budget: int = BUDGET,
    seed: int = 0,
    keep_wrong: bool = False,
    tokens: Mapping[Chain, int] | None = None,
) -> Pool:
    """The `budget` chains with the highest log-likelihood per token under the teacher.

    Ties are broken at random.  Equal chains are as likely as each other, so a teacher
    that repeats itself fills the budget with one text; P2 does not say that it merges.
    """

    def choose(problem: Problem, own: list[Chain], budget: int) -> list[int]:
        score = [likelihood_per_token(chain, tokens) for chain in own]
        order = _order(problem, own, seed)
        return sorted(order, key=lambda index: -score[index])[:budget]

    usable = _usable(problems, chains, keep_wrong)
    return _select("likelihood", usable, budget, choose)


def sample_open_ended(
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    budget: int = BUDGET,
    seed: int = 0,
    keep_wrong: bool = False,
) -> Pool:
    """More chains from open-ended problems: 1/3/5/7/9 by quintile, drawn at random.

    Open-endedness is the number of distinct word bigrams over all chains sampled for a
    problem, wrong ones included: counting correct ones only would measure how many are
    correct.  Sample all problems equally often, it is not normalised.  The most open-
    ended quintile gets most.  Problems without a usable chain are not ranked; ties go
    by the problems' order.  As few problems have 9 correct chains, this pool can come
    out smaller than the others: compare `Pool.row()`s.
    """
    usable = _usable(problems, chains, keep_wrong)
    bigrams: dict[str, set] = {p.id: set() for p, own in usable if own}
    for chain in chains:
        if chain.problem_id in bigrams:
            bigrams[chain.problem_id] |= ngrams(words(chain_text(chain)), 2)
    ranked = sorted(bigrams, key=lambda name: len(bigrams[name]))
    shares = quintile_budgets(budget)
    # The middle of each rank, not its lower end: then the mean budget is exact for any
    # number of problems, not only for multiples of five.
    budgets = {
        name: shares[int(QUINTILES * (rank + 0.5) / len(ranked))]
        for rank, name in enumerate(ranked)
    }
    choose = _at_random(seed)
    return _select("open-endedness", usable, budget, choose, budgets=budgets)


DOWN_SAMPLINGS = {
    "random": sample_random,
    "diversity": sample_diverse,
    "likelihood": sample_likeliest,
    "open-endedness": sample_open_ended,
}


def quintile_budgets(budget: int = BUDGET) -> tuple[int, ...]:
    """Budgets of the five quintiles, evenly from 1 up, with this mean; 5 is P2's."""
    _check(budget)
    return tuple(round(1 + (budget - 1) * i / 2) for i in range(QUINTILES))


def likelihood_per_token(
    chain: Chain, tokens: Mapping[Chain, int] | None = None
) -> float:
    """Log-likelihood over token count, the chain's own count or that in `tokens`.

    Raises ValueError where either is missing.
    """
    name = f"chain {chain.sample} of {chain.problem_id!r}"
    if chain.logprob is None or not isfinite(chain.logprob):
        raise ValueError(f"{name} has no log-likelihood: its endpoint gave no logprobs")
    own = getattr(chain, "tokens", None)
    count = own if tokens is None else tokens.get(chain)
    if not count or count < 0:
        raise ValueError(f"{name} has no token count: pass tokens={{chain: count}}")
    return chain.logprob / count


Usable = list[tuple[Problem, list[Chain]]]
Choose = Callable[[Problem, list[Chain], int], list[int]]


def _usable(
    problems: Sequence[Problem], chains: Sequence[Chain], keep_wrong: bool = False
) -> Usable:
    """Each problem with the chains that may be chosen, in the order sampled."""
    by_id = {problem.id: (problem, []) for problem in problems}
    if len(by_id) < len(problems):
        raise ValueError("a problem is given twice: chains would be counted twice")
    # Sorted, because a teacher's replies may arrive in another order the next time.
    for chain in sorted(chains, key=lambda chain: chain.sample):
        if chain.problem_id not in by_id or chain.answer is None or not chain.steps:
            continue
        problem, own = by_id[chain.problem_id]
        if keep_wrong or judge(problem, chain) == KEPT:
            own.append(chain)
    return list(by_id.values())


def _everything(selection: str, usable: Usable) -> Pool:
    kept = tuple(chain for _, own in usable for chain in own)
    return Pool(selection, kept, len(usable))


def _select(
    selection: str,
    usable: Usable,
    budget: int,
    choose: Choose,
    embedding: str | None = None,
    budgets: Mapping[str, int] | None = None,
) -> Pool:
    """What `choose` takes of every problem; `budgets` where they are not all equal."""
    _check(budget)
    chosen: list[Chain] = []
    short = 0
    for problem, own in usable:
        wanted = (budgets or {}).get(problem.id, budget)
        picks = sorted(choose(problem, own, wanted)) if own else []
        short += len(picks) < wanted
        chosen += [own[index] for index in picks]
    return Pool(selection, tuple(chosen), len(usable), short, embedding)


def _at_random(seed: int) -> Choose:
    return lambda problem, own, budget: _order(problem, own, seed)[:budget]


def _order(problem: Problem, own: list[Chain], seed: int) -> list[int]:
    """The one random order of a problem's chains that every selection draws from."""
    rng = random.Random(f"{seed}-{problem.id}")
    return rng.sample(range(len(own)), len(own))


def _check(budget: int) -> None:
    if budget < 1:
        raise ValueError(f"budget must be at least 1 chain a problem, not {budget}")
