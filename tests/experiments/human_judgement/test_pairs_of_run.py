"""What a run gives people to judge."""

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.experiments import corpus, data, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.data import spread
from socratic_utils.experiments.human_judgement import pairs
from socratic_utils.problems import Chain
from socratic_utils.runner import schedule as programme
from socratic_utils.teacher import published as published_teacher
from tests.helpers.teacher_server import TeacherServer


def test_the_teachers_chains_on_test_problems_are_recorded():
    settings = config.load("small")
    problems = data.test_problems(settings)
    chains = pairs.teachers_chains(settings, problems)
    wanted = spread(problems, 60)
    assert [chain.problem_id for chain in chains] == [p.id for p in wanted]
    published = replace(settings, teacher="palm-540b")
    assert pairs.teachers_chains(published, problems) == []


def test_each_problem_is_read_once_and_nobody_sees_whose_it_is(monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, "")
    settings = config.load("small")
    problems = data.test_problems(settings)
    rows = [
        {"id": p.id, "output": f"A: {p.id}\nThe answer is 1.", "correct": i % 2 == 0}
        for i, p in enumerate(problems)
    ]

    def on_disk(settings, arm, needed=False):
        student = arm.name
        lines = [row | {"student": student} for row in rows if needed]
        return [row | {"output": student + row["output"]} for row in lines]

    monkeypatch.setattr(pairs, "arm_rows_on_disk", on_disk)
    found = pairs.pairs_of_run(settings, 20)
    assert len(found) == len({pair.problem_id for pair in found}) == 20
    against = [pair.first.source for pair in found]
    assert against.count("gt_steps") == against.count("teacher") == 10
    assert against not in (sorted(against), sorted(against, reverse=True))
    wrong = [not (pair.first.correct or pair.second.correct) for pair in found]
    assert wrong == sorted(wrong)
    assert {pair.second.source for pair in found} == {"cot"}
    known = {problem.id for problem in load_problems("gradeschool", "test")}
    assert {pair.problem_id for pair in found} <= known


def test_without_two_sources_there_is_nothing_to_judge(monkeypatch):
    settings = replace(config.load("small"), teacher="palm-540b")
    monkeypatch.setattr(pairs, "arm_rows_on_disk", lambda *_: [])
    monkeypatch.setattr(corpus, "can_teach", lambda _, models: "gt_steps" not in models)
    with pytest.raises(ValueError, match="nothing to compare"):
        pairs.pairs_of_run(settings)


def test_the_untrained_student_is_judged_where_notebook_11_was_run(settings):
    from socratic_utils.experiments.scotd import prompted_student

    with pytest.raises(ValueError, match="no rows of cot .*: first run notebook 03"):
        pairs.pairs_of_run(settings)
    assert not list(settings.folder.glob("students/*"))  # nothing was trained
    stages.score_all(settings, [main_arm("cot"), main_arm("gt_steps")])
    without = pairs.pairs_of_run(settings)
    assert not pairs.rows_before(settings)
    stages.score(settings, prompted_student.arms(settings)[1])
    assert len(pairs.rows_before(settings)) == settings.many.test_limit
    found = pairs.pairs_of_run(settings)
    assert "before" in {pair.first.source for pair in found}
    assert len({pair.problem_id for pair in found}) == len(found)
    assert {"before"} == {p.first.source for p in found} - {
        p.first.source for p in without
    }
    other = replace(settings, max_resamples=1)  # its rows are not this run's
    assert not pairs.rows_before(other)


NOTEBOOK = Path("14_human_judgement.ipynb")
CHAIN = "She makes 4 * 12 = 48 rolls.\nThe answer is 48."


def live(settings, server):
    return replace(settings, teacher="toy", teacher_url=server.url)


def test_a_live_teacher_is_asked_about_the_judged_problems_only(settings):
    settings = replace(settings, test_limit=30)
    problems = data.test_problems(settings)
    with TeacherServer(reply=CHAIN) as server:
        asking = live(settings, server)
        chains = pairs.teachers_chains(asking, problems)
        assert [c.problem_id for c in chains] == [p.id for p in spread(problems, 20)]
        assert {p.split for p in problems} == {"test"}
        assert all(chain.steps and chain.answer == "48" for chain in chains)
        assert len(server.requests) == 20
        assert pairs.teachers_chains(asking, problems) == chains
        assert len(server.requests) == 20  # none is paid for twice
        assert len(pairs.teachers_chains(asking, problems, 5)) == 5
    # Whoever judges later finds them, though nobody can be asked any more.
    gone = replace(asking, teacher_url="")
    assert {c.problem_id for c in pairs.teachers_chains(gone, problems)} >= {
        c.problem_id for c in chains
    }


def test_student_against_teacher_where_the_benchmark_has_no_steps(
    settings, monkeypatch
):
    """As on all of SCoTD's benchmarks."""
    monkeypatch.setattr(corpus, "can_teach", lambda _, models: "gt_steps" not in models)
    problems = data.test_problems(settings)
    rows = [
        {"id": p.id, "output": f"A: {p.id}\nThe answer is 1.", "correct": False,
         "student": "cot"} for p in problems
    ]  # fmt: skip
    on_disk = {2: [], 3: rows}  # of the untrained student none; the student's
    monkeypatch.setattr(pairs, "arm_rows_on_disk", lambda *given: on_disk[len(given)])
    with TeacherServer(reply=CHAIN) as server:
        asking = live(settings, server)
        assert programme.why_left_out(asking, NOTEBOOK) == ""
        assert not server.requests  # nobody is asked to know that
        found = pairs.pairs_of_run(asking)
    assert len(found) == len(problems)
    assert {p.first.source for p in found} == {"teacher"}
    assert {p.second.source for p in found} == {"cot"}
    assert {p.problem_id for p in found} == {p.id for p in problems}


def test_nobody_to_compare_with_leaves_the_notebook_out(settings, monkeypatch):
    assert programme.why_left_out(settings, NOTEBOOK) == ""
    monkeypatch.setattr(corpus, "can_teach", lambda _, models: "gt_steps" not in models)
    # The recorded teacher has chains on test problems, another one has not.
    assert programme.why_left_out(settings, NOTEBOOK) == ""
    unknown = replace(settings, teacher="nobody")
    reason = programme.why_left_out(unknown, NOTEBOOK)
    assert "notebook 13 has not been run" in reason and "\n" not in reason
    monkeypatch.setattr(pairs, "rows_before", lambda _: [{"id": "x"}])
    assert programme.why_left_out(unknown, NOTEBOOK) == ""


def test_of_reused_rows_the_students_must_have_been_committed():
    small = config.load("small", reuse="reference")
    assert programme.why_left_out(small, NOTEBOOK) == ""
    smoke = config.load("smoke", reuse="reference")
    assert "no rows" in programme.why_left_out(smoke, NOTEBOOK)


def test_published_chains_on_test_problems_are_judged(settings, monkeypatch):
    problems = data.test_problems(settings)
    known = {p.id: Chain(p.id, "cot", (), "1", "someone") for p in problems}
    asked = []

    def published(*which):
        asked.append(which)
        return known

    source = SimpleNamespace(offered={("gradeschool", "cot"): ("train", "test")})
    for module in (pairs, data):
        monkeypatch.setattr(module, "CORPORA", {"someone": source})
    monkeypatch.setattr(published_teacher, "published", published)
    theirs = replace(settings, teacher="someone")
    assert pairs.teachers_chains(theirs, problems) == list(known.values())
    assert set(asked) == {("someone", "gradeschool", "test", "cot")}
    source.offered["gradeschool", "cot"] = ("train",)
    assert pairs.teachers_chains(theirs, problems) == []


@pytest.mark.skipif(
    not os.environ.get("SOCRATIC_DATA_DIR"), reason="needs SOCRATIC_DATA_DIR"
)
def test_palms_chains_on_svamps_test_problems(settings):
    theirs = config.load("small", dataset="svamp", teacher="palm-540b")
    problems = data.test_problems(theirs)
    chains = pairs.teachers_chains(theirs, problems)
    assert len(chains) > 0.9 * len(problems)
    assert {c.problem_id for c in chains} <= {p.id for p in problems}
    assert programme.why_left_out(theirs, NOTEBOOK) == ""
