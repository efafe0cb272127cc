"""A small real HTTP server that answers like an OpenAI chat endpoint, and misbehaves.

    with TeacherServer(["429", "ok"]) as server:  # one behaviour a request, in order
        Teacher("toy", server.url, ...)           # after the list: always "ok"

Behaviours: ok, 429 (Retry-After: 0), 500, cut (connection closed), not_json,
no_choices, no_message, 401, 404.  `always` maps a word of the problem to a behaviour.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPLY = """Q1: How many rolls does she make?
A1: She makes 4 * 12 = 48 rolls.
Q2: How many are left?
A2: She has 48 - {seed} left.
The answer is 48."""
STATUS = {"429": 429, "500": 500, "401": 401, "404": 404}


class TeacherServer:
    """Listens on a free loopback port; `requests` and `headers` keep what was asked."""

    def __init__(self, behaviours=(), always=None, reply=REPLY):
        self.behaviours, self.always = list(behaviours), always or {}
        self.reply, self.lock = reply, threading.Lock()
        self.requests, self.headers = [], []
        handler = type("Handler", (_Handler,), {"teacher": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    def take(self, request, headers):
        """Note a request and say how to treat it."""
        with self.lock:
            self.requests.append(request)
            self.headers.append(headers)
            text = request["messages"][-1]["content"]
            for word, behaviour in self.always.items():
                if word in text:
                    return behaviour
            return self.behaviours.pop(0) if self.behaviours else "ok"


class _Handler(BaseHTTPRequestHandler):
    teacher: TeacherServer

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        request = json.loads(self.rfile.read(size))
        behaviour = self.teacher.take(request, self.headers)
        if self.path != "/v1/chat/completions":
            behaviour = "404"
        if behaviour == "cut":
            self.close_connection = True
            return
        if behaviour == "not_json":
            self.send(200, b'{"choices": [{"mess')
        elif behaviour in STATUS:
            # Careless servers echo the key: no error of ours may pass it on.
            echo = f"refused {self.headers['Authorization']}"
            body = json.dumps({"error": {"message": echo}}).encode()
            self.send(STATUS[behaviour], body)
        else:
            self.send(200, json.dumps(self.completion(request, behaviour)).encode())

    def completion(self, request, behaviour):
        text = self.teacher.reply.format(seed=request["seed"])
        message = None if behaviour == "no_message" else {"role": "assistant"}
        if message:
            message["content"] = text
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {
            "id": "x", "object": "chat.completion", "created": 0,
            "model": request["model"],
            "choices": [] if behaviour == "no_choices" else [choice],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        }  # fmt: skip

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""
