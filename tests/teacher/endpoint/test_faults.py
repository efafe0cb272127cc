"""Many chains from an endpoint that misbehaves in every way at once."""

import itertools
import multiprocessing
import random
import signal
import threading
import time
import warnings
from collections import Counter

import pytest

from socratic_utils.problems import Problem
from socratic_utils.teacher.cache import ReplyStore, StoreError
from socratic_utils.teacher.endpoint.client import Endpoint
from socratic_utils.teacher.endpoint.errors import RefusedError, TeacherError
from socratic_utils.teacher.endpoint.job import reply_rows
from socratic_utils.teacher.teacher import STORE_NAME, Teacher
from tests.helpers.teacher_server import TeacherServer

CONNECTION = ("429", "429_bare", "500", "503", "hang", "cut", "cut_body",
              "content_type")  # fmt: skip
ANSWER = ("not_json", "no_choices", "no_message", "trickle", "one_choice", "length",
          "content_filter", "no_logprobs")  # fmt: skip


def problems(count):
    return [
        Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:04d}. How many?", "48")
        for i in range(count)
    ]


@pytest.fixture(autouse=True)
def environment(monkeypatch, slept):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def make(server, cache, **options):
    options = {"recorded": (), "concurrency": 32, "max_retries": 100} | options
    return Teacher("toy", server.url, cache, **options)


@pytest.mark.parametrize(
    "faults, n, timeout", [(CONNECTION, 1, 1.0), (ANSWER, 4, 20.0)]
)
def test_every_chain_arrives_exactly_once(tmp_path, faults, n, timeout):
    """Each fault hits one request in ten, so eight in ten go wrong; 1,000 chains."""
    asked = problems(1000 // n)
    with TeacherServer(shares=dict.fromkeys(faults, 0.1), seed=3) as server:
        teacher = make(server, tmp_path, timeout=timeout, logprobs=n > 1)
        chains = teacher.sample(asked, n=n, temperature=1.0)
        met = len(server.requests)
        again = make(server, tmp_path, logprobs=n > 1)
        assert again.sample(asked, n=n, temperature=1.0) == chains
        assert len(server.requests) == met and again.usage["asked"] == 0
    expected = [(p.id, i) for p in asked for i in range(n)]
    assert [(c.problem_id, c.sample) for c in chains] == expected
    rows = ReplyStore(tmp_path / STORE_NAME).of("toy")
    assert Counter((r["problem_id"], r["sample"]) for r in rows) == Counter(expected)
    assert teacher.usage["asked"] == 1000 and met > 1000 / n
    finishes = Counter(row["finish_reason"] for row in rows)
    assert set(finishes) <= {"stop", "length", "content_filter"}
    bad = finishes["length"] + finishes["content_filter"]
    assert sum(chain.answer is None for chain in chains) == bad


def test_refused_problems_do_not_stop_others_and_are_reported_once(tmp_path):
    always = {"Story0003": "400", "Story0007": "filter", "Story0011": "context"}
    with TeacherServer(always=always) as server:
        teacher = make(server, tmp_path, concurrency=4)
        with pytest.warns(UserWarning, match="3 of 20 chains are left out") as warned:
            chains = teacher.sample(problems(20))
        assert len(warned) == 1 and "sk-test" not in str(warned[0].message)
        assert [c.sample for c in chains] == [0] * 20
        assert {c.problem_id[-2:] for c in chains if c.answer is None} == {
            "03", "07", "11",
        }  # fmt: skip
        server.always.clear()  # a corrected endpoint is asked again
        fixed = make(server, tmp_path).sample(problems(20))
    assert all(chain.answer == "48" for chain in fixed)


def test_refused_problems_are_no_failures_of_the_endpoint(tmp_path):
    always = {f"Story00{i:02d}": "400" for i in range(3, 9)}
    with TeacherServer(always=always) as server:
        for _ in range(2):  # and asking again is no error either
            teacher = make(server, tmp_path, concurrency=1)
            with pytest.warns(UserWarning, match="6 of 20 chains are left out"):
                chains = teacher.sample(problems(20))
            assert sum(chain.answer == "48" for chain in chains) == 14
        with pytest.raises(RefusedError, match="the request was refused"):
            make(server, tmp_path).sample(problems(8)[3:5])


@pytest.mark.parametrize("behaviour", ["filter", "400"])
def test_one_refused_problem_does_not_cost_the_others_their_n(tmp_path, behaviour):
    with TeacherServer(always={"Story0003": behaviour}) as server:
        teacher = make(server, tmp_path, concurrency=4)
        with pytest.warns(UserWarning, match="30 of 3000 chains are left out"):
            teacher.sample(problems(100), "cot", n=30, temperature=1.0)
        assert len(server.requests) == 101  # one more asks whether `n` is the reason


@pytest.fixture
def interrupts():
    """SIGINT raises KeyboardInterrupt; a shell's background job would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_run_keeps_what_was_answered(tmp_path, monkeypatch, interrupts):
    stop_at = itertools.count()

    def add(self, rows, replace=False):
        if next(stop_at) == 2:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        whole(self, rows, replace)

    whole = ReplyStore.add
    monkeypatch.setattr(ReplyStore, "add", add)
    with TeacherServer(latency=0.02) as server:
        with pytest.raises(KeyboardInterrupt):
            make(server, tmp_path, concurrency=4).sample(problems(40))
        answered = len(server.answered)
    assert 4 <= len(ReplyStore(tmp_path / STORE_NAME).of("toy")) == answered < 40


def test_a_full_disk_loses_no_reply_that_is_in_flight(tmp_path, monkeypatch):
    calls, add = [], ReplyStore.add

    def full_once(self, rows, replace=False):
        calls.append([row["key"] for row in rows])
        if len(calls) == 1:
            raise StoreError("no room: make room")
        return add(self, rows, replace)

    with TeacherServer() as server:
        teacher = make(server, tmp_path, concurrency=4)
        monkeypatch.setattr(ReplyStore, "add", full_once)
        with pytest.raises(TeacherError, match="make room.* chains are missing"):
            teacher.sample(problems(40), "socratic")
        stored = len(teacher.store.of("toy"))
    assert calls[0]  # those that could not be stored at first
    assert stored == len(server.requests) < 40


def test_a_disk_that_stays_full_is_reported(tmp_path, monkeypatch):
    def full(self, rows, replace=False):
        raise StoreError("no room: make room")

    monkeypatch.setattr(ReplyStore, "add", full)
    with TeacherServer() as server, pytest.raises(StoreError, match="make room"):
        make(server, tmp_path).sample(problems(3), "socratic")


def test_a_bug_in_one_request_loses_no_reply(tmp_path, monkeypatch):
    whole = Endpoint.ask

    async def ask(self, request, n=1, logprobs=False):
        if "Story0005" in str(request):
            raise ZeroDivisionError("oops")
        return await whole(self, request, n, logprobs)

    monkeypatch.setattr(Endpoint, "ask", ask)
    with TeacherServer() as server:
        with pytest.raises(TeacherError, match="oops.*1 of 20 chains are missing"):
            make(server, tmp_path).sample(problems(20))
    assert len(ReplyStore(tmp_path / STORE_NAME).of("toy")) == 19


def test_a_long_retry_after_is_obeyed(tmp_path, slept):
    with TeacherServer(["429_long", "ok"]) as server:
        (chain,) = make(server, tmp_path).sample(problems(1))
        assert len(server.requests) == 2
    assert chain.answer == "48" and sum(slept) == 200


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_short_retry_after_is_obeyed(tmp_path, slept, seconds):
    with TeacherServer(["429", "ok"], retry_after=seconds) as server:
        make(server, tmp_path).sample(problems(1))
    assert sum(slept) == seconds


def test_a_message_without_a_text_is_an_empty_reply(tmp_path):
    with TeacherServer(["thought_only"]) as server:
        (chain,) = make(server, tmp_path).sample(problems(1))
        assert len(server.requests) == 1
    assert chain.text == "" and chain.answer is None


def test_half_of_a_character_does_not_cost_a_reply(tmp_path):
    with TeacherServer(reply="The answer is 48. \ud83d") as server:
        chains = make(server, tmp_path).sample(problems(3))
    assert [chain.text for chain in chains] == ["The answer is 48. ?"] * 3


def test_an_address_that_has_moved_is_reported_once(tmp_path):
    with TeacherServer(always={"Story": "307"}) as server:
        with pytest.raises(TeacherError, match="moved: correct --teacher-url"):
            make(server, tmp_path, concurrency=1).sample(problems(5))
        assert len(server.requests) < 5


def test_a_message_that_is_no_text_is_no_reply():
    choice = {"message": {"content": [{"text": "48"}]}, "finish_reason": "stop"}
    assert reply_rows({"choices": [choice]}) == []
    assert reply_rows({"choices": [{"text": "48"}]})[0]["text"] == "48"


def test_a_reply_that_ended_with_an_error_is_no_reply():
    choice = {"message": {"content": "The answer is 4"}, "finish_reason": "error"}
    assert reply_rows({"choices": [choice]}) == []


def test_a_likelihood_that_is_missing_does_not_cost_the_text():
    content = [{"logprob": -0.5}, {"logprob": None}]
    [row] = reply_rows({"choices": [{"text": "48", "logprobs": {"content": content}}]})
    assert row["text"] == "48" and row["logprob"] is row["tokens"] is None


@pytest.mark.parametrize(
    "url", ["foo", "http://", "http://u:geheim@h/v1", "http://h/v1?key=geheim",
            "http://localhost:80x/v1", "ftp://h/v1"]
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_its_words(url):
    with pytest.raises(ValueError, match="URL") as caught:
        Teacher("toy", url, recorded=())
    assert "geheim" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_key_that_cannot_be_one(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\u201cabc\u201d")
    with TeacherServer() as server:
        with pytest.raises(TeacherError, match="characters that no key has"):
            make(server, tmp_path).sample(problems(1))


def test_repeated_failures_end_the_asking(tmp_path):
    with TeacherServer(always={"Story": "401"}) as server:
        with pytest.raises(TeacherError, match="300 of 300 chains are missing"):
            make(server, tmp_path, concurrency=4).sample(problems(300))
        assert len(server.requests) < 20


# --- many chains --------------------------------------------------------------------


@pytest.mark.parametrize("api", ["chat", "completion"])
@pytest.mark.parametrize("honours_n", [True, False])
def test_many_chains_with_their_likelihood(tmp_path, api, honours_n):
    with TeacherServer(honours_n=honours_n) as server:
        teacher = make(server, tmp_path, api=api, logprobs=True, concurrency=2)
        chains = teacher.sample(problems(6), "cot", n=30, temperature=1.0)
        paths = {type(r.get("messages")) for r in server.requests}
        requests = len(server.requests)
    assert paths == {list if api == "chat" else type(None)}
    assert requests == 6 if honours_n else requests > 170
    assert len(chains) == 180 and len({c.text for c in chains[:30]}) == 30
    assert {(c.logprob, c.tokens) for c in chains} == {(-2.5, 5)}


def test_a_server_that_refuses_n_is_asked_one_by_one(tmp_path):
    class Refuses(TeacherServer):
        def take(self, request, headers):
            taken = super().take(request, headers)
            return "400" if request.get("n", 1) > 1 else taken

    with Refuses() as server:
        chains = make(server, tmp_path, concurrency=1).sample(problems(3), n=4)
        sizes = Counter(request.get("n", 1) for request in server.requests)
    assert len(chains) == 12 and sizes == {4: 1, 1: 12}


def test_likelihoods_can_be_had_later(tmp_path):
    with TeacherServer() as server:
        plain = make(server, tmp_path).sample(problems(3))
        assert {chain.logprob for chain in plain} == {None}
        rich = make(server, tmp_path, logprobs=True)
        assert {chain.logprob for chain in rich.sample(problems(3))} == {-2.5}
        assert len(server.requests) == 6
        assert make(server, tmp_path).sample(problems(3))[0].logprob == -2.5
        assert len(server.requests) == 6
    with TeacherServer(always={"Story": "no_logprobs"}) as server:
        poor = make(server, tmp_path / "b", logprobs=True)
        assert {c.logprob for c in poor.sample(problems(2)) * 2} == {None}
        poor.sample(problems(2))
        assert len(server.requests) == 2  # what the endpoint does not have, it has not


def test_a_completion_model_gets_one_text(tmp_path):
    with TeacherServer() as server:
        teacher = make(server, tmp_path, api="completion")
        (chain,) = teacher.sample(problems(1))
        prompt = server.requests[0]["prompt"]
    assert chain.answer == "48" and prompt.endswith("Problem: Story0000. How many?\n")
    assert prompt.count("Problem: ") == 4 and "\nQ1: " in prompt
    with pytest.raises(ValueError, match="api must be one of"):
        make(server, tmp_path, api="poem")


# --- kills --------------------------------------------------------------------------

KILLS = 30


def ask(url, cache):
    """What the process that is killed does."""
    teacher = Teacher("toy", url, cache, recorded=(), concurrency=8)
    teacher.sample(problems(400), temperature=1.0)


def test_killed_at_any_moment_nothing_is_lost_or_paid_twice(tmp_path, monkeypatch):
    """Thirty processes are killed with SIGKILL while they ask; then one finishes."""
    monkeypatch.undo()  # the server really waits
    moments = random.Random(5)
    processes = multiprocessing.get_context("forkserver")  # fork alone copies locks
    processes.set_forkserver_preload(["socratic_utils.teacher", "openai"])
    with TeacherServer(latency=0.05) as server:
        for _ in range(KILLS):
            before = len(server.requests)
            child = processes.Process(target=ask, args=(server.url, tmp_path))
            child.start()
            while len(server.requests) == before and child.is_alive():
                time.sleep(0.01)  # until it asks
            time.sleep(moments.uniform(0, 0.4))
            child.kill()
            child.join()
        time.sleep(0.2)
        kept = len(ReplyStore(tmp_path / STORE_NAME).of("toy"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # no half row, nothing set aside
            teacher = make(server, tmp_path, concurrency=8)
            chains = teacher.sample(problems(400), temperature=1.0)
        sent = len(server.answered)
    print(f"{KILLS} kills; {kept} chains kept of them, {sent - 400} asked again")
    assert len(chains) == 400 and all(chain.answer == "48" for chain in chains)
    assert teacher.usage["asked"] == 400 - kept and kept > KILLS
    # Only what was under way at a kill, at most 8 requests, is asked again.
    assert sent - 400 <= KILLS * 8
