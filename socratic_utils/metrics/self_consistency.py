"""Self-consistency: several sampled solutions of a problem vote on its answer.

SCoTD (Table 3) samples 30 solutions at temperature 0.7.  Answers are compared by value;
ties go to the likeliest solution (our choice).
"""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from socratic_utils.answers import is_correct
from socratic_utils.config import Decoding

from .statistics import accuracy

SAMPLED = Decoding(temperature=0.7)  # SCoTD, Table 3


def majority(ballots: Sequence[tuple], kind: str = "number") -> str | None:
    """The most frequent answer of (answer or None, log-likelihood) pairs, or None."""
    found = defaultdict(list)
    for answer, logprob in ballots:
        if answer is not None:
            value = Fraction(answer) if kind == "number" else answer
            found[value].append((answer, logprob))
    groups = found.values() or [[(None, 0.0)]]
    return max(groups, key=lambda own: (len(own), max(p for _, p in own)))[0][0]


def vote_is_right(rows: Sequence[dict], kind: str = "number") -> bool:
    answer = majority([(row["extracted"], row["logprob"]) for row in rows], kind)
    return is_correct(answer, rows[0]["gold"], kind)


def accuracy_by_votes(
    rows: Sequence[dict], samples: int, counts: Sequence[int], kind: str = "number"
) -> list[dict]:
    """One row per number of votes, from rows with adjacent `samples` of a problem."""
    groups = [rows[i : i + samples] for i in range(0, len(rows), samples)]
    mixed = any(len({row["id"] for row in group}) != 1 for group in groups)
    if mixed or len(rows) % samples:
        raise ValueError(f"these are not {samples} solutions of each problem")
    table = []
    for count in counts:
        if count > samples:
            raise ValueError(f"{count} votes cannot be cast by {samples} samples")
        found = [{"correct": vote_is_right(own[:count], kind)} for own in groups]
        table.append({"votes": count, **accuracy(found)})
    return table
