"""An OpenAI-like completion server over a real (tiny) student, for tests.

It reads prompts as token ids and writes greedily, one token after the other, without a
cache and without batches: nothing of the package's own decoding is in it.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


class Student:
    """A model and what it is called."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()

    @torch.inference_mode()
    def write(self, prompt: list[int], limit: int, stops: list[str]):
        """(tokens, finish reason)."""
        written: list[int] = []
        while len(written) < limit:
            logits = self.model(torch.tensor([prompt + written])).logits[0, -1]
            written.append(int(logits.argmax()))
            if written[-1] == self.tokenizer.eos_token_id:
                return written, "stop"
            if any(stop in self.tokenizer.decode(written[-1:]) for stop in stops):
                return written, "stop"
        return written, "length"


@contextmanager
def serve(folders, token_ids=True, broken=False):
    """The address of a server of these students, and a list of its requests."""
    students = {s.name: s for s in map(Student, folders)}
    asked: list[dict] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def say(self, value, status=200):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            models = [{"id": name, "object": "model"} for name in students]
            self.say({"object": "list", "data": models})

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(length))
            asked.append(request)
            if broken:
                return self.say({"error": {"message": "out of memory"}}, 400)
            student = students[request["model"]]
            with lock:
                ids, why = student.write(
                    request["prompt"], request["max_tokens"], request.get("stop") or []
                )
            body = [i for i in ids if i != student.tokenizer.eos_token_id]
            choice = {"index": 0, "finish_reason": why, "logprobs": None,
                      "text": student.tokenizer.decode(body)}  # fmt: skip
            if token_ids:
                choice["token_ids"] = ids
            self.say({"id": "1", "object": "text_completion", "created": 0,
                      "model": request["model"], "choices": [choice]})  # fmt: skip

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
