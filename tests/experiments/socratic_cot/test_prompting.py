"""Prompting in two stages (Socratic CoT, Table 3), against a real HTTP server."""

from socratic_utils import config
from socratic_utils.experiments import saved
from socratic_utils.experiments.socratic_cot import ablations, prompting
from socratic_utils.problems import Problem
from socratic_utils.teacher.teacher import Teacher
from tests.helpers.teacher_server import TeacherServer

PROBLEMS = [
    Problem("p", "gradeschool", "test", "A baker makes 4 trays of 12 rolls.", "48"),
    Problem("o", "gradeschool", "test", "How many legs have 12 dogs?", "24"),
]
REPLY = "Q1: How many rolls?\nA1: She makes 4 * 12 = 48 rolls.\nThe answer is 48."


def asked(server):
    return [request["messages"] for request in server.requests]


def test_questions_come_first_and_are_given_back(tmp_path):
    with TeacherServer(reply=REPLY) as server:
        teacher = Teacher("toy", server.url, tmp_path, recorded=())
        rows = prompting.prompted_rows(teacher, PROBLEMS)
        known = len(server.requests)
        assert prompting.prompted_rows(teacher, PROBLEMS) == rows
    assert len(server.requests) == known == 6  # CoT, questions, solutions: two each
    assert all(len(messages) == 4 for messages in asked(server))  # one exemplar
    second = [m[-1]["content"] for m in asked(server) if "Questions:" in str(m[-1])]
    assert sorted(second) == [
        "Problem: A baker makes 4 trays of 12 rolls.\nQuestions:\nQ1: How many rolls?",
        "Problem: How many legs have 12 dogs?\nQuestions:\nQ1: How many rolls?",
    ]
    table = prompting.compare(rows)
    assert list(table["prompt"]) == ["CoT", "sub-questions"]
    assert list(table["correct"]) == [1, 1] and set(table["p_value"]) == {1.0}


def test_without_a_question_there_is_no_second_stage(tmp_path):
    with TeacherServer(reply="She makes 4 * 12 = 48.\nThe answer is 48.") as server:
        teacher = Teacher("toy", server.url, tmp_path, recorded=())
        chains = prompting.in_two_stages(teacher, PROBLEMS)
    assert [chain.answer for chain in chains] == [None, None]
    assert len(server.requests) == 2


def test_the_recorded_teacher_answers_at_small_without_a_server(tmp_path, monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    settings = config.load("small")
    table = prompting.table(settings, ablations.problems_of(settings))
    assert list(table["prompt"]) == ["CoT", "sub-questions"]
    assert list(table["n"]) == [200, 200]
    rows = saved.rows_over_seeds(settings, prompting.EXPERIMENT)
    assert len(rows) == 400 and all(row["family"] for row in rows)
    committed = saved.rows_on_disk(
        config.load("small", reuse="reference"), prompting.EXPERIMENT
    )
    if committed:  # once 06 is
        assert [row["correct"] for row in rows] == [r["correct"] for r in committed]
    path = settings.folder / "predictions" / prompting.EXPERIMENT
    [written] = [file.stat().st_mtime_ns for file in path.iterdir()]
    prompting.table(settings, ablations.problems_of(settings))
    assert [file.stat().st_mtime_ns for file in path.iterdir()] == [written]
