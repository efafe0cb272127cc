"""Several processes that want the same chains pay for each once."""

import multiprocessing
import os
import time

import pytest
from teacher_server import TeacherServer

from socratic_utils.claims import LONGEST, Claims
from socratic_utils.problems import Problem
from socratic_utils.store import ReplyStore
from socratic_utils.teacher import Teacher, TeacherError

PROCESSES = multiprocessing.get_context("forkserver")  # fork alone copies locks
PROCESSES.set_forkserver_preload(["socratic_utils.teacher", "openai"])


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def problems(first, last):
    return [
        Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:04d}. How many?", "48")
        for i in range(first, last)
    ]


def ask(url, cache, first, last, pipe=None):
    teacher = Teacher("toy", url, cache, recorded=(), concurrency=8, max_retries=2)
    chains = teacher.sample(problems(first, last), temperature=1.0)
    if pipe:
        pipe.send([(chain.problem_id, chain.answer) for chain in chains])


def hold(path, keys, pipe):
    Claims(ReplyStore(path)).take(keys)
    pipe.send("taken")
    time.sleep(600)


def test_what_one_has_claimed_the_other_does_not_get(tmp_path):
    first, second = (Claims(ReplyStore(tmp_path / "r.sqlite")) for _ in range(2))
    assert first.take(["a", "b"]) == {"a", "b"}
    assert second.take(["b", "c"]) == {"c"}
    assert first.take(["b", "c"]) == {"b"}  # one's own may be taken again
    first.release()
    assert second.take(["a", "b", "c"]) == {"a", "b", "c"}


def test_the_claims_of_a_killed_process_are_over(tmp_path):
    path = tmp_path / "r.sqlite"
    ours, theirs = PROCESSES.Pipe()
    child = PROCESSES.Process(target=hold, args=(path, ["a", "b"], theirs))
    child.start()
    assert ours.recv() == "taken"
    claims = Claims(ReplyStore(path))
    assert claims.take(["a", "c"]) == {"c"}
    child.kill()
    child.join()
    assert claims.take(["a", "b"]) == {"a", "b"}


def test_another_machine_is_believed_for_an_hour(tmp_path, monkeypatch):
    far, near = (Claims(ReplyStore(tmp_path / "r.sqlite")) for _ in range(2))
    far.host = "elsewhere"
    monkeypatch.setattr(os, "getpid", lambda: 2**22 + 1)  # no process here
    assert far.take(["a"]) == {"a"}
    assert near.take(["a"]) == set()
    later = time.time() + LONGEST + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert near.take(["a"]) == {"a"}


def test_processes_that_overlap_pay_once_and_both_get_all(tmp_path):
    with TeacherServer(latency=0.05) as server:
        pipes = [PROCESSES.Pipe() for _ in range(3)]
        ranges = [(0, 80), (40, 120), (0, 120)]
        children = [
            PROCESSES.Process(target=ask, args=(server.url, tmp_path, *part, theirs))
            for part, (_, theirs) in zip(ranges, pipes, strict=True)
        ]
        for child in children:
            child.start()
        found = [ours.recv() for ours, _ in pipes]
        for child in children:
            child.join()
        sent = len(server.requests)
    for (first, last), got in zip(ranges, found, strict=True):
        assert got == [(p.id, "48") for p in problems(first, last)]
    assert sent == 120


def test_a_failed_request_is_free_for_the_next(tmp_path):
    with TeacherServer(always={"Story0003": "404"}) as server:
        with pytest.raises(TeacherError, match="does not know toy"):
            ask(server.url, tmp_path, 0, 5)
        server.always.clear()
        ask(server.url, tmp_path, 0, 5)
        assert len(server.requests) == 6
