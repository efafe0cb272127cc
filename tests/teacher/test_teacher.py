"""The teacher against a real server on loopback."""

import json
import traceback
from collections import Counter

import pytest

from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import Problem
from socratic_utils.teacher import TeacherError
from socratic_utils.teacher.cache import ReplyStore
from socratic_utils.teacher.teacher import STORE_NAME, Teacher
from tests.helpers.teacher_server import TeacherServer

KEY = "sk-very-secret-0123456789"
PROBLEMS = [
    Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:02d}. How many?", "48")
    for i in range(24)
]


@pytest.fixture(autouse=True)
def environment(monkeypatch, slept):
    """A key that must leak nowhere, and no waiting between retries."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def make(server, cache, model="toy", **options):
    options.setdefault("recorded", ())
    url = server if isinstance(server, str) or server is None else server.url
    return Teacher(model, url, cache, **options)


def cached(folder, model="toy"):
    return ReplyStore(folder / STORE_NAME).of(model)


def test_replies_become_chains(tmp_path):
    with TeacherServer() as server:
        teacher = make(server, tmp_path)
        first, second = teacher.sample(PROBLEMS[:2])
    assert (first.problem_id, second.problem_id) == ("toy-train-0000", "toy-train-0001")
    assert first.answer == "48" and first.source == "toy" and first.style == "socratic"
    assert first.steps[0].question == "How many rolls does she make?"
    assert first.steps[0].answer == "48" and first.text.startswith("Q1: ")
    assert teacher.usage == {"asked": 2, "prompt_tokens": 14, "completion_tokens": 10}
    assert server.requests[0]["max_tokens"] == 200
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_served_as_changes_the_request_but_not_the_row(tmp_path):
    with TeacherServer() as server:
        make(server, tmp_path, served_as="toy-q8.gguf").sample(PROBLEMS[:1])
    assert server.requests[0]["model"] == "toy-q8.gguf"
    assert cached(tmp_path)[0]["model"] == "toy"


def test_the_second_time_nothing_is_asked(tmp_path):
    with TeacherServer() as server:
        teacher = make(server, tmp_path)
        first = teacher.sample(PROBLEMS[:3], n=2)
        assert teacher.sample(PROBLEMS[:3], n=2) == first
        assert [r["n"] for r in server.requests] == [2, 2, 2]  # prompts are paid once
    offline = make("http://127.0.0.1:1/v1", tmp_path)  # no server there
    assert offline.sample(PROBLEMS[:3], n=2) == first
    assert offline.usage["asked"] == 0


def test_a_packed_recording_needs_no_endpoint(tmp_path, monkeypatch):
    with TeacherServer() as server:
        first = make(server, tmp_path).sample(PROBLEMS[:3])
    packed = write_jsonl_rows(tmp_path / "packed.jsonl.gz", cached(tmp_path))
    monkeypatch.delenv("OPENAI_API_KEY")
    assert make(None, None, recorded=[packed]).sample(PROBLEMS[:3]) == first


def test_samples_have_distinct_seeds(tmp_path):
    with TeacherServer(honours_n=False) as server:
        teacher = make(server, tmp_path)
        teacher.sample(PROBLEMS[:1], n=2)
        chains = teacher.sample(PROBLEMS[:1], n=2, first_sample=2, temperature=0.7)
    assert sorted(request["seed"] for request in server.requests) == [0, 1, 2, 3]
    assert {request["temperature"] for request in server.requests} == {0.0, 0.7}
    assert [chain.sample for chain in chains] == [2, 3]
    assert "48 - 3" in chains[1].text  # the reply to seed 3


def test_the_key_of_a_request_ignores_the_address(tmp_path):
    for _ in range(2):
        with TeacherServer() as server:  # another port each time
            make(server, tmp_path).sample(PROBLEMS[:2])
    assert server.requests == [] and len(cached(tmp_path)) == 2


# --- killed runs ------------------------------------------------------------------


def test_what_was_answered_before_a_failure_is_kept(tmp_path):
    with TeacherServer(always={"Story05": "404"}) as server:
        with pytest.raises(TeacherError):
            make(server, tmp_path, concurrency=1).sample(PROBLEMS[:8])
        kept = {row["problem_id"] for row in cached(tmp_path)}
        assert kept == {p.id for p in PROBLEMS[:8]} - {
            PROBLEMS[5].id
        }  # the failure held up no other request
        server.always.clear()
        again = make(server, tmp_path)
        again.sample(PROBLEMS[:8])
    assert again.usage["asked"] == 1


def test_concurrent_requests_lose_and_repeat_nothing(tmp_path):
    with TeacherServer(["500", "429", "cut", "no_choices"]) as server:
        teacher = make(server, tmp_path, concurrency=8)
        chains = teacher.sample(PROBLEMS + PROBLEMS[:5], n=2)
    expected = [(p.id, i) for p in PROBLEMS + PROBLEMS[:5] for i in (0, 1)]
    assert [(chain.problem_id, chain.sample) for chain in chains] == expected
    rows = Counter((row["problem_id"], row["sample"]) for row in cached(tmp_path))
    assert rows == Counter(set(expected))
    assert teacher.usage["asked"] == 48


# --- faults -----------------------------------------------------------------------

TRANSIENT = ["429", "429_bare", "500", "503", "cut", "cut_body", "content_type",
           "not_json", "no_choices", "no_message", "trickle"]  # fmt: skip


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_transient_fault_is_retried(tmp_path, fault):
    with TeacherServer([fault]) as server:
        [chain] = make(server, tmp_path).sample(PROBLEMS[:1])
    assert chain.answer == "48"
    assert len(server.requests) == (1 if fault == "trickle" else 2)
    assert len(cached(tmp_path)) == 1


@pytest.mark.parametrize(
    "fault, sentence, requests",
    [
        ("401", "the key in OPENAI_API_KEY is not accepted", 1),
        ("404", "the endpoint does not know toy", 1),
        ("429", "too many requests", 3),
        ("500", "HTTP 500: the server fails", 3),
        ("cut", "cannot be reached", 3),
        ("not_json", "is not JSON of the API", 3),
        ("no_choices", "without a choice", 3),
        ("content_type", "is not JSON of the API", 3),
        ("400", "the request was refused", 1),
        ("context", "longer than the model's context", 1),
    ],
)
def test_a_permanent_fault_is_one_sentence(tmp_path, fault, sentence, requests):
    with TeacherServer(always={"Story": fault}) as server:
        with pytest.raises(TeacherError) as caught:
            make(server, tmp_path, max_retries=2).sample(PROBLEMS[:1])
    assert sentence in str(caught.value) and "\n" not in str(caught.value)
    assert len(server.requests) == requests
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_an_address_without_a_server_is_said_to_be_unreachable(tmp_path):
    with TeacherServer() as server:
        url = server.url
    with pytest.raises(TeacherError, match="cannot be reached: start its server"):
        make(url, tmp_path, max_retries=1).sample(PROBLEMS[:1])


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_without_an_endpoint_the_message_says_what_to_set(tmp_path, monkeypatch, key):
    if key is None:
        monkeypatch.delenv("OPENAI_API_KEY")
    else:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(TeacherError) as caught:
        make(None, tmp_path).sample(PROBLEMS[:2])
    message = str(caught.value)
    assert "OPENAI_API_KEY" in message and "--teacher-url" in message
    assert message.startswith("2 chains of toy") and "\n" not in message


def test_a_local_server_needs_no_key(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with TeacherServer() as server:
        assert make(server, tmp_path).sample(PROBLEMS[:1])[0].answer == "48"


def test_a_key_with_a_line_break_is_trimmed(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    with TeacherServer() as server:
        make(server, tmp_path).sample(PROBLEMS[:1])
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_the_key_is_never_written(tmp_path, capfd):
    with TeacherServer(["429", "401"]) as server:
        with pytest.raises(TeacherError):
            make(server, tmp_path, concurrency=1).sample(PROBLEMS[:3])
        make(server, tmp_path).sample(PROBLEMS[:3])
    files = [f for f in tmp_path.rglob("*") if f.is_file()]
    assert files and not any(KEY.encode() in f.read_bytes() for f in files)
    assert KEY not in "".join(capfd.readouterr())


def test_an_empty_request_is_a_value_error(tmp_path):
    for problems, n in (([], 1), (PROBLEMS[:1], 0)):
        with pytest.raises(ValueError, match="at least one problem"):
            make(None, tmp_path).sample(problems, n=n)
    with pytest.raises(ValueError, match="style must be one of"):
        make(None, tmp_path).sample(PROBLEMS[:1], style="poem")


def test_a_reply_that_was_cut_off_has_no_final_answer(tmp_path):
    teacher = make(None, None)
    text = "Q1: How many a day?\nA1: 150 / 4 = 37.5 pages.\nThe answer is 37."
    row = {"text": text, "finish_reason": "length"}
    whole = {**row, "finish_reason": "stop"}
    chain, whole = (
        teacher._chain(PROBLEMS[0], "socratic", 0, reply) for reply in (row, whole)
    )
    assert chain.answer is None and chain.steps[0].answer == "37.5"
    assert chain.text == text
    assert whole.answer == "37"


def test_choices_are_part_of_the_question():
    problem = Problem("c-0", "toy", "test", "Where?", "b", "choice",
                      choices=("bank", "home"))  # fmt: skip
    request = make(None, None).request(problem, "cot", 0.0, 0)
    assert request["messages"][-1]["content"].endswith("Where? (a) bank (b) home")
    assert KEY not in json.dumps(request)
