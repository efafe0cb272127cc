"""Pairs, judges' files that crash or are edited, and what is made of them."""

import json

import pytest
from teacher_server import TeacherServer

from socratic_utils.endpoint import Endpoint
from socratic_utils.judging import (
    Judge,
    JudgingError,
    Side,
    make_pairs,
    read_judgements,
    sides,
    sides_of_chains,
)
from socratic_utils.judging_model import ask_model, read_choice
from socratic_utils.preferences import agreement, preferences
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
    with pytest.raises(ValueError, match="no problem has two different chains"):
        make_pairs(one, two, PROBLEMS, both_correct=True)
    assert make_pairs(one, two, PROBLEMS, 20, seed=1) == make_pairs(one, two, PROBLEMS)


def test_a_teachers_chain_looks_like_a_students():
    written = "A: 3 * 4 = 12\nThe answer is 12."
    row = {"id": "toy-0", "student": "cot", "output": written, "correct": True}
    chain = Chain("toy-0", "cot", (Step("", "3 * 4 = 12", "12"),), "12", "teacher")
    cut = Chain("toy-1", "cot", (Step("", "3 * 4 = 12", "12"),), None, "teacher")
    told = sides_of_chains(PROBLEMS, [chain, cut])
    assert told == {"toy-0": Side("teacher", sides([row])["toy-0"].text, True)}


def test_every_word_is_on_disk_and_a_judge_goes_on(pairs, tmp_path):
    judge = Judge("anna", pairs, tmp_path)
    orders = set()
    for count in range(1, 4):
        pair, left, right = judge.shown()
        orders.add(left.source)
        assert {left.source, right.source} == {"before", "after"}
        judge.say("left" if left.source == "after" else "right")
        assert len((tmp_path / "anna.jsonl").read_text().splitlines()) == count
    again = Judge("anna", pairs, tmp_path)
    assert len(again.waiting) == 3 and again.shown() == judge.shown()
    for _ in range(3):
        again.say("same")
    assert again.shown() is None
    with pytest.raises(JudgingError, match="anna has judged every pair"):
        again.say("left")
    rows = read_judgements(tmp_path)
    assert [row["preferred"] for row in rows] == ["after"] * 3 + ["same"] * 3


def test_the_sides_are_shuffled_for_each_judge(pairs):
    names = [f"judge {i}" for i in range(40)]
    left = [pair.left_is_first(name) for name in names for pair in pairs]
    assert 0.35 < sum(left) / len(left) < 0.65
    assert left == [pair.left_is_first(name) for name in names for pair in pairs]


def test_a_half_written_line_is_set_aside(pairs, tmp_path):
    Judge("anna", pairs, tmp_path).say("left")
    path = tmp_path / "anna.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:30])
    judge = Judge("anna", pairs, tmp_path)
    assert len(judge.waiting) == 5 and path.read_bytes() == whole
    assert path.with_suffix(".cut").read_bytes() == whole[:30]
    judge.say("right")
    assert len(read_judgements(tmp_path)) == 2


@pytest.mark.parametrize(
    "change",
    [{"preferred": "both"}, {"left": "me"}, {"seconds": "3"}, {"judge": None}],
)
def test_a_file_edited_by_hand_is_refused_and_left_alone(pairs, tmp_path, change):
    judge = Judge("anna", pairs, tmp_path)
    judge.say("left")
    judge.say("left")
    path = tmp_path / "anna.jsonl"
    first, second = path.read_text().splitlines()
    edited = json.dumps(json.loads(second) | change)
    path.write_text(f"{first}\n{edited}\n")
    with pytest.raises(JudgingError, match="anna.jsonl, line 2 is no judgement"):
        read_judgements(tmp_path)
    assert path.read_text() == f"{first}\n{edited}\n"


def test_two_judges_of_one_name(pairs, tmp_path):
    one, two = Judge("anna", pairs, tmp_path), Judge("anna", pairs, tmp_path)
    one.say("left")
    with pytest.raises(JudgingError, match="somebody else judges as anna"):
        two.say("left")
    assert len(read_judgements(tmp_path)) == 1
    (tmp_path / "anna (1).jsonl").write_bytes((tmp_path / "anna.jsonl").read_bytes())
    with pytest.raises(JudgingError, match="two judges are called anna"):
        read_judgements(tmp_path)


def test_what_cannot_be_said(pairs, tmp_path):
    with pytest.raises(JudgingError, match="choose one of left, right, same"):
        Judge("anna", pairs, tmp_path).say("middle")
    for name in ("", "../anna", "a/b", "x" * 41):
        with pytest.raises(JudgingError, match="a judge's name"):
            Judge(name, pairs, tmp_path)


# --- analysis -----------------------------------------------------------------------


def rows(judge, votes, kind="person", dataset="toy"):
    return [
        {"judge": judge, "kind": kind, "dataset": dataset, "problem": str(i),
         "first": "before", "second": "after", "preferred": vote,
         "both_correct": i == 0}
        for i, vote in enumerate(votes)
    ]  # fmt: skip


def test_shares_leave_out_what_nobody_could_tell():
    votes = ["after"] * 6 + ["before"] * 2 + ["same"] * 2
    everything, right = preferences(rows("anna", votes))
    assert (everything["n"], everything["same"], everything["second_share"]) == (
        10, 2, 0.75,
    )  # fmt: skip
    assert everything["p_value"] == 0.289062  # 6 of 8, two-sided: 74 / 256
    assert everything["alpha"] is None and right["n"] == 1


def test_several_judges_count_as_one_majority_a_pair():
    said = rows("a", ["after"] * 4) + rows("b", ["after"] * 4)
    said += rows("c", ["before"] * 4)
    line = preferences(said)[0]
    assert (line["people"], line["n"], line["pairs_decided"]) == (3, 12, 4)
    assert line["p_value"] == 0.125  # 4 of 4, not 8 of 12


def test_people_and_models_and_datasets_are_apart():
    said = rows("a", ["after"]) + rows("m", ["before"], "model")
    kinds = [line["judges"] for line in preferences(said)]
    assert kinds == ["model"] * 2 + ["person"] * 2
    said = rows("a", ["after"]) + rows("b", ["after"], dataset="other")
    assert {line["dataset"] for line in preferences(said)} == {"all", "toy", "other"}


def test_agreement_by_hand():
    """Krippendorff (2011): observed 1/4 x 2 disagreements against what chance gives."""
    said = rows("a", ["x", "x", "y", "y"]) + rows("b", ["x", "x", "y", "x"])
    # Values: x 5, y 3 of 8; pairs that differ by chance (5*3*2)/(8*7), observed 2/8.
    assert agreement(said) == round(1 - (2 / 8) / (30 / 56), 4)
    assert agreement(rows("a", ["x", "y"])) is None


# --- a model as judge ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "choice"),
    [("left", "left"), ("**Right**.", "right"), ("Same", "same"),
     ("left or right", None), ("I like both", None)],
)  # fmt: skip
def test_a_models_word(reply, choice):
    assert read_choice(reply) == choice


def test_a_model_fills_the_same_table_and_is_asked_once(pairs, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with TeacherServer(reply="left") as server:
        endpoint = Endpoint("toy/model", server.url)
        judge = ask_model(endpoint, pairs, tmp_path)
        assert judge.waiting == [] and len(server.requests) == len(pairs)
        ask_model(endpoint, pairs, tmp_path)
        assert len(server.requests) == len(pairs)
        assert "Answer with one word" in server.requests[0]["messages"][0]["content"]
        assert not any("before" in str(r) or "after" in str(r) for r in server.requests)
    found = read_judgements(tmp_path)
    assert {row["kind"] for row in found} == {"model"}
    assert all(row["preferred"] == row["left"] for row in found)
