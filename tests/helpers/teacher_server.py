"""A real HTTP server that answers like an OpenAI endpoint, and misbehaves on demand.

    with TeacherServer(["429", "ok"]) as server:   # one behaviour a request, in order
        Teacher("toy", server.url, ...)            # after the list: always "ok"
    TeacherServer(always={"Story05": "404"})       # by a word of the problem
    TeacherServer(shares={"500": 0.1, "hang": 0.1}, seed=1)   # at random

Transient: 429, 429_bare (without Retry-After), 429_long (200 seconds), 500, 503, hang,
cut, cut_body, content_type, not_json, no_choices, no_message, trickle (slow, whole),
drip (a byte now and then, never whole), stall (some bytes, then silence).
Permanent: 400, 401, 404, context, filter.
In an answer: length, content_filter, thought_only (no text), no_logprobs, one_choice
(`n` ignored).
Further behaviours: a tuple (status, body) is that reply, whatever was asked, with more
headers as a third item; a dictionary changes a good answer: fields of the message, of
the choice (`finish_reason`, `logprobs`, `error`, `text`) and `usage`.
`refuses` names fields of a request that are refused, each with the error's body; a
field "system" stands for a system message.  `api_at` is the path of the API, and
`elsewhere` what other paths answer.  Batch jobs are in `batch_server`.
"""

import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPLY = """Q1: How many rolls does she make?
A1: She makes 4 * 12 = 48 rolls.
Q2: How many are left?
A2: She has 48 - {seed} left.
The answer is 48."""
STATUS = {"429": 429, "429_bare": 429, "429_long": 429, "500": 500, "503": 503,
          "307": 307, "401": 401, "404": 404, "400": 400, "context": 400,
          "filter": 400}  # fmt: skip
CODES = {"context": "context_length_exceeded", "filter": "content_filter"}
BROKEN = {
    "not_json": ("application/json", b'{"choices": [{"mess'),
    "content_type": ("text/html", b"<html>busy</html>"),
}


class Quiet(ThreadingHTTPServer):
    """Silent when a client hangs up, which is what is tested."""

    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), (OSError, ValueError)):
            super().handle_error(request, client_address)


class TeacherServer:
    """Listens on a free loopback port; `requests` and so on keep what was asked."""

    def __init__(self, behaviours=(), always=None, reply=REPLY, shares=None, seed=0,
                 latency=0.0, honours_n=True, retry_after=0, refuses=None,
                 api_at="/v1", elsewhere=(404, {"error": {"message": "not found"}})
                 ):  # fmt: skip
        self.api_at, self.elsewhere = api_at, elsewhere
        self.retry_after, self.refuses = retry_after, refuses or {}
        self.behaviours, self.always = list(behaviours), always or {}
        self.shares, self.random = shares or {}, random.Random(seed)
        self.reply, self.latency, self.honours_n = reply, latency, honours_n
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.requests, self.headers, self.answered = [], [], []
        self.connections, self.paths = set(), []
        handler = type("Handler", (self.handler_class,), {"teacher": self})
        self.http = Quiet(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.http.server_port}"
        self.url = f"{self.root}/v1"

    @property
    def handler_class(self):
        return Handler

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.http.shutdown()
        self.http.server_close()

    def take(self, request, headers):
        """Note a request and return the behaviour for it."""
        with self.lock:
            self.requests.append(request)
            self.headers.append(headers)
            if (behaviour := self.fixed(request)) is not None:
                return behaviour
            if self.behaviours:
                return self.behaviours.pop(0)
            draw = self.random.random()
            for behaviour, share in self.shares.items():
                if (draw := draw - share) < 0:
                    return behaviour
            return "ok"

    def fixed(self, request):
        """The behaviour that a word of the problem demands, if any."""
        found = (b for word, b in self.always.items() if word in asked(request))
        return next(found, None)

    def refused(self, request):
        """The error of the first field that is not taken, as (status, body)."""
        roles = [message["role"] for message in request.get("messages", ())]
        for name, error in self.refuses.items():
            if name in request or name in roles:
                return error
        return None

    def completion(self, request, behaviour="ok"):
        """The body of a good answer, in the form that was asked for."""
        ignored = behaviour == "one_choice" or not self.honours_n
        count = 1 if ignored else request.get("n", 1)
        if behaviour == "no_choices":
            count = 0
        choices = [self.choice(request, i, behaviour) for i in range(count)]
        usage = {"prompt_tokens": 7, "completion_tokens": 5 * count,
                 "total_tokens": 7 + 5 * count}  # fmt: skip
        if isinstance(behaviour, dict):
            changed = dict(behaviour)
            usage = changed.pop("usage", usage)
            own = ("finish_reason", "logprobs", "error", "text")
            parts = {name: changed.pop(name) for name in own if name in changed}
            for choice in choices:
                choice.update(parts)
                if isinstance(choice.get("message"), dict):
                    choice["message"].update(changed)
        with self.lock:
            self.answered.append((asked(request), request.get("seed"), count))
        return {
            "id": "x", "object": "chat.completion", "created": 0,
            "model": request["model"], "choices": choices,
            "usage": usage,
        }  # fmt: skip

    def choice(self, request, index, behaviour):
        """One choice, with the words of its seed and five tokens of log-likelihood."""
        if isinstance(behaviour, dict):
            behaviour = "ok"
        text = self.reply.format(seed=request.get("seed", 0) + index)
        finish = behaviour if behaviour in ("length", "content_filter") else "stop"
        text = {"length": text[:40], "content_filter": None}.get(finish, text)
        text = None if behaviour == "thought_only" else text
        found = {"index": index, "finish_reason": finish}
        wanted = request.get("logprobs") not in (None, False)
        wanted = wanted and behaviour != "no_logprobs"
        if "prompt" in request:
            values = [-0.5] * 5 if wanted else None
            return {**found, "text": text or "",
                    "logprobs": values and {"token_logprobs": values}}  # fmt: skip
        values = [{"token": "x", "logprob": -0.5, "top_logprobs": []}] * 5
        message = {"role": "assistant", "content": text}
        return {**found, "message": None if behaviour == "no_message" else message,
                "logprobs": {"content": values} if wanted else None}  # fmt: skip


def asked(request):
    """The problem's text, in both forms of request."""
    return request.get("prompt") or request["messages"][-1]["content"]


class Handler(BaseHTTPRequestHandler):
    teacher: TeacherServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms between headers and body otherwise

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.teacher.connections.add(self.client_address)
        self.teacher.paths.append(self.path)
        below = self.path.removeprefix(self.teacher.api_at)
        is_there = self.path.startswith(self.teacher.api_at)
        if not is_there or below not in ("/chat/completions", "/completions"):
            return self.raw(*self.teacher.elsewhere)
        request = json.loads(data)
        behaviour = self.teacher.take(request, self.headers)
        if refused := self.teacher.refused(request):
            return self.send(refused[0], json.dumps(refused[1]).encode())
        self.behave(request, behaviour)

    def behave(self, request, behaviour):
        time.sleep(self.teacher.latency)
        if isinstance(behaviour, tuple):
            self.raw(*behaviour)
        elif behaviour == "hang":
            self.teacher.stopping.wait(30)
            self.close_connection = True
        elif behaviour == "cut":
            self.close_connection = True
        elif isinstance(behaviour, str) and behaviour in BROKEN:
            kind, body = BROKEN[behaviour]
            self.send(200, body, kind)
        elif isinstance(behaviour, str) and behaviour in STATUS:
            # Careless servers echo the key: no error of ours may pass it on.
            echo = f"refused {self.headers['Authorization']}"
            error = {"message": echo, "code": CODES.get(behaviour)}
            pause = {"429": self.teacher.retry_after, "429_long": 200}.get(behaviour)
            again = {} if pause is None else {"Retry-After": str(pause)}
            self.send(STATUS[behaviour], json.dumps({"error": error}).encode(), **again)
        else:
            body = json.dumps(self.teacher.completion(request, behaviour)).encode()
            part = behaviour if isinstance(behaviour, str) else ""
            self.send(200, body, part=part)

    def raw(self, status, body, headers=None):
        """A reply as it is: bytes and text are sent so, other values as JSON."""
        kind = "application/json"
        if isinstance(body, (str, bytes)):
            kind = "text/html"
        else:
            body = json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
        self.send(status, body, kind, **(headers or {}))

    def send(self, status, body, kind="application/json", part="", **headers):
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if part == "cut_body":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif part == "stall":
            self.wfile.write(body[:20])
            self.wfile.flush()
            self.teacher.stopping.wait(30)
            self.close_connection = True
        elif part in ("trickle", "drip"):
            size, pause = {"trickle": (200, 0.005), "drip": (1, 0.1)}[part]
            for start in range(0, len(body), size):
                self.wfile.write(body[start : start + size])
                self.wfile.flush()
                self.teacher.stopping.wait(pause)
        else:
            self.wfile.write(body)

    def log_message(self, *_):
        """No log."""
