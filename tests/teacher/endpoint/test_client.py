"""What goes over the wire, against real servers on loopback."""

import asyncio
import shutil
import ssl
import subprocess
import time
from email.utils import formatdate

import pytest

from socratic_utils.problems import Problem
from socratic_utils.teacher.endpoint.client import retry_after
from socratic_utils.teacher.endpoint.errors import (
    TeacherError,
    explained,
    unsupported_part,
)
from socratic_utils.teacher.teacher import Teacher
from tests.helpers.teacher_server import TeacherServer

PROBLEMS = [
    Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:04d}. How many?", "48")
    for i in range(20)
]


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def sample(server, count=1, n=1, url=None, **options):
    options = {"recorded": (), "timeout": 5.0, "max_retries": 1} | options
    teacher = Teacher("toy", url or server.url, None, **options)
    return teacher.sample(PROBLEMS[:count], n=n, temperature=1.0)


# --- connections ------------------------------------------------------------------


def test_requests_one_after_the_other_share_a_connection():
    with TeacherServer() as server:
        chains = sample(server, 5, url=f"{server.url}/", concurrency=1)
        assert len(server.connections) == 1 and len(server.requests) == 5
    assert all(chain.answer == "48" for chain in chains)


def test_at_most_so_many_requests_are_in_flight():
    with TeacherServer(latency=0.05) as server:
        sample(server, 20, concurrency=4)
        assert len(server.connections) == 4


def test_a_notebook_with_a_running_loop_may_ask():
    async def cell():
        return sample(server)

    with TeacherServer() as server:
        assert asyncio.run(cell())[0].answer == "48"


@pytest.mark.parametrize(
    "behaviour, sentence",
    [
        ("hang", "did not answer within 0.5 seconds"),
        ("drip", "did not answer within 0.5 seconds"),
        ("cut", "cannot be reached"),
        ("cut_body", "cannot be reached"),
    ],
)
def test_a_reply_that_is_not_whole_in_time_is_no_reply(behaviour, sentence):
    with TeacherServer(always={"Story": behaviour}) as server:
        with pytest.raises(TeacherError, match=sentence):
            sample(server, timeout=0.5)
        assert len(server.requests) == 2


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_request_that_hangs_holds_up_no_other(behaviour):
    with TeacherServer([behaviour]) as server:
        start = time.monotonic()
        chains = sample(server, 20, timeout=1.0, concurrency=2)
        assert time.monotonic() - start < 6.0
    assert all(chain.answer == "48" for chain in chains)


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    with TeacherServer() as proxy:  # which answers itself
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(TeacherError, match="HTTP 404"):  # it is asked for a URL
            sample(proxy, url="http://model.invalid/v1")
        assert proxy.paths == ["http://model.invalid/v1/chat/completions"]


NEW_KEY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
    "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt"
)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make keys")
def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path, monkeypatch):
    subprocess.run(NEW_KEY.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    with TeacherServer() as server:
        server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
        url = server.url.replace("http", "https")
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(TeacherError, match="cannot be reached"):
            sample(server, url=url)
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "crt"))
        assert sample(server, url=url)[0].answer == "48"


# --- refusals ---------------------------------------------------------------------


def openai_refuses(name, param=None):
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    error = {"message": message, "code": "unsupported_parameter"}
    return 400, {"error": {**error, "param": param or name}}


SYSTEM = "Unsupported value: 'messages[0].role' does not support 'system' here."
EXTRA = {"type": "extra_forbidden", "loc": ["body", "seed"]}
REFUSALS = [
    ("max_tokens", openai_refuses("max_tokens")),
    ("temperature", openai_refuses("temperature")),
    ("seed", openai_refuses("seed")),
    ("n", openai_refuses("n")),
    ("logprobs", openai_refuses("logprobs")),
    ("logprobs", (403, {"error": {"message": "You are not allowed to request logprobs "
                                             "from this model"}})),
    ("seed", (400, {"error": {"message": "Unrecognized request argument: seed"}})),
    ("seed", (422, {"detail": [EXTRA]})),
    ("system", (400, {"error": {"message": SYSTEM, "param": "messages[0].role"}})),
    ("system", (400, {"error": {"message": "System role not supported"}})),
]  # fmt: skip


@pytest.mark.parametrize("api", ["chat", "completion"])
@pytest.mark.parametrize("name, refusal", REFUSALS)
def test_what_is_refused_is_learnt_once_and_said(capsys, api, name, refusal):
    with TeacherServer(refuses={name: refusal}) as server:
        chains = sample(server, 5, 2, api=api, concurrency=1, logprobs=True)
        requests = server.requests
    assert len(chains) == 10 and all(chain.answer == "48" for chain in chains)
    refused = 0 if (api, name) == ("completion", "system") else 1
    assert len(requests) == (10 if name == "n" else 5) + refused
    said = f"toy does not take {'the system message' if name == 'system' else name}"
    assert capsys.readouterr().out.count(said) == refused
    if name == "system" and api == "chat":
        assert requests[1]["messages"][0]["content"].startswith(
            requests[0]["messages"][0]["content"]
        )
    if name == "max_tokens":
        assert {r.get("max_completion_tokens") for r in requests} == {None, 200}
    assert all((name in request) == (i < refused) for i, request in enumerate(requests)
               if name != "system")  # fmt: skip


def test_an_endpoint_that_takes_little_is_asked_for_that():
    names = ("max_tokens", "temperature", "seed", "n", "logprobs", "system")
    refuses = {name: openai_refuses(name) for name in names}
    with TeacherServer(refuses=refuses) as server:
        sample(server, 3, 2, logprobs=True, concurrency=1)
        last = server.requests[-1]
        assert len(server.requests) == len(names) + 6
    assert set(last) == {"model", "messages", "max_completion_tokens"}
    assert last["messages"][0]["role"] == "user"


def test_a_row_says_what_its_request_was_without():
    refuses = {"temperature": openai_refuses("temperature")}
    with TeacherServer(refuses=refuses) as server:
        teacher = Teacher("toy", server.url, None, recorded=(), concurrency=1)
        teacher.sample(PROBLEMS[:2])
    rows = teacher.store.of("toy")
    assert [row["unsupported"] for row in rows] == [["temperature"]] * 2


@pytest.mark.parametrize("error", ["", "busy", [], {"message": None}, None, "\ufffd"])
def test_errors_that_are_not_the_apis_are_one_sentence_all_the_same(error):
    sentence = str(explained("toy", 502, error))
    assert "HTTP 502: the server fails" in sentence and "\n" not in sentence
    assert unsupported_part({"seed": 0, "n": 2}, error) is None


def test_a_prompt_that_is_too_long_says_nothing_of_max_tokens():
    message = ("This model's maximum context length is 4096 tokens; 200 of max_tokens "
               "are not supported with it.")  # fmt: skip
    assert unsupported_part({"max_tokens": 200}, {"message": message}) is None


@pytest.mark.parametrize("seconds, requests", [(1, 3), (7200, 1)])
def test_too_many_requests_end_after_so_many_attempts(slept, seconds, requests):
    with TeacherServer(always={"Story": "429"}, retry_after=seconds) as server:
        with pytest.raises(TeacherError, match="too many requests for too long"):
            sample(server, max_retries=2)
        assert len(server.requests) == requests


def test_retry_after_is_in_seconds_or_a_date():
    assert retry_after({}) == 0.0 and retry_after({"retry-after": "2.5"}) == 2.5
    assert retry_after({"retry-after": "soon"}) == 0.0
    date = formatdate(time.time() + 300, usegmt=True)
    assert 290 < retry_after({"retry-after": date}) <= 300
