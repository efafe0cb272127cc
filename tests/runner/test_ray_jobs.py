"""Trainings on a local Ray cluster of two nodes, one of whose workers is killed."""

import json
import os
import signal
import threading
import time

import psutil
import pytest

from socratic_utils import config
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.trainings import TrainingJob
from socratic_utils.runner import jobs

OPTIONS = {"scale": "smoke", "epochs": 120}


def test_without_ray_one_sentence_says_what_to_install(settings, monkeypatch):
    import builtins

    real = builtins.__import__

    def no_ray(name, *args, **kwargs):
        if name == "ray":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_ray)
    with pytest.raises(RuntimeError, match='not installed: pip install "ray'):
        jobs.run_on_ray(jobs.jobs_of({"scale": "smoke"}))


@pytest.fixture
def cluster():
    pytest.importorskip("ray")
    import ray
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    found.add_node(num_cpus=1)
    yield found
    ray.shutdown()
    found.shutdown()


def training_workers():
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any("ray::_train" in part for part in process.info["cmdline"] or ()):
            found.append(process.pid)
    return found


def test_every_job_is_done_though_a_worker_is_killed(settings, cluster, capsys):
    chosen = [
        job for job in jobs.jobs_of(OPTIONS) if job.model in ("answer_only", "gt_steps")
    ]
    students = settings.folder / "students"
    killed, over = [], threading.Event()

    def kill_one_in_mid_training():
        while not (killed or over.is_set()):  # a busy machine takes its time
            begun = any(students.glob("*/checkpoints/checkpoint-*/trainer_state.json"))
            for pid in training_workers() if begun else ():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                break
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one_in_mid_training)
    killer.start()
    try:
        twice = [*chosen, chosen[0]]  # two arms may share a student
        assert jobs.run_on_ray(twice, cluster.address) == 2
    finally:
        over.set()
        killer.join()
    assert killed
    assert all(job.is_done for job in chosen)
    for job in chosen:
        record = json.loads((students / job.name / "training.json").read_text("utf-8"))
        assert record["losses"][-1]["step"] == 360  # 12 problems, 4 a step, 120 times
    assert "2 trainings on 2 nodes" in capsys.readouterr().out
    assert jobs.run_on_ray(chosen, cluster.address) == 0  # nothing is done twice


def test_a_job_that_fails_is_reported_and_the_others_are_done(settings, cluster):
    good = next(job for job in jobs.jobs_of(OPTIONS) if job.model == "answer_only")

    class Bad(TrainingJob):
        is_done = False

    bad = config.load(**OPTIONS, student="/no/such/model")
    bad = Bad(bad, main_arm("gt_steps"), "gt_steps")
    with pytest.raises(RuntimeError, match="1 of 2 trainings failed"):
        jobs.run_on_ray([bad, good], cluster.address)
    assert good.is_done
