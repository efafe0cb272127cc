"""What goes over the wire, against real servers on loopback."""

import json
import threading

import pytest
from teacher_server import TeacherServer

from socratic_utils.transport import NoReply, StatusError, Transport

BODY = {"model": "toy", "prompt": "How many?", "seed": 0}


def post(server, **headers):
    return Transport(server.url, headers, 1.0).post("/completions", BODY)


def test_a_reply_comes_as_bytes_over_a_connection_that_stays():
    with TeacherServer() as server:
        transport = Transport(server.url + "/", {"X-Name": "value"}, 5.0)
        for _ in range(3):
            reply = json.loads(transport.post("/completions", BODY))
        assert len(server.connections) == 1
    assert reply["choices"][0]["text"].endswith("The answer is 48.")
    assert server.headers[0]["X-Name"] == "value" and server.requests == [BODY] * 3


def test_each_thread_has_its_own_connection():
    with TeacherServer() as server:
        transport = Transport(server.url, {}, 5.0)
        threads = [
            threading.Thread(target=transport.post, args=("/completions", BODY))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.connections) == 4


def test_a_status_has_the_words_of_the_api():
    with TeacherServer(["context", "429_long", "503"]) as server:
        with pytest.raises(StatusError, match="refused") as caught:
            post(server)
        assert (caught.value.status_code, caught.value.code) == (
            400, "context_length_exceeded",
        )  # fmt: skip
        with pytest.raises(StatusError) as caught:
            post(server)
        assert (caught.value.status_code, caught.value.retry_after) == (429, 200)
        with pytest.raises(StatusError) as caught:
            post(server)
        assert (caught.value.status_code, caught.value.retry_after) == (503, 0)


@pytest.mark.parametrize("data", [b"", b"busy", b"[]", b'{"error": "no"}', b"\xff"])
def test_words_that_are_not_the_apis(data):
    error = StatusError(502, data)
    assert error.code is None and isinstance(str(error), str)


@pytest.mark.parametrize(
    "behaviour, timed_out", [("hang", True), ("cut", False), ("cut_body", False)]
)
def test_no_whole_reply_is_no_reply(behaviour, timed_out):
    with TeacherServer([behaviour]) as server:
        with pytest.raises(NoReply) as caught:
            post(server)
    assert caught.value.timed_out is timed_out


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    with TeacherServer() as proxy:  # which answers itself
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(StatusError, match="not found"):  # it is asked for a URL
            Transport("http://model.invalid/v1", {}, 5.0).post("/completions", BODY)
        assert proxy.paths == ["http://model.invalid/v1/completions"]


def test_nothing_is_said_to_a_server_that_does_not_encrypt():
    with TeacherServer() as server:
        with pytest.raises(NoReply):
            Transport(server.url.replace("http", "https"), {}, 5.0).post("/x", BODY)
        assert server.requests == []
