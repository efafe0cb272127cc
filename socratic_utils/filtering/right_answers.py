"""Which chains a student may learn from.

P1, section 3.3: keep a chain whose final answer matches the gold answer, otherwise ask
again at most three times, then drop the problem.  Every attempt is kept on disk with
the reason why it was kept or not:

    kept               the final answer is right
    no final answer    the reply never says "The answer is ..."
    no steps           an answer, but no step could be read
    wrong arithmetic   a written equation is false, and the answer is wrong
    wrong reasoning    every equation is true, and yet the answer is wrong

SCoTD's selections among many chains are in `pools`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from socratic_utils.answers import equation_is_right, find_equations, is_correct
from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.address import RefusedError

KEPT = "kept"
REASONS = (KEPT, "no final answer", "no steps", "wrong arithmetic", "wrong reasoning")
RESAMPLE_TEMPERATURE = 0.7


@dataclass(frozen=True)
class Attempt:
    """One chain and what the filter says of it."""

    chain: Chain
    reason: str

    def row(self) -> dict:
        return {**asdict(self.chain), "reason": self.reason}


@dataclass(frozen=True)
class Filtered:
    """The kept chains (one a problem at most), every attempt, the problems dropped."""

    kept: tuple[Chain, ...]
    attempts: tuple[Attempt, ...]
    dropped: tuple[str, ...]

    @property
    def acceptance(self) -> float:
        """Share of problems that have a kept chain."""
        total = len(self.kept) + len(self.dropped)
        return len(self.kept) / total if total else 0.0

    def reasons(self) -> Counter:
        """How many attempts ended for each reason."""
        return Counter(attempt.reason for attempt in self.attempts)


def judge(problem: Problem, chain: Chain) -> str:
    """One of REASONS for a chain of this problem."""
    if chain.answer is None:
        return "no final answer"
    if not chain.steps:
        return "no steps"
    if is_correct(chain.answer, problem.answer, problem.kind):
        return KEPT
    equations = [e for step in chain.steps for e in find_equations(step.solution)]
    if not all(equation_is_right(equation) for equation in equations):
        return "wrong arithmetic"
    return "wrong reasoning"


def keep_if_correct(
    problems: Sequence[Problem], teacher, style: str, max_resamples: int = 3
) -> Filtered:
    """Ask for one chain a problem; ask again for the wrong ones (P1 section 3.3).

    The first attempt is greedy; resamples are drawn at temperature 0.7 (P1 does not
    give its temperature).  Kept chains come in the problems' order.
    """
    open_problems = list(problems)
    attempts: list[Attempt] = []
    kept: dict[str, Chain] = {}
    for sample in range(max_resamples + 1):
        if not open_problems:
            break
        try:
            chains = teacher.sample(
                open_problems,
                style,
                temperature=RESAMPLE_TEMPERATURE if sample else 0.0,
                first_sample=sample,
            )
        except RefusedError:  # of every problem that is left: it would be so again
            if not sample:
                raise
            break
        still_open = []
        for problem, chain in zip(open_problems, chains, strict=True):
            reason = judge(problem, chain)
            attempts.append(Attempt(chain, reason))
            if reason == KEPT:
                kept[problem.id] = chain
            else:
                still_open.append(problem)
        open_problems = still_open
    ordered = tuple(kept[p.id] for p in problems if p.id in kept)
    return Filtered(ordered, tuple(attempts), tuple(p.id for p in open_problems))
