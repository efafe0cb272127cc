"""What goes over the wire, against real servers on loopback."""

import json
import shutil
import ssl
import subprocess
import threading

import pytest
from socratic_utils.teacher.transport import NoReply, StatusError, Transport

from tests.helpers.teacher_server import TeacherServer

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


NEW_KEY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
    "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt"
)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make keys")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, monkeypatch):
    subprocess.run(NEW_KEY.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    with TeacherServer() as server:
        server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
        url = server.url.replace("http", "https")
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(NoReply):
            Transport(url, {}, 5.0).post("/completions", BODY)
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "crt"))
        assert Transport(url, {}, 5.0).post("/completions", BODY)
