"""One training in one process and in two: the same batches, the same losses."""

import json
import os
import subprocess
import sys

import pytest

from socratic_utils.files import project_root
from socratic_utils.runner.jobs import jobs_of
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.training.trainer import ByLength, blank, split_batch

TRAIN = """
import sys
from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Training
from socratic_utils.problems import gold_chain
from socratic_utils.students import train_student
from socratic_utils.students.supervision import SUPERVISIONS

pairs = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 78)]
training = Training(epochs=1.0, batch_size=4, learning_rate=1e-3)
train_student(sys.argv[2], pairs, SUPERVISIONS["gt_steps"], training, sys.argv[1])
"""


@pytest.mark.parametrize(
    ("batch", "processes", "largest", "wanted"),
    [
        (4, 1, 4, (4, 1)), (32, 1, 8, (8, 4)), (32, 2, 8, (8, 2)), (32, 4, 8, (8, 1)),
        (12, 1, 8, (6, 2)), (4, 2, 4, (2, 1)), (7, 1, 4, (1, 7)),
    ],
)  # fmt: skip
def test_a_step_is_the_same_on_any_machine(batch, processes, largest, wanted):
    micro, accumulated = split_batch(batch, processes, largest)
    assert (micro, accumulated) == wanted
    assert micro * accumulated * processes == batch and micro <= largest


@pytest.mark.parametrize(("batch", "processes"), [(4, 3), (2, 4)])
def test_a_batch_that_cannot_be_divided(batch, processes):
    with pytest.raises(ValueError, match=f"batch of {batch} cannot be divided among"):
        split_batch(batch, processes, 8)


def test_the_order_follows_from_seed_and_epoch_alone():
    examples = [{"input_ids": [0] * n, "labels": [0] * n}
                for n in (i % 7 + 1 for i in range(40))]  # fmt: skip
    one, other = ByLength(examples, 4, seed=3), ByLength(examples, 4, seed=3)
    first = list(one)
    assert first == list(other) and sorted(first) == list(range(40))
    one.set_epoch(1)
    assert list(one) != first
    one.set_epoch(0)
    assert list(one) == first
    assert list(ByLength(examples, 4, seed=4)) != first
    filled = ByLength([*examples, blank(examples[0])], 4, seed=3)
    assert list(filled) == [*first, 40] and len(filled) == 41


def losses(folder, processes):
    [path] = folder.glob("gt_steps-*/training.json")
    record = json.loads(path.read_text("utf-8"))
    assert record["processes"] == processes
    return [row["loss"] for row in record["losses"]]


def test_twenty_steps_in_one_process_and_in_two(tmp_path):
    model, tokenizer = load_pretrained("tiny")
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        setattr(model.config, name, 0.0)  # every process draws its own
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    script = tmp_path / "train.py"
    script.write_text(TRAIN, "utf-8")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(project_root()),
    }
    alone = [sys.executable]
    # Its --cpu knows one process only; what it starts for GPUs finds no GPU here.
    both = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu",
            "--num_machines", "1", "--num_processes", "2", "--mixed_precision", "no",
            "--dynamo_backend", "no", "--main_process_port", "0"]  # fmt: skip
    for name, command in {"one": alone, "two": both}.items():
        done = subprocess.run(
            [*command, str(script), str(tmp_path / name), str(tmp_path / "base")],
            env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    one, two = losses(tmp_path / "one", 1), losses(tmp_path / "two", 2)
    assert len(one) == 10  # a line for every second step
    assert one[0] > one[-1]  # it did learn
    assert two == pytest.approx(one, rel=1e-4)
    assert "step 20/20" in done.stdout and done.stdout.count("step 20/20") == 1


def test_a_list_of_jobs_asks_nobody(settings, capsys):
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
    assert jobs.told(job) == f"chains_02, {job.name}: done"
    assert jobs.told(found["chains_01"]).endswith(": to be trained")
    other = found["pool_balanced"]
    assert other.run().name == other.name != found["chains_02"].name
    # A pool is told to be empty where it is, and is no job that waits for ever.
    empty = jobs.Job({"scale": "smoke", "counts": (0, 2)}, "chains_00")
    assert empty.is_done and "no chain to learn from" in jobs.told(empty)
    with pytest.raises(ValueError, match="chains_00: this teacher's chains make no"):
        empty.run()
    several = replace(settings, many=replace(settings.many, balanced=True))
    one, _, together = many_chains.lesson(several, counts["chains_02"])
    other, _, _ = many_chains.lesson(settings, counts["chains_02"])
    assert len(one) != len(other) and together == 1


def test_pools_of_chains_that_nobody_has_yet_are_listed_and_not_asked_for(
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
