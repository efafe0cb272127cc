"""The Batch API of the test server: files go up, results come back in any order.

Faults, one a job, in the order given: expired (half of the requests are not done),
failed (rejected as a whole), some_500 (every third request failed in the job),
duplicates (every result twice, and a foreign one), refused (every third is a 400).
`polls` is how often a job says "in_progress" first.
"""

import json
import re

from tests.helpers.teacher_server import Handler, TeacherServer

RESULTS = {"some_500": 500, "refused": 400}


class BatchServer(TeacherServer):
    """Also has /v1/files and /v1/batches."""

    def __init__(self, faults=(), polls=1, **options):
        self.faults, self.polls = list(faults), polls
        self.files, self.batches = {}, {}
        self.lose_next_answer = self.refuse_jobs = self.only_files = False
        super().__init__(**options)

    @property
    def handler_class(self):
        return BatchHandler

    def create(self, body):
        """Run a job at once, and hide the results until it was polled often enough."""
        name = f"batch_{len(self.batches)}"
        fault = self.faults.pop(0) if self.faults else "ok"
        lines = [json.loads(x) for x in self.files[body["input_file_id"]].splitlines()]
        output, errors = [], []
        for number, line in enumerate(reversed(lines)):  # out of order
            if fault == "expired" and number % 2:
                error = {"code": "batch_expired", "message": "too late"}
                errors.append({"custom_id": line["custom_id"], "response": None,
                               "error": error})  # fmt: skip
                continue
            status = RESULTS.get(fault, 200) if number % 3 == 0 else 200
            result = {"error": {}}
            behaviour = self.fixed(line["body"]) or "ok"
            if isinstance(behaviour, tuple):
                status, result = behaviour
            elif refused := self.refused(line["body"]):
                status, result = refused
            elif status == 200:
                result = self.completion(line["body"], behaviour)
            (output if status == 200 else errors).append(
                {"custom_id": line["custom_id"], "error": None,
                 "response": {"status_code": status, "body": result}}
            )  # fmt: skip
        if fault == "duplicates":
            output += [*output, {**output[0], "custom_id": "foreign"}]
        batch = {
            "id": name, "object": "batch", "endpoint": body["endpoint"],
            "input_file_id": body["input_file_id"], "completion_window": "24h",
            "created_at": 0, "status": "in_progress", "metadata": body.get("metadata"),
            "output_file_id": None, "error_file_id": None, "left": self.polls,
            "over": {"expired": "expired", "failed": "failed"}.get(fault, "completed"),
            "size": len(lines), "gone": fault == "gone",
        }  # fmt: skip
        self.batches[name] = batch
        for kind, rows in (("output", output), ("error", errors)):
            if rows and fault != "failed":
                text = "\n".join(map(json.dumps, rows)) + "\n"
                self.files[f"{name}_{kind}"] = text.encode()
        return batch

    def poll(self, name):
        batch = self.batches[name]
        batch["left"] -= 1
        if batch["left"] < 0:
            batch["status"] = batch["over"]
            for kind in ("output", "error"):
                if f"{name}_{kind}" in self.files:
                    batch[f"{kind}_file_id"] = f"{name}_{kind}"
            if batch["gone"]:  # the provider has deleted it
                self.files.pop(f"{name}_output", None)
        return batch


class BatchHandler(Handler):
    teacher: BatchServer

    def do_POST(self):
        if self.path not in ("/v1/files", "/v1/batches"):
            return super().do_POST()
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/batches":
            if self.teacher.only_files:
                return self.send(404, b'{"error": {"message": "not found"}}')
            if self.teacher.refuse_jobs:
                return self.send(400, b'{"error": {"message": "no"}}')
            batch = self.teacher.create(json.loads(data))
            if self.teacher.lose_next_answer:
                self.teacher.lose_next_answer = False
                self.close_connection = True
                return None
            return self.reply(batch)
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        name = f"file_{len(self.teacher.files)}"
        for part in data.split(b"--" + boundary):
            head, _, body = part.partition(b"\r\n\r\n")
            if b'name="file"' in head:
                self.teacher.files[name] = body.removesuffix(b"\r\n")
        self.reply({"id": name, "object": "file", "bytes": 1, "created_at": 0,
                    "filename": "requests.jsonl", "purpose": "batch",
                    "status": "processed"})  # fmt: skip

    def do_GET(self):
        path = self.path.partition("?")[0]
        if found := re.fullmatch(r"/v1/files/(.+)/content", path):
            if (content := self.teacher.files.get(found[1])) is None:
                return self.send(404, b'{"error": {"message": "no such file"}}')
            self.send(200, content, "application/octet-stream")
        elif found := re.fullmatch(r"/v1/batches/(.+)", path):
            if found[1] in self.teacher.batches:
                return self.reply(self.teacher.poll(found[1]))
            self.send(404, b'{"error": {"message": "no such batch"}}')
        elif self.teacher.only_files:
            self.send(404, b'{"error": {"message": "not found"}}')
        else:
            jobs = list(self.teacher.batches.values())
            self.reply({"object": "list", "data": jobs, "has_more": False})

    def reply(self, value):
        self.send(200, json.dumps(value).encode())
