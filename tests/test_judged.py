"""What a run gives people to judge."""

from dataclasses import replace

import pytest

from socratic_utils import config, corpus, judged
from socratic_utils.benchmarks import load_problems
from socratic_utils.corpus import spread


def test_the_teachers_chains_on_test_problems_are_recorded():
    settings = config.load("small")
    problems = corpus.test_problems(settings)
    chains = judged.teachers_chains(settings, problems)
    wanted = spread(problems, 60)
    assert [chain.problem_id for chain in chains] == [p.id for p in wanted]
    published = replace(settings, teacher="palm-540b")
    assert judged.teachers_chains(published, problems) == []


def test_each_problem_is_read_once_and_nobody_sees_whose_it_is(monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, "")
    settings = config.load("small")
    problems = corpus.test_problems(settings)
    rows = [
        {"id": p.id, "output": f"A: {p.id}\nThe answer is 1.", "correct": False}
        for p in problems
    ]

    def score(settings, student, split):
        lines = [row | {"student": student} for row in rows]
        return [row | {"output": student + row["output"]} for row in lines]

    monkeypatch.setattr(judged, "score", score)
    pairs = judged.pairs_of_run(settings, 20)
    assert len(pairs) == len({pair.problem_id for pair in pairs}) == 20
    against = [pair.first.source for pair in pairs]
    assert against.count("gt_steps") == against.count("teacher") == 10
    assert against not in (sorted(against), sorted(against, reverse=True))
    assert {pair.second.source for pair in pairs} == {"cot"}
    known = {problem.id for problem in load_problems("gradeschool", "test")}
    assert {pair.problem_id for pair in pairs} <= known


def test_without_two_sources_there_is_nothing_to_judge(monkeypatch):
    settings = replace(config.load("small"), teacher="palm-540b")
    monkeypatch.setattr(judged, "score", lambda *_: [])
    monkeypatch.setattr(judged, "is_taught", lambda *_: False)
    with pytest.raises(ValueError, match="nothing to compare"):
        judged.pairs_of_run(settings)


def test_the_untrained_student_is_judged_where_notebook_11_was_run(settings):
    from socratic_utils import prompted

    without = judged.pairs_of_run(settings)
    assert not judged.rows_before(settings)
    prompted.score(settings, prompted.ways(settings)[1])
    assert len(judged.rows_before(settings)) == settings.many.test_limit
    pairs = judged.pairs_of_run(settings)
    assert "before" in {pair.first.source for pair in pairs}
    assert len({pair.problem_id for pair in pairs}) == len(pairs)
    assert {"before"} == {p.first.source for p in pairs} - {
        p.first.source for p in without
    }
    other = replace(settings, max_resamples=1)  # its rows are not this run's
    assert not judged.rows_before(other)
