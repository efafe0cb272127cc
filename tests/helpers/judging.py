"""Pairs to judge: a student before and after training."""

from collections.abc import Sequence

from socratic_utils.experiments.human_judgement import Pair, Side, make_pairs
from socratic_utils.problems import Problem

PROBLEMS = [
    Problem(f"toy-{i}", "toy", "test", f"Story {i}. How many?", "12") for i in range(6)
]


def pairs_of(problems: Sequence[Problem]) -> list[Pair]:
    """All pairs; only the last two problems are solved before training."""
    before = {
        p.id: Side("before", f"A: {p.id} 5.", i > 3) for i, p in enumerate(problems)
    }
    after = {p.id: Side("after", f"A: {p.id} 12.", True) for p in problems}
    return make_pairs(before, after, problems, None)
