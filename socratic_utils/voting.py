"""Self-consistency: several solutions of a problem vote on its answer.

P2, section 3 and Table 3: 30 solutions drawn at temperature 0.7, the most frequent
answer counts.  Answers are compared by value ("1/2" and "0.5" are one answer); a
solution without an answer has no vote.  A tie goes to the answer whose likeliest
solution is the likelier one (P2 does not say what it does):

    >>> draws = solve(problems, writer, decoding=SAMPLED, samples=30)  # doctest: +SKIP
    >>> accuracy_by_votes(draws, 30, (1, 10, 30))                      # doctest: +SKIP

`majority` works on plain pairs of answer and log-likelihood:

    >>> majority([("12", -3.0), ("12.0", -9.0), ("10", -1.0)])
    Vote(answer='12', votes=2, of=3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from .answers import extract_answer, is_correct
from .config import Decoding
from .metrics import wilson_interval
from .solving import Solution

SAMPLED = replace(Decoding(), temperature=0.7)  # P2, Table 3


class Vote(NamedTuple):
    """The winning answer (None: nobody had one), its votes, and how many voted."""

    answer: str | None
    votes: int
    of: int


def majority(ballots: Sequence[tuple[str | None, float]], kind: str = "number") -> Vote:
    """The most frequent of (answer, log-likelihood) pairs; the first spelling is kept.

    Raises ValueError where there is no ballot at all.
    """
    if not ballots:
        raise ValueError("nobody votes: give at least one solution")
    found: dict[Any, list[tuple[str, float]]] = {}
    for answer, logprob in ballots:
        if answer is not None:
            value = Fraction(answer) if kind == "number" else answer
            found.setdefault(value, []).append((answer, logprob))
    if not found:
        return Vote(None, 0, len(ballots))
    winner = max(found.values(), key=lambda own: (len(own), max(p for _, p in own)))
    return Vote(winner[0][0], len(winner), len(ballots))


def votes(solutions: Sequence[Solution], samples: int, count: int = 0) -> list[Vote]:
    """One vote a problem, of its first `count` samples (0: of all).

    `solutions` are those of `solve(..., samples=samples)`.  Raises ValueError where
    they are not `samples` of each problem, or `count` is more than there are.
    """
    count = count or samples
    if count > samples:
        raise ValueError(f"{count} votes cannot be cast by {samples} samples")
    groups = [solutions[i : i + samples] for i in range(0, len(solutions), samples)]
    if any(len({s.problem.id for s in group}) != 1 for group in groups) or (
        len(solutions) % samples
    ):
        raise ValueError(f"these are not {samples} solutions of each problem")
    return [
        majority(
            [(extract_answer(s.output, s.problem.kind), s.logprob) for s in group],
            group[0].problem.kind,
        )
        for group in ([*g[:count]] for g in groups)
    ]


def accuracy_by_votes(
    solutions: Sequence[Solution], samples: int, counts: Sequence[int]
) -> list[dict]:
    """A row for each number of votes: n, correct, accuracy and its Wilson interval."""
    problems = [solution.problem for solution in solutions[::samples]]
    rows = []
    for count in counts:
        pairs = zip(votes(solutions, samples, count), problems, strict=True)
        right = sum(is_correct(v.answer, p.answer, p.kind) for v, p in pairs)
        low, high = wilson_interval(right, len(problems))
        rows.append(
            {
                "votes": count,
                "n": len(problems),
                "correct": right,
                "accuracy": round(right / len(problems), 4),
                "ci_low": round(low, 4),
                "ci_high": round(high, 4),
            }
        )
    return rows
