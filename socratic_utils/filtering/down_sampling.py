"""Which of many chains per problem a student learns from (SCoTD, sections 2 and 4).

SCoTD samples 30 chains per problem at temperature 1 and asks which of them matter.  All
selections but `keep_all` use chains with a correct answer only, unless `keep_wrong`:

    keep_all         few-shot setting: wrong answers stay, no gold label is read
    correct_only     supervised setting: all correct chains
    one_correct      one correct chain per problem, at random
    balanced         the same number of chains from every problem
    sample_*         SCoTD's four down-samplings to 5 chains per problem on average

    >>> quintile_budgets(5), quintile_budgets(2)  # sample_open_ended, paper and small
    ((1, 3, 5, 7, 9), (1, 2, 2, 2, 3))

Our choices where SCoTD reports none (docs/papers.md, "SCoTD: filters"):
- A problem with fewer chains than its budget gives all it has, and no other problem
  gives more instead; `Pool.short` counts such problems.
- A chain without a final answer or without steps is never selected: it cannot be
  rendered.  Equal chains are not merged (see `duplicates`).
- The random order depends on seed and problem only, so that a problem's selection does
  not depend on the other problems, and a budget of 2 is a subset of a budget of 5.

Pools are in the order of `problems`, then in the order sampled; chains of other
problems are ignored.  Not covered: drawing a new chain at every visit of a problem.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from socratic_utils.problems import Chain, Problem

from .duplicates import chain_text, ngrams, words
from .right_answers import KEPT, judge

if TYPE_CHECKING:
    from .clustering import Encoder

BUDGET = 5  # chains per problem, SCoTD section 4
QUINTILES = 5

Usable = list[tuple[Problem, list[Chain]]]
# (chains of a problem, their indices in random order, budget) -> the chosen indices
Choose = Callable[[list[Chain], list[int], int], list[int]]


@dataclass(frozen=True)
class Pool:
    """The selected chains, and the number of problems they were selected for.

    `short` problems have fewer chains than their budget, possibly none; None without a
    budget.  `embedding` names the vectors that measured diversity.
    """

    selection: str
    chains: tuple[Chain, ...]
    problems: int
    short: int | None = None
    embedding: str | None = None

    def row(self) -> dict[str, Any]:
        """One line of a table; `per_problem` is a mean over all problems."""
        count = len(self.chains)
        return {
            "selection": self.selection, "problems": self.problems,
            "with_chains": len({chain.problem_id for chain in self.chains}),
            "chains": count, "per_problem": round(count / max(1, self.problems), 2),
            "short": self.short, "embedding": self.embedding,
        }  # fmt: skip


def keep_all(problems: Sequence[Problem], chains: Sequence[Chain]) -> Pool:
    """Every chain that can be rendered, right or wrong (few-shot setting)."""
    return _whole_pool("keep-all", _usable(problems, chains, keep_wrong=True))


def correct_only(problems: Sequence[Problem], chains: Sequence[Chain]) -> Pool:
    """Every chain with a correct final answer (supervised setting)."""
    return _whole_pool("correct-only", _usable(problems, chains))


def one_correct(
    problems: Sequence[Problem], chains: Sequence[Chain], seed: int = 0
) -> Pool:
    """One correct chain per problem, at random."""
    return _select("one-correct", _usable(problems, chains), _at_random, 1, seed)


def balanced(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False,
) -> Pool:  # fmt: skip
    """Exactly `budget` chains from every problem that has any, repeated if necessary.

    The authors' code draws one correct chain of each problem per visit; this is that
    corpus for `budget` visits, with repeats only after all chains were drawn once.
    """

    def choose(own: list[Chain], order: list[int], budget: int) -> list[int]:
        return [order[visit % len(order)] for visit in range(budget)]

    usable = _usable(problems, chains, keep_wrong)
    return _select("balanced", usable, choose, budget, seed)


def sample_random(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False,
) -> Pool:  # fmt: skip
    """`budget` chains per problem at random: SCoTD's strong baseline."""
    usable = _usable(problems, chains, keep_wrong)
    return _select("random", usable, _at_random, budget, seed)


def sample_diverse(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False, encoder: "Encoder | None" = None,
) -> Pool:  # fmt: skip
    """One random chain from each of `budget` clusters (`clustering`) of a problem."""
    from .clustering import clusters, sentence_encoder  # scipy is needed here only

    encoder = encoder or sentence_encoder()

    def choose(own: list[Chain], order: list[int], budget: int) -> list[int]:
        if len(own) <= budget:
            return order
        groups = clusters(encoder.encode([chain_text(c) for c in own]), budget)
        return [min(group, key=order.index) for group in groups]

    usable = _usable(problems, chains, keep_wrong)
    return _select("diversity", usable, choose, budget, seed, embedding=encoder.name)


def sample_likeliest(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False,
) -> Pool:  # fmt: skip
    """The `budget` chains with the highest log-likelihood per token.

    Ties are broken at random.  Equal chains are equally likely, so a teacher that
    repeats itself can fill the budget with one text.
    """

    def choose(own: list[Chain], order: list[int], budget: int) -> list[int]:
        score = [likelihood_per_token(chain) for chain in own]
        return sorted(order, key=lambda index: -score[index])[:budget]

    usable = _usable(problems, chains, keep_wrong)
    return _select("likelihood", usable, choose, budget, seed)


def sample_open_ended(
    problems: Sequence[Problem], chains: Sequence[Chain], budget: int = BUDGET,
    seed: int = 0, keep_wrong: bool = False,
) -> Pool:  # fmt: skip
    """More chains from open-ended problems: 1/3/5/7/9 by quintile, at random.

    Open-endedness is the number of distinct word bigrams over all chains of a problem,
    including wrong ones: otherwise it would measure how many are correct.  It is not
    normalised, so sample all problems equally often.  Problems without a usable chain
    are not ranked; ties keep the order of `problems`.  Few problems have 9 correct
    chains, so this pool can be smaller than the others (`Pool.row`).
    """
    usable = _usable(problems, chains, keep_wrong)
    bigrams: dict[str, set] = {p.id: set() for p, own in usable if own}
    for chain in chains:
        if chain.problem_id in bigrams:
            bigrams[chain.problem_id] |= ngrams(words(chain_text(chain)), 2)
    ranked = sorted(bigrams, key=lambda name: len(bigrams[name]))
    shares = quintile_budgets(budget)
    # The + 0.5 makes the mean budget exact for any number of problems.
    budgets = {
        name: shares[int(QUINTILES * (rank + 0.5) / len(ranked))]
        for rank, name in enumerate(ranked)
    }
    return _select("open-endedness", usable, _at_random, budget, seed, budgets)


DOWN_SAMPLINGS = {
    "random": sample_random,
    "diversity": sample_diverse,
    "likelihood": sample_likeliest,
    "open-endedness": sample_open_ended,
}


def quintile_budgets(budget: int = BUDGET) -> tuple[int, ...]:
    """Budgets of the five quintiles, evenly spaced from 1, with mean `budget`."""
    return tuple(round(1 + (budget - 1) * i / 2) for i in range(QUINTILES))


def likelihood_per_token(chain: Chain) -> float:
    """Log-likelihood divided by the token count; ValueError if either is missing."""
    name = f"chain {chain.sample} of {chain.problem_id!r}"
    if chain.logprob is None or not isfinite(chain.logprob):
        raise ValueError(f"{name} has no log-likelihood: its endpoint gave no logprobs")
    if not chain.tokens or chain.tokens < 0:
        raise ValueError(f"{name} has no token count: its endpoint gave none")
    return chain.logprob / chain.tokens


def _usable(
    problems: Sequence[Problem], chains: Sequence[Chain], keep_wrong: bool = False
) -> Usable:
    """Each problem with the chains that may be chosen, in the order sampled."""
    by_id = {problem.id: (problem, []) for problem in problems}
    if len(by_id) < len(problems):
        raise ValueError("a problem is given twice: chains would be counted twice")
    for chain in sorted(chains, key=lambda chain: chain.sample):
        if chain.problem_id not in by_id or chain.answer is None or not chain.steps:
            continue
        problem, own = by_id[chain.problem_id]
        if keep_wrong or judge(problem, chain) == KEPT:
            own.append(chain)
    return list(by_id.values())


def _whole_pool(selection: str, usable: Usable) -> Pool:
    return Pool(selection, tuple(c for _, own in usable for c in own), len(usable))


def _select(
    selection: str, usable: Usable, choose: Choose, budget: int, seed: int,
    budgets: dict[str, int] | None = None, embedding: str | None = None,
) -> Pool:  # fmt: skip
    """The chains that `choose` picks per problem, `budgets` of them where given."""
    if budget < 1:
        raise ValueError(f"budget must be at least 1 chain per problem, not {budget}")
    chosen: list[Chain] = []
    short = 0
    for problem, own in usable:
        wanted = (budgets or {}).get(problem.id, budget)
        # Every selection draws from the same random order of a problem's chains.
        order = random.Random(f"{seed}-{problem.id}").sample(range(len(own)), len(own))
        picks = sorted(choose(own, order, wanted)) if own else []
        short += len(picks) < wanted
        chosen += [own[index] for index in picks]
    return Pool(selection, tuple(chosen), len(usable), short, embedding)


def _at_random(own: list[Chain], order: list[int], budget: int) -> list[int]:
    return order[:budget]
