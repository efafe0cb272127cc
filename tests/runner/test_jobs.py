"""Trainings as jobs: what a run trains, what is done, what waits for chains."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.experiments.trainings import TrainingJob, train
from socratic_utils.runner import jobs
from socratic_utils.runner.jobs import jobs_of, name_of
from socratic_utils.students.training.train import training_record
from tests.helpers.teacher_server import TeacherServer


def test_a_list_of_jobs_asks_no_teacher(settings, capsys):
    words = ["smoke", "--teacher", "gpt-4.1-mini"]
    assert jobs.main(words) == 0
    assert "cot: its chains are not on disk" in capsys.readouterr().out
    assert jobs.main([*words, "--model", "cot"]) == 2  # no key, one sentence
    assert capsys.readouterr().err.startswith("jobs: ")


def test_the_jobs_of_a_run(settings, capsys):
    options = {"scale": "smoke"}
    found = jobs_of(options, seeds=(0, 1))
    assert [job.model for job in found[:6]] == [
        "answer_only", "gt_steps", "cot", "socratic_unified", "qg", "qa",
    ]  # fmt: skip
    assert len({job.name for job in found[:12]}) == 12
    extra = [name_of(job) for job in found[12:]]  # of the ablations, for one seed
    assert {job.settings.seed for job in found[12:]} == {0}
    assert {"qg_sees_solutions", "planner_steps", "no_subquestions"} <= set(extra)
    assert len(extra) == len(set(extra)) and not {"qg", "qa"} & set(extra)
    assert [name_of(job) for job in jobs_of({"scale": "small"})][-1] == "qa"
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
    capsys.readouterr()
    assert jobs.main(["smoke", "--seeds", "3", "--model", "answer_only"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 3 and found[6].is_done
    assert jobs.main(["smoke", "--seeds", "3", "--seed", "1"]) == 2
    assert jobs.main(["smoke", "--model", "no_such"]) == 2
    assert "choose from answer_only" in capsys.readouterr().err


def test_a_pools_job_trains_the_student_that_its_notebook_finds(settings):
    found = {name_of(job): job for job in jobs_of({"scale": "smoke"})}
    job = found["chains_02"]
    assert not job.is_done and not found["filter_random"].is_done
    folder = job.run()
    assert job.is_done and folder.name == job.name
    assert training_record(folder)["steps"] == settings.many.steps
    made = (folder / "training.json").stat().st_mtime_ns
    assert train(settings, many_chains.whole_pool(settings)) == [folder]
    assert (folder / "training.json").stat().st_mtime_ns == made
    assert jobs.status(job) == f"chains_02, {job.name}: done"
    assert jobs.status(found["chains_01"]).endswith(": to be trained")
    other = found["pool_balanced"]
    assert other.run().name == other.name != found["chains_02"].name
    pairs = [len(each.pairs_and_recipe[0]) for each in (job, other)]
    assert pairs[0] != pairs[1]


def test_an_empty_pool_is_reported_and_is_no_job_that_waits_forever(settings):
    none = config.load("smoke", counts=(0, 2))
    arm = many_chains.arms(none)[0]
    empty = TrainingJob(none, arm, "cot")
    assert empty.is_done
    wanted = "chains_00: skipped, there is no chain to learn from"
    assert jobs.status(empty) == wanted
    with pytest.raises(ValueError):
        empty.run()


def test_chains_that_are_not_on_disk_are_listed_and_not_asked_for(settings, capsys):
    with TeacherServer() as server:
        words = ["smoke", "--teacher", "toy", "--teacher-url", server.url]
        assert jobs.main(words) == 0
        assert not server.requests
    said = capsys.readouterr().out
    assert "chains_02: its chains are not on disk, notebook 10 asks for them" in said


def test_a_jobs_seed_is_in_its_name(settings):
    job = jobs_of({"scale": "smoke"})[0]
    other = TrainingJob(replace(job.settings, seed=1), job.arm, job.model)
    assert other.name != job.name
