"""A Python that has imported the hub's client libraries; every run is a fork of it.

    with Client(hub.environment(home), "import datasets") as client:
        client.run("print(1)")   ->  Done(out="1\n", error="")

The libraries read their environment variables when they are imported, which takes
seconds: a fork starts at once, and no run sees what another one has cached in memory.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SERVE = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout

for line in sys.stdin:
    code, (read, write) = json.loads(line), os.pipe()
    if not (child := os.fork()):
        out, error = io.StringIO(), ""
        try:
            with redirect_stdout(out), redirect_stderr(io.StringIO()):
                exec(code, {"__name__": "__main__"})
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"
        with open(write, "w") as answer:
            json.dump([out.getvalue(), error], answer)
        os._exit(0)
    os.close(write)
    with open(read) as answer:
        print(answer.read(), flush=True)
    os.waitpid(child, 0)
"""


class Done(NamedTuple):
    out: str
    error: str


class Client:
    def __init__(self, environment, imports):
        self.home = Path(environment["HF_HOME"])
        self.process = subprocess.Popen(
            [sys.executable, "-c", imports + "\n" + SERVE], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def forget(self):
        """Empty the cache."""
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, code):
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        return Done(*json.loads(self.process.stdout.readline()))
