"""Self-consistency: several sampled solutions of a problem vote on its answer.

SCoTD (section 3, Table 3) samples 30 solutions at temperature 0.7 and takes the most
frequent answer.  Answers are compared by value ("1/2" and "0.5" are the same).  The
paper does not say how it breaks ties; here the answer with the likeliest solution wins.

    >>> majority([("12", -3.0), ("12.0", -9.0), ("10", -1.0)])
    Vote(answer='12', votes=2, of=3)

Not covered: votes weighted by likelihood.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from socratic_utils.answers import is_correct
from socratic_utils.config import Decoding

from .statistics import accuracy

SAMPLED = replace(Decoding(), temperature=0.7)  # SCoTD, Table 3


class Vote(NamedTuple):
    """The winning answer, or None; its votes; and the number of solutions."""

    answer: str | None
    votes: int
    of: int


def majority(ballots: Sequence[tuple[str | None, float]], kind: str = "number") -> Vote:
    """The most frequent of (answer or None, log-likelihood) pairs, as first spelled.

    Raises ValueError where there is no pair.
    """
    if not ballots:
        raise ValueError("no ballots: give at least one solution")
    found: dict[Any, list[tuple[str, float]]] = {}
    for answer, logprob in ballots:
        if answer is not None:
            value = Fraction(answer) if kind == "number" else answer
            found.setdefault(value, []).append((answer, logprob))
    if not found:
        return Vote(None, 0, len(ballots))
    winner = max(found.values(), key=lambda own: (len(own), max(p for _, p in own)))
    return Vote(winner[0][0], len(winner), len(ballots))


def votes(
    rows: Sequence[dict], samples: int, count: int = 0, kind: str = "number"
) -> list[Vote]:
    """One vote per problem, over its first `count` samples (0: all).

    `rows` are prediction rows with `logprob`, the `samples` of a problem adjacent.
    Raises ValueError where they are not, or for a `count` above `samples`.
    """
    count = count or samples
    if count > samples:
        raise ValueError(f"{count} votes cannot be cast by {samples} samples")
    groups = [rows[i : i + samples] for i in range(0, len(rows), samples)]
    mixed = any(len({row["id"] for row in group}) != 1 for group in groups)
    if mixed or len(rows) % samples:
        raise ValueError(f"these are not {samples} solutions of each problem")
    return [
        majority([(row["extracted"], row["logprob"]) for row in group[:count]], kind)
        for group in groups
    ]


def accuracy_by_votes(
    rows: Sequence[dict], samples: int, counts: Sequence[int], kind: str = "number"
) -> list[dict]:
    """One row per number of votes: n, correct, accuracy and its Wilson interval."""
    table = []
    for count in counts:
        found = zip(votes(rows, samples, count, kind), rows[::samples], strict=True)
        right = [is_correct(vote.answer, row["gold"], kind) for vote, row in found]
        table.append({"votes": count, **accuracy({"correct": r} for r in right)})
    return table
