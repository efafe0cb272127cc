"""A language model as a judge."""

from dataclasses import replace

import pytest

from socratic_utils.experiments.human_judgement import (
    Judge,
    read_judgements,
)
from socratic_utils.experiments.human_judgement.model_judge import (
    _jobs,
    ask_model,
    estimate_cost,
    judge_of,
    read_choice,
)
from socratic_utils.experiments.human_judgement.preferences import preferences
from socratic_utils.teacher.teacher import Teacher
from tests.helpers.judging import PROBLEMS, pairs_of
from tests.helpers.teacher_server import TeacherServer


@pytest.fixture
def pairs():
    return pairs_of(PROBLEMS)


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
        plan = estimate_cost(teacher, pairs, folder)
        assert plan.requests == len(pairs) and 0 < plan.dollars < 0.1
        assert not server.requests and not folder.exists()
        ask_model(teacher, pairs, folder)
        assert {r["model"] for r in server.requests} == {"gpt-4.1-mini"}
        assert estimate_cost(teacher, pairs, folder).requests == 0
        again = tmp_path / "again"  # nothing judged there, every reply in the cache
        assert estimate_cost(teacher, pairs, again).requests == 0
    assert teacher.max_cost == 5.0 and settings.teacher != "gpt-4.1-mini"
    for name in ("anna", "bert"):
        person = Judge(name, pairs, folder)
        for _ in pairs:
            person.record("left")
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
        assert f"{len(pairs)} pairs are skipped" in capsys.readouterr().out
        asked = len(server.requests)
        ask_model(teacher, pairs, tmp_path)
        assert len(server.requests) == asked + 1  # the refused one alone


def test_models_with_long_names_have_files_of_their_own(pairs, tmp_path):
    names = {
        _jobs(Teacher(f"organisation/a-model-with-a-rather-long-name-{end}",
                      cache_dir=None, recorded=()), pairs, tmp_path)[0].name
        for end in ("v1", "v2")
    }  # fmt: skip
    assert len(names) == 2
