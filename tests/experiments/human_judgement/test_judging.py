"""Pairs, judges' files that crash or are edited, and what is made of them."""

import json
from dataclasses import replace

import pytest

from socratic_utils.experiments.human_judgement.judging import (
    Judge,
    JudgingError,
    Side,
    about,
    make_pairs,
    read_judgements,
    sides,
    sides_of_chains,
)
from socratic_utils.experiments.human_judgement.judging_model import (
    ask_model,
    judge_of,
    planned,
    read_choice,
)
from socratic_utils.experiments.human_judgement.preferences import (
    agreement,
    preferences,
)
from socratic_utils.problems import Chain, Problem, Step
from socratic_utils.teacher.teacher import Teacher
from tests.helpers.teacher_server import TeacherServer

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
    left = [pair.sides(name)[0] is pair.first for name in names for pair in pairs]
    assert 0.35 < sum(left) / len(left) < 0.65
    assert left == [p.sides(name)[0] is p.first for name in names for p in pairs]


def test_a_half_written_line_is_set_aside(pairs, tmp_path):
    Judge("anna", pairs, tmp_path).say("left")
    path = tmp_path / "anna.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:30])
    assert len(read_judgements(tmp_path)) == 1
    assert path.read_bytes() == whole + whole[:30]  # counting changes nothing
    judge = Judge("anna", pairs, tmp_path)
    assert len(judge.waiting) == 5 and path.read_bytes() == whole
    assert [p.read_bytes() for p in tmp_path.glob("*.cut")] == [whole[:30]]
    judge.say("right")
    assert len(read_judgements(tmp_path)) == 2


def test_an_editor_that_drops_the_last_line_end_costs_nothing(pairs, tmp_path):
    Judge("anna", pairs, tmp_path).say("left")
    path = tmp_path / "anna.jsonl"
    path.write_bytes(path.read_bytes().rstrip())
    assert len(read_judgements(tmp_path)) == 1
    Judge("anna", pairs, tmp_path).say("right")
    assert len(read_judgements(tmp_path)) == 2


def test_words_on_other_texts_do_not_count(pairs, tmp_path, capsys):
    Judge("anna", pairs, tmp_path).say("left")
    second = replace(pairs[0].second, text="A: trained anew")
    anew = [replace(pairs[0], second=second), *pairs[1:]]
    assert len(Judge("anna", anew, tmp_path).waiting) == len(anew)
    rows = read_judgements(tmp_path)
    assert about(rows, pairs) == rows and about(rows, anew) == []
    assert "1 judgements are of other chains" in capsys.readouterr().out


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
    assert (line["second_share"], line["ci_low"]) == (1.0, 0.5101)
    divided = preferences(said[:4] + said[8:])[0]
    assert divided["pairs_decided"] == 0 and divided["p_value"] is None


def test_people_and_models_and_datasets_are_apart():
    said = rows("a", ["after"]) + rows("m", ["before"], "model")
    kinds = [line["judges"] for line in preferences(said)]
    assert kinds == ["model"] * 2 + ["person"] * 2
    said = rows("a", ["after"]) + rows("b", ["after"], dataset="other")
    assert {line["dataset"] for line in preferences(said)} == {"all", "toy", "other"}


def test_agreement_by_hand():
    """Observed disagreement against that of values drawn by chance."""
    a, b, same = "before", "after", "same"
    said = rows("a", [a, a, b, b]) + rows("b", [a, a, b, a])
    # Of the 8 values 5 are a and 3 are b: 30 of 56 drawn pairs differ, 2 of 8 did.
    assert agreement(said) == round(1 - (2 / 8) / (30 / 56), 4)
    assert agreement(rows("a", [a, b])) is None
    # Judges that share one pair only, and agree on it, say nothing of chance.
    apart = rows("a", [a, a]) + [rows("b", [a])[0], rows("b", [a, a, b])[2]]
    assert agreement(apart) is None
    # A problem in two comparisons is two pairs.
    other = [row | {"first": "teacher"} for row in rows("a", [same] * 4)]
    assert agreement(said + other) == agreement(said)


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
        teacher = Teacher("toy/model", server.url, tmp_path / "store", recorded=())
        judge = ask_model(teacher, pairs, tmp_path)
        assert judge.waiting == [] and len(server.requests) == len(pairs)
        ask_model(teacher, pairs, tmp_path)
        assert len(server.requests) == len(pairs)
        assert "Answer with one word" in server.requests[0]["messages"][0]["content"]
        assert not any("before" in str(r) or "after" in str(r) for r in server.requests)
    found = read_judgements(tmp_path)
    assert {row["kind"] for row in found} == {"model"}
    assert all(row["preferred"] == row["left"] for row in found)


def test_the_runs_own_client_is_the_judges(pairs, settings, tmp_path, monkeypatch):
    """Same address, store and budget; the cost is told before anything is asked."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    folder = tmp_path / "judgements"
    with TeacherServer(reply="right") as server:
        settings = replace(settings, teacher_url=server.url, max_cost=5.0)
        teacher = judge_of(settings, "gpt-4.1-mini")
        plan = planned(teacher, pairs, folder)
        assert plan.requests == len(pairs) and 0 < plan.dollars < 0.1
        assert not server.requests and not folder.exists()
        ask_model(teacher, pairs, folder)
        assert {r["model"] for r in server.requests} == {"gpt-4.1-mini"}
        assert planned(teacher, pairs, folder).requests == 0
    assert teacher.max_cost == 5.0 and settings.teacher != "gpt-4.1-mini"
    for name in ("anna", "bert"):
        person = Judge(name, pairs, folder)
        for _ in pairs:
            person.say("left")
    table = preferences(read_judgements(folder))
    lines = [(x["judges"], x["people"], x["n"]) for x in table if x["subset"] == "all"]
    assert lines == [("model", 1, len(pairs)), ("person", 2, 2 * len(pairs))]
    with pytest.raises(ValueError, match="palm-540b is published chains"):
        judge_of(settings, "palm-540b")


def test_what_a_model_does_not_judge_is_left_out_and_not_paid_again(
    pairs, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with TeacherServer(["filter"], reply="left, or right?") as server:
        teacher = Teacher("toy", server.url, tmp_path / "store", recorded=())
        assert len(ask_model(teacher, pairs, tmp_path).waiting) == len(pairs)
        assert f"{len(pairs)} pairs are left out" in capsys.readouterr().out
        asked = len(server.requests)
        ask_model(teacher, pairs, tmp_path)
        assert len(server.requests) == asked + 1  # the refused one alone
