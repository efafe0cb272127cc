"""JSON goes to a server by POST, and bytes come back: libcurl, and little around it.

The `openai` client says where to and with which headers, and batch jobs go through it;
but what it does around each request takes several times as long as the request
(`tests/speed/teacher.py`), and all of it under Python's lock.  libcurl waits outside of
the lock, keeps a connection a thread, and knows proxies.  Certificates are those of
certifi, or the file that SSL_CERT_FILE names.

Not covered: redirects (an API does not make them), streaming.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping

import certifi
import pycurl

SECONDS_TO_CONNECT = 30.0


class NoReply(RuntimeError):
    """No whole reply came: nobody listens, the connection was cut, or time is up."""

    def __init__(self, error: pycurl.error, connected: bool) -> None:
        super().__init__(*error.args[1:])
        late = error.args[0] == pycurl.E_OPERATION_TIMEDOUT
        self.timed_out = late and connected


class StatusError(RuntimeError):
    """A reply whose HTTP status is not 200; its text is the server's own words.

    `code` and `param` are the API's, where it gives them; `retry_after` is in seconds,
    0 where the server does not say.
    """

    def __init__(self, status_code: int, data: bytes, retry_after: int = 0) -> None:
        self.status_code, self.retry_after = status_code, retry_after
        try:
            error = json.loads(data)["error"]
            self.code, self.param = error.get("code"), error.get("param")
            words = error.get("message")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.code = self.param = None
            words = data.decode("utf-8", "replace")
        super().__init__(words)


class Transport:
    """Connections to one address, each thread its own; `timeout` in seconds."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        self.url, self.timeout = url.rstrip("/"), timeout
        self.headers = [f"{name}: {value}" for name, value in headers.items()]
        self._threads = threading.local()

    def post(self, path: str, body: dict) -> bytes:
        """The body of the reply.  Raises StatusError and NoReply."""
        curl = self._connection()
        curl.setopt(pycurl.URL, self.url + path)
        curl.setopt(pycurl.POSTFIELDS, json.dumps(body).encode())
        try:
            data = curl.perform_rb()
        except pycurl.error as error:
            connected = curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
            raise NoReply(error, connected) from None
        status = curl.getinfo(pycurl.RESPONSE_CODE)
        if status != 200:
            raise StatusError(status, data, curl.getinfo(pycurl.RETRY_AFTER))
        return data

    def _connection(self) -> pycurl.Curl:
        curl = getattr(self._threads, "curl", None)
        if curl is None:
            curl = self._threads.curl = pycurl.Curl()
            curl.setopt(pycurl.HTTPHEADER, self.headers)
            curl.setopt(pycurl.CAINFO, os.environ.get("SSL_CERT_FILE", certifi.where()))
            curl.setopt(pycurl.ACCEPT_ENCODING, "")  # whatever libcurl can unpack
            curl.setopt(pycurl.TIMEOUT_MS, round(self.timeout * 1000))
            seconds = min(self.timeout, SECONDS_TO_CONNECT)
            curl.setopt(pycurl.CONNECTTIMEOUT_MS, round(seconds * 1000))
            curl.setopt(pycurl.NOSIGNAL, 1)  # as libcurl has it for threads
        return curl
