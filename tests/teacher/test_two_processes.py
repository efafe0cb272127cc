"""Several processes that want the same chains pay for each once."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from socratic_utils.problems import Problem
from socratic_utils.teacher.cache import ReplyStore
from socratic_utils.teacher.endpoint.errors import RefusedError, TeacherError
from socratic_utils.teacher.teacher import STORE_NAME, Teacher
from tests.helpers.teacher_server import TeacherServer

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


def hold(path, pipe):
    with ReplyStore(path).lock():
        pipe.send("held")
        time.sleep(600)


def start_holder(path):
    ours, theirs = PROCESSES.Pipe()
    child = PROCESSES.Process(target=hold, args=(path, theirs))
    child.start()
    assert ours.recv() == "held"
    return child


def test_the_second_waits_for_the_first_and_says_so_once(tmp_path, capsys):
    child = start_holder(tmp_path / STORE_NAME)
    with TeacherServer() as server:
        second = threading.Thread(target=ask, args=(server.url, tmp_path, 0, 3))
        second.start()
        second.join(timeout=1.0)
        assert second.is_alive() and server.requests == []
        child.kill()  # the operating system releases the lock of a dead process
        second.join(timeout=30)
        assert len(server.requests) == 3
    child.join()
    assert capsys.readouterr().out.count("waiting for it") == 1


def test_what_is_known_is_read_while_another_process_asks(tmp_path):
    with TeacherServer() as server:
        ask(server.url, tmp_path, 0, 3)
        child = start_holder(tmp_path / STORE_NAME)
        ask(server.url, tmp_path, 0, 3)  # nothing to ask, so nothing to wait for
        assert len(server.requests) == 3
    child.kill()
    child.join()


def test_a_zombie_holds_no_lock(tmp_path):
    child = start_holder(tmp_path / STORE_NAME)
    os.kill(child.pid, signal.SIGKILL)
    with TeacherServer() as server:  # before the child is waited for
        ask(server.url, tmp_path, 0, 1)
    child.join()


def test_threads_that_share_a_teacher_without_a_cache_pay_once():
    with TeacherServer(latency=0.05) as server:
        teacher = Teacher("toy", server.url, None, recorded=())
        threads = [
            threading.Thread(target=teacher.sample, args=(problems(0, 6),))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(server.requests) == 6


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


def test_two_callers_with_one_budget_spend_it_once(tmp_path, monkeypatch):
    prices = tmp_path / "prices.csv"
    prices.write_text("model,prompt,completion\ntoy,1000,1000\n", "utf-8")
    monkeypatch.setenv("SOCRATIC_PRICES", str(prices))
    limit = 6.0  # dollars; a reply costs 0.012, its worst case about 1.5

    def spend(first):
        teacher = Teacher("toy", server.url, tmp_path, recorded=(), max_cost=limit)
        with pytest.raises(TeacherError, match="could pass --max-cost"):
            teacher.sample(problems(first, first + 600), temperature=1.0)

    with TeacherServer() as server:
        threads = [threading.Thread(target=spend, args=(i,)) for i in (0, 600)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent = 0.012 * len(server.answered)
    assert 0.5 * limit < spent <= limit


@pytest.mark.filterwarnings("ignore:.*1 of 6 chains are left out")
def test_what_another_refused_is_refused_once_more_and_no_end_of_waiting(tmp_path):
    with TeacherServer(always={"Story0002": "filter"}, latency=0.05) as server:
        found = []

        def want():
            teacher = Teacher("toy", server.url, tmp_path, recorded=())
            found.append(teacher.sample(problems(0, 6), temperature=1.0))

        threads = [threading.Thread(target=want) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert [sum(c.answer == "48" for c in chains) for chains in found] == [5, 5]
    with pytest.raises(RefusedError, match="content filter"):
        with TeacherServer(always={"Story": "filter"}) as server:
            ask(server.url, tmp_path / "b", 0, 3)
