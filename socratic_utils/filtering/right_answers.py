"""Keep chains whose final answer is correct (Socratic CoT, section 3.3).

A problem without a correct chain is sampled again, at most three times, and then
dropped.  Every attempt is saved with its reason; "wrong arithmetic" is a wrong answer
with a false equation, "wrong reasoning" one whose equations are all true.  Right
answers with wrong steps are kept, as in the paper.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from socratic_utils.answers import equation_is_right, find_equations, is_correct
from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.endpoint.errors import RefusedError

KEPT, THINKING = "kept", "only thinking"
REASONS = (
    KEPT, "no final answer", "no steps", "wrong arithmetic", "wrong reasoning", THINKING
)  # fmt: skip
RESAMPLE_TEMPERATURE = 0.7  # our choice: the paper reports none


class Attempt(NamedTuple):
    chain: Chain
    reason: str  # one of REASONS

    def row(self) -> dict:
        return {**asdict(self.chain), "reason": self.reason}


class Filtered(NamedTuple):
    """Kept chains (at most one per problem), all attempts, ids of dropped problems."""

    kept: tuple[Chain, ...]
    attempts: tuple[Attempt, ...]
    dropped: tuple[str, ...]

    @classmethod
    def of(cls, problems: Sequence[Problem], attempts: Sequence[Attempt]) -> "Filtered":
        """What attempts at these problems come to."""
        kept = {a.chain.problem_id: a.chain for a in attempts if a.reason == KEPT}
        return cls(tuple(kept[p.id] for p in problems if p.id in kept), tuple(attempts),
                   tuple(p.id for p in problems if p.id not in kept))  # fmt: skip

    @property
    def acceptance(self) -> float:
        return len(self.kept) / max(1, len(self.kept) + len(self.dropped))

    def reasons(self) -> Counter:
        return Counter(attempt.reason for attempt in self.attempts)


def judge(problem: Problem, chain: Chain) -> str:
    """The filter rule: one of REASONS.  Change this function to change the filter."""
    if chain.answer is None:
        wrote = chain.text or chain.steps or not chain.tokens
        return "no final answer" if wrote else THINKING
    if not chain.steps:
        return "no steps"
    if is_correct(chain.answer, problem.answer, problem.kind):
        return KEPT
    return "wrong arithmetic" if has_false_equation(chain) else "wrong reasoning"


def has_false_equation(chain: Chain) -> bool:
    """Whether a step states a false equation; the answer may still be correct."""
    equations = [e for step in chain.steps for e in find_equations(step.solution)]
    return not all(equation_is_right(equation) for equation in equations)


def keep_if_correct(
    problems: Sequence[Problem], teacher, style: str, max_resamples: int = 3
) -> Filtered:
    """Sample one chain per problem, and resample while `judge` does not keep it.  The
    first is greedy.  RefusedError if the teacher refuses the first request."""
    remaining, attempts = list(problems), []
    for sample in range(max_resamples + 1):
        if not remaining:
            break
        heat = RESAMPLE_TEMPERATURE if sample else 0.0
        try:
            chains = teacher.sample(remaining, style, temperature=heat,
                                    first_sample=sample)  # fmt: skip
        except RefusedError:  # all remaining problems were refused: so would the next
            if not sample:
                raise
            break
        pairs = zip(remaining, chains, strict=True)
        attempts += [Attempt(chain, judge(problem, chain)) for problem, chain in pairs]
        kept = {a.chain.problem_id for a in attempts if a.reason == KEPT}
        remaining = [problem for problem in remaining if problem.id not in kept]
    return Filtered.of(problems, attempts)
