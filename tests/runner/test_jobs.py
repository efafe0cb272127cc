"""Trainings as jobs: what a run trains, what is done, what waits for chains."""

import pytest

from socratic_utils.runner.jobs import jobs_of


def test_a_list_of_jobs_asks_no_teacher(settings, capsys):
    from socratic_utils.runner import jobs

    nobody = ["smoke", "--teacher", "gpt-4.1-mini"]
    assert jobs.main(nobody) == 0
    assert "cot: its chains are not on disk" in capsys.readouterr().out
    assert jobs.main([*nobody, "--model", "cot"]) == 2  # no key, one sentence
    assert capsys.readouterr().err.startswith("jobs: ")


def test_the_jobs_of_a_run(settings, capsys):
    from socratic_utils.runner import jobs

    options = {"scale": "smoke"}
    found = jobs_of(options, seeds=(0, 1))
    assert [job.model for job in found[:6]] == [
        "answer_only", "gt_steps", "cot", "socratic_unified", "qg", "qa",
    ]  # fmt: skip
    assert len({job.name for job in found[:12]}) == 12
    extra = [job.model for job in found[12:]]  # of the ablations, for one seed
    assert {job.settings.seed for job in found[12:]} == {0}
    assert {"qg_sees_solutions", "planner_steps", "no_subquestions"} <= set(extra)
    assert len(extra) == len(set(extra)) and not {"qg", "qa"} & set(extra)
    assert [job.model for job in jobs_of({"scale": "small"})][-1] == "qa"
    assert extra[-7:] == [  # notebooks 10 and 11 are part of a smoke run
        "chains_01", "chains_02", "pool_balanced", "filter_random",
        "filter_diversity", "filter_likelihood", "filter_open_endedness",
    ]  # fmt: skip
    assert not found[0].is_done
    assert jobs.main(["smoke", "--model", "answer_only"]) == 0
    assert found[0].is_done and not found[6].is_done  # seed 1 is another folder
    capsys.readouterr()
    assert jobs.main(["smoke"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(": done") and lines[1].endswith(": to be trained")
    assert jobs.main(["smoke", "--model", "gt_steps", "--dry-run"]) == 0
    assert not found[1].is_done
    assert jobs.main(["smoke", "--model", "nobody"]) == 2
    assert "choose from answer_only" in capsys.readouterr().err


def test_a_pools_job_trains_the_student_that_its_notebook_finds(settings, capsys):
    from dataclasses import replace

    from socratic_utils.experiments import many_chains, sampling
    from socratic_utils.runner import jobs
    from socratic_utils.students.training.train import training_record

    found = {job.model: job for job in jobs_of({"scale": "smoke"})}
    job = found["chains_02"]
    assert not job.is_done and not found["filter_random"].is_done
    folder = job.run()
    assert job.is_done and folder.name == job.name
    assert training_record(folder)["steps"] == settings.many.steps
    counts = many_chains.by_count(settings, *sampling.sampled(settings))
    capsys.readouterr()
    assert many_chains.train(settings, counts["chains_02"]) == folder
    assert "already trained" in capsys.readouterr().out
    assert jobs.status(job) == f"chains_02, {job.name}: done"
    assert jobs.status(found["chains_01"]).endswith(": to be trained")
    other = found["pool_balanced"]
    assert other.run().name == other.name != found["chains_02"].name
    # An empty pool is reported as such, and is not a job that waits forever.
    empty = jobs.Job({"scale": "smoke", "counts": (0, 2)}, "chains_00")
    assert empty.is_done and "no chain to learn from" in jobs.status(empty)
    with pytest.raises(ValueError, match="chains_00: this teacher's chains make no"):
        empty.run()
    several = replace(settings, many=replace(settings.many, balanced=True))
    one, _ = many_chains.lesson(several, counts["chains_02"])
    other, _ = many_chains.lesson(settings, counts["chains_02"])
    assert len(one) != len(other)


def test_pools_of_missing_chains_are_listed_and_not_asked_for(
    settings, capsys, monkeypatch
):
    from socratic_utils.runner import jobs
    from tests.helpers.teacher_server import TeacherServer

    with TeacherServer() as server:
        words = ["smoke", "--teacher", "toy", "--teacher-url", server.url]
        assert jobs.main(words) == 0
        assert not server.requests
    said = capsys.readouterr().out
    assert "chains_02: its chains are not on disk, notebook 10 asks for them" in said


def test_one_filter_alone_is_what_it_is_among_the_others(settings):
    from socratic_utils.experiments import many_chains, sampling

    sampled = sampling.sampled(settings)
    filters = many_chains.by_filter(settings, *sampled)
    assert list(filters) == many_chains.pool_names(settings)[3:]
    for name, pool in filters.items():
        assert many_chains.pool_of(settings, name) == pool
