"""Which chains are paired, and how they are shown."""

import pytest

from socratic_utils.experiments.human_judgement.pairs import (
    Side,
    make_pairs,
    sides,
    sides_of_chains,
)
from socratic_utils.problems import Chain, Problem, Step

PROBLEMS = [
    Problem(f"toy-{i}", "toy", "test", f"Story {i}. How many?", "12") for i in range(6)
]


@pytest.fixture
def pairs():
    before = {p.id: Side("before", f"A: {p.id} 5.", i > 3)
              for i, p in enumerate(PROBLEMS)}  # fmt: skip
    after = {p.id: Side("after", f"A: {p.id} 12.", True) for p in PROBLEMS}
    return make_pairs(before, after, PROBLEMS, None)


def test_pairs_are_of_problems_that_both_have_and_differ(pairs):
    assert {pair.problem_id for pair in pairs} == {p.id for p in PROBLEMS}
    one = {"toy-0": Side("a", "same", True), "toy-1": Side("a", "x", True)}
    two = {"toy-0": Side("b", "same", True), "toy-1": Side("b", "y", False)}
    assert [p.problem_id for p in make_pairs(one, two, PROBLEMS)] == ["toy-1"]
    assert make_pairs(one, {"toy-0": two["toy-0"]}, PROBLEMS) == []


def test_pairs_with_a_right_answer_come_first_and_otherwise_at_random():
    one = {p.id: Side("a", "x", i == 5) for i, p in enumerate(PROBLEMS)}
    two = {p.id: Side("b", "y", i in (3, 5)) for i, p in enumerate(PROBLEMS)}
    orders = [
        [pair.problem_id for pair in make_pairs(one, two, PROBLEMS, seed=seed)]
        for seed in range(30)
    ]
    assert {frozenset(order[:2]) for order in orders} == {frozenset(("toy-3", "toy-5"))}
    assert {order[0] for order in orders} == {"toy-3", "toy-5"}
    assert len({tuple(order[2:]) for order in orders}) > 10
    few = make_pairs(one, two, PROBLEMS, 2, seed=7)
    assert [pair.problem_id for pair in few] == orders[7][:2]


def test_a_teachers_chain_looks_like_a_students():
    written = "A: 3 * 4 = 12\nThe answer is 12."
    row = {"id": "toy-0", "student": "cot", "output": written, "correct": True}
    chain = Chain("toy-0", "cot", (Step("", "3 * 4 = 12", "12"),), "12", "teacher")
    cut = Chain("toy-1", "cot", (Step("", "3 * 4 = 12", "12"),), None, "teacher")
    told = sides_of_chains(PROBLEMS, [chain, cut])
    assert told == {"toy-0": Side("teacher", sides([row], "cot")["toy-0"].text, True)}


def test_the_sides_are_shuffled_for_each_judge(pairs):
    names = [f"judge {i}" for i in range(40)]
    left = [pair.sides(name)[0] is pair.first for name in names for pair in pairs]
    assert 0.35 < sum(left) / len(left) < 0.65
    assert left == [p.sides(name)[0] is p.first for name in names for p in pairs]
