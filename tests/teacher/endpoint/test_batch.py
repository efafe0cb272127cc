"""Batch jobs: same cache and same chains as live, whatever becomes of the jobs."""

import time

import pytest

from socratic_utils.teacher import Teacher, TeacherError
from socratic_utils.teacher.cache import ReplyStore
from socratic_utils.teacher.endpoint import batch as batches
from tests.helpers.batch_server import BatchServer
from tests.helpers.teacher_server import TeacherServer
from tests.teacher.endpoint.test_faults import problems


@pytest.fixture(autouse=True)
def environment(monkeypatch, slept):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def make(server, cache, **options):
    options = {"recorded": (), "mode": "batch", "max_retries": 2} | options
    return Teacher("toy", server.url, cache, **options)


def sizes(server):
    return [batch["size"] for batch in server.batches.values()]


def test_the_same_chains_as_live(tmp_path):
    with BatchServer() as server:
        chains = make(server, tmp_path / "a").sample(problems(20), n=3, temperature=1.0)
        assert sizes(server) == [60] and server.requests == []
        live = make(server, tmp_path / "b", mode="live").sample(
            problems(20), n=3, temperature=1.0
        )
        assert live == chains
        again = make(server, tmp_path / "a", mode="live")  # one cache for both modes
        assert again.sample(problems(20), n=3, temperature=1.0) == chains
        assert again.usage["asked"] == 0


@pytest.mark.parametrize(
    "faults, expected",
    [
        (["expired"], [30, 15]),
        (["some_500", "some_500"], [30, 10, 4]),
        (["duplicates"], [30]),
    ],
)
def test_only_what_failed_is_asked_again(tmp_path, faults, expected):
    with BatchServer(faults) as server:
        teacher = make(server, tmp_path, logprobs=True)
        chains = teacher.sample(problems(30))
        assert sizes(server) == expected
    assert [chain.problem_id for chain in chains] == [p.id for p in problems(30)]
    assert all(c.answer == "48" and c.logprob == -2.5 for c in chains)
    assert len(teacher.store.of("toy")) == 30


def test_refused_requests_are_left_out_and_reported_once(tmp_path):
    with BatchServer(["refused"]) as server:
        with pytest.warns(UserWarning, match="10 of 30 chains are left out"):
            chains = make(server, tmp_path).sample(problems(30))
        assert sizes(server) == [30]
    assert sum(chain.answer is None for chain in chains) == 10


def test_what_is_refused_in_a_job_is_learnt_and_submitted_without(tmp_path, capsys):
    names = ("temperature", "max_tokens")
    refuses = {
        name: (400, {"error": {"code": "unsupported_parameter", "param": name}})
        for name in names
    }
    with BatchServer(refuses=refuses) as server:
        chains = make(server, tmp_path).sample(problems(4))
        assert sizes(server) == [4, 4, 4]
    assert all(chain.answer == "48" for chain in chains)
    assert capsys.readouterr().out.count("toy does not take") == 2


def test_a_job_that_is_rejected_as_a_whole(tmp_path):
    with BatchServer(["failed"]) as server:
        with pytest.raises(TeacherError, match="batch_0 was rejected as a whole"):
            make(server, tmp_path).sample(problems(5))
        assert len(make(server, tmp_path).sample(problems(5))) == 5  # corrected
        assert sizes(server) == [5, 5]


def test_jobs_are_collected_by_a_later_process(tmp_path, monkeypatch):
    def killed(seconds):
        raise KeyboardInterrupt

    with BatchServer(polls=3) as server:
        for _ in range(2):
            with monkeypatch.context() as context:
                context.setattr(time, "sleep", killed)  # while it waits for the job
                with pytest.raises(KeyboardInterrupt):
                    make(server, tmp_path).sample(problems(12))
        assert len(make(server, tmp_path).sample(problems(12))) == 12
        assert sizes(server) == [12]


@pytest.mark.parametrize("limit, value", [("requests", 7), ("bytes", 13_000)])
def test_jobs_are_split_at_the_apis_limits(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(batches, f"MOST_{limit.upper()}", value)
    with BatchServer() as server:
        assert len(make(server, tmp_path).sample(problems(20))) == 20
        assert sum(sizes(server)) == 20 and max(sizes(server)) <= 7
        sent = [batch["input_file_id"] for batch in server.batches.values()]
        biggest = max(len(server.files[name]) for name in sent)
    assert limit == "requests" or biggest <= value


def test_a_job_that_could_pass_the_budget_is_not_submitted(tmp_path, monkeypatch):
    prices = tmp_path / "prices.csv"
    prices.write_text("model,prompt,completion\ntoy,1,1\n")
    monkeypatch.setenv("SOCRATIC_PRICES", str(prices))
    with BatchServer() as server:
        with pytest.raises(TeacherError, match="the batch job could cost"):
            make(server, tmp_path, max_cost=0.001).sample(problems(20))
        assert server.batches == {}
        assert len(make(server, tmp_path, max_cost=1.0).sample(problems(20))) == 20


def test_a_job_under_way_is_in_the_budget_of_live_callers(tmp_path, monkeypatch):
    prices = tmp_path / "prices.csv"
    prices.write_text("model,prompt,completion\ntoy,1,1\n")
    monkeypatch.setenv("SOCRATIC_PRICES", str(prices))
    with BatchServer() as server:
        live = make(server, tmp_path, max_cost=1.0, mode="live")
        stub = {"key": "other", "prompt_characters": 1_999_000}  # $0.9995
        live.store.add_job("batch_9", live.endpoint.name, [stub])
        with pytest.raises(TeacherError, match="could pass --max-cost"):
            live.sample(problems(20))
        live.store.close_job("batch_9", "cancelled")
        assert len(live.sample(problems(20))) == 20


def test_what_an_older_run_asked_without_likelihoods_is_asked_again(tmp_path):
    with BatchServer() as server:
        make(server, tmp_path).sample(problems(3))
        rich = make(server, tmp_path, logprobs=True).sample(problems(3))
        assert sizes(server) == [3, 3]
    assert {chain.logprob for chain in rich} == {-2.5}


def test_a_job_whose_number_was_lost_on_the_way_is_adopted(tmp_path):
    with BatchServer() as server:
        server.lose_next_answer = True
        chains = make(server, tmp_path).sample(problems(9))
        assert sizes(server) == [9]
    assert all(chain.answer == "48" for chain in chains)


def test_killed_between_submission_and_note_nothing_is_paid_twice(
    tmp_path, monkeypatch
):
    whole = ReplyStore.add_job

    def killed(self, job_id, *rest):
        if job_id.startswith("batch_"):
            raise KeyboardInterrupt
        whole(self, job_id, *rest)

    with BatchServer() as server:
        monkeypatch.setattr(ReplyStore, "add_job", killed)
        with pytest.raises(KeyboardInterrupt):
            make(server, tmp_path).sample(problems(9))
        monkeypatch.setattr(ReplyStore, "add_job", whole)
        chains = make(server, tmp_path).sample(problems(10))  # one more than before
        assert sizes(server) == [9, 1]
    assert all(chain.answer == "48" for chain in chains)


def test_what_is_in_a_batch_job_is_not_asked_live(tmp_path):
    with BatchServer(polls=99) as server:
        teacher = make(server, tmp_path)
        name = teacher.endpoint.name
        stubs = teacher._jobs(problems(1), "socratic", 0.0, 0)[0].stubs
        teacher.store.add_job("batch_7", name, stubs)
        with pytest.raises(TeacherError, match="1 of these chains are in a batch job"):
            make(server, tmp_path, mode="live").sample(problems(3))
        assert server.requests == []


def test_a_job_the_endpoint_has_forgotten_is_skipped(tmp_path):
    with BatchServer() as server:
        teacher = make(server, tmp_path)
        name = teacher.endpoint.name
        teacher.store.add_job("batch_99", name, [{"key": "other"}])
        with pytest.warns(UserWarning, match="batch_99 is not known any more"):
            chains = teacher.sample(problems(3))
    assert all(chain.answer == "48" for chain in chains)


def test_a_server_without_batch_jobs_is_asked_live_afterwards(tmp_path):
    with TeacherServer() as server:  # 404 for files and batches
        with pytest.raises(TeacherError, match="has no batch jobs: ask it with"):
            make(server, tmp_path).sample(problems(3))
        live = make(server, tmp_path, mode="live").sample(problems(3))
    assert all(chain.answer == "48" for chain in live)


def test_files_without_batch_jobs_do_not_keep_chains_from_being_asked_live(tmp_path):
    with BatchServer() as server:
        server.only_files = True
        with pytest.raises(TeacherError, match="has no batch jobs: ask it with"):
            make(server, tmp_path).sample(problems(3))
        live = make(server, tmp_path, mode="live").sample(problems(3))
    assert all(chain.answer == "48" for chain in live)


def test_results_that_the_provider_has_deleted_are_asked_again(tmp_path):
    with BatchServer(["gone"]) as server:
        with pytest.warns(UserWarning, match="is not known any more"):
            chains = make(server, tmp_path).sample(problems(3))
        assert len(server.batches) == 2
    assert all(chain.answer == "48" for chain in chains)


def test_a_job_that_is_refused_leaves_nothing_behind(tmp_path):
    with BatchServer() as server:
        server.refuse_jobs = True
        with pytest.raises(TeacherError, match="HTTP 400"):
            make(server, tmp_path).sample(problems(3))
        live = make(server, tmp_path, mode="live").sample(problems(3))
    assert all(chain.answer == "48" for chain in live)
