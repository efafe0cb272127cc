"""A real HTTP server that serves models and data sets as the Hugging Face hub does.

    with HubServer() as hub:
        hub.add("openai-community/gpt2", {"config.json": b"..."})   # a commit of `main`
        hub.add("datasets/openai/gsm8k", files, commit="60b4b82b...")
        subprocess.run(command, env=hub.environment(home))   # for the client libraries

`requests` keeps (method, path, status, Range), `unknown` what the server does not know.
`faults`: a word of a path -> what happens to the next requests of such contents: cut
(the connection ends after half of the bytes), 429, 503, hang, html (a page with status
200, as a hotel's network shows one), garbled (as many bytes, all zero).  With "always"
as its last item the fault stays.

As on the hub, a small file's HEAD and GET are redirected within the host, a large one's
(LFS) to a store on another, and each of a missing file, revision and repository has an
error code of its own.  Not covered: Xet, tokens, uploads.
"""

import hashlib
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from socratic_utils.files import project_root

LARGE = (".safetensors", ".bin", ".parquet")  # what the hub keeps in its store (LFS)
API = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/([^/]+)/([^/]+)(?:/(.*))?)?")
RESOLVE = re.compile(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)")
CACHED = re.compile(r"/(?:api/resolve-cache|store)/((?:datasets/)?[^/]+/[^/]+)/([^/]+)/"
                    r"(.+)")  # fmt: skip
AGENTS = "/api/agent-harnesses"  # asked where an agent runs the tests: not noted


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Silent when a client hangs up, which is what is tested."""


class HubServer:
    """Listens on two free loopback ports: the hub, and its store of large files."""

    def __init__(self):
        self.commits = {}  # repository -> {commit: {name: bytes}}, the last is `main`
        self.faults, self.requests, self.unknown = {}, [], []
        self.lock, self.stopping = threading.Lock(), threading.Event()
        handler = type("Handler", (Handler,), {"hub": self})
        self.servers = [Quiet(("127.0.0.1", 0), handler) for _ in range(2)]
        self.url, self.store = (
            f"http://127.0.0.1:{server.server_port}" for server in self.servers
        )

    def __enter__(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def add(self, repository, files, commit=""):
        """A new commit, which `main` now is; its id."""
        made = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        commit = commit or made
        self.commits.setdefault(repository, {})[commit] = dict(files)
        return commit

    def environment(self, home, **more):
        """Variables of a process that uses this hub, with a cache of its own."""
        left = ("SOCRATIC_DATA_DIR", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE",
                "TRANSFORMERS_CACHE", "HF_DATASETS_CACHE")  # fmt: skip
        own = {k: v for k, v in os.environ.items() if k not in left}
        return own | {"HF_ENDPOINT": self.url, "HF_HOME": str(home),
                      "PYTHONPATH": str(project_root()),
                      "HF_HUB_DISABLE_XET": "1", **more}  # fmt: skip

    def files(self, repository, revision):
        """(commit, files) of a branch or commit, or None."""
        known = self.commits[repository]
        commit = list(known)[-1] if revision == "main" else revision
        return (commit, known[commit]) if commit in known else None

    def fault(self, path):
        """What is to happen to a request of a content."""
        with self.lock:
            for word, behaviours in self.faults.items():
                if word in path and behaviours:
                    stays = "always" in behaviours
                    return behaviours[0] if stays else behaviours.pop(0)
        return ""

    def contents(self, word=""):
        """The names of the contents that were sent, in order."""
        return [Path(path).name for method, path, status, _ in self.requests
                if method == "GET" and status in (200, 206) and CACHED.fullmatch(path)
                and word in path]  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms between headers and body otherwise

    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        path = unquote(urlsplit(self.path).path)
        if path == AGENTS:
            return self.say({})
        if found := CACHED.fullmatch(path):
            repository, commit, name = found.groups()
            files = self.hub.commits[repository][commit]
            return self.content(files[name], path, commit)
        if found := RESOLVE.fullmatch(path):
            return self.resolve(*found.groups())
        if found := API.fullmatch(path):
            return self.api(*found.groups(), body)
        self.hub.unknown.append((self.command, path))
        self.missing("EntryNotFound", "there is no such page")

    do_HEAD = do_POST = do_GET

    def found(self, repository, revision):
        """(commit, files), or None once the error has been sent."""
        if repository not in self.hub.commits:
            self.missing("RepoNotFound", "Repository not found")
        elif found := self.hub.files(repository, revision):
            return found
        else:
            self.missing("RevisionNotFound", f"Invalid rev id: {revision}")
        return None

    def api(self, kind, name, what, revision, folder, body):
        repository = f"datasets/{name}" if kind == "datasets" else name
        if not (found := self.found(repository, revision or "main")):
            return
        commit, files = found
        match what or "revision":
            case "revision":
                siblings = [{"rfilename": file} for file in files]
                self.say({"_id": "1", "id": name, "sha": commit, "tags": [],
                          "private": False, "gated": False, "likes": 0,
                          "downloads": 0, "siblings": siblings})  # fmt: skip
            case "tree":
                self.tree(files, folder)
            case "paths-info":
                asked = json.loads(body)["paths"]
                self.say([e for e in entries(files) if e["path"] in asked])
            case _:
                self.hub.unknown.append((self.command, self.path))
                self.missing("EntryNotFound", "there is no such part of the API")

    def tree(self, files, folder):
        below = f"{folder}/" if folder else ""
        found = [e for e in entries(files) if e["path"].startswith(below)]
        if folder and not found:
            return self.missing("EntryNotFound", f"{folder} does not exist")
        if "recursive=true" not in self.path.lower():
            found = [e for e in found if "/" not in e["path"][len(below) :]]
        return self.say(found)

    def resolve(self, repository, revision, name):
        if not (found := self.found(repository, revision)):
            return
        commit, files = found
        headers = {"X-Repo-Commit": commit}
        if name not in files:
            return self.missing("EntryNotFound", "Entry not found", **headers)
        data, place = files[name], quote(f"{repository}/{commit}/{name}")
        headers["ETag"] = f'"{git_id(data)}"'
        if not name.endswith(LARGE):
            place = f"/api/resolve-cache/{place}"
            return self.send(307, b"", Location=place, **headers)
        headers["X-Linked-Size"], headers["X-Linked-ETag"] = len(data), sha256(data)
        place = f"{self.hub.store}/store/{place}"
        return self.send(302, b"", Location=place, **headers)

    def content(self, data, path, commit):
        behaviour = self.hub.fault(path) if self.command == "GET" else ""
        if behaviour == "hang":
            self.hub.stopping.wait(60)
            self.close_connection = True
            return None
        if behaviour.isdigit():
            return self.send(int(behaviour), b"busy", **{"Retry-After": "0"})
        if behaviour == "html":
            return self.send(200, b"<html>Welcome to our hotel</html>")
        if behaviour == "garbled":
            data = bytes(len(data))
        headers = {"ETag": f'"{git_id(data)}"', "Accept-Ranges": "bytes",
                   "X-Repo-Commit": commit}  # fmt: skip
        asked, status = self.headers.get("Range", ""), 200
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", asked):
            start, end = int(wanted[1]), int(wanted[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            data, status = data[start : end + 1], 206
        return self.send(status, data, cut=behaviour == "cut", **headers)

    def say(self, value):
        body = json.dumps(value).encode()
        self.send(200, body, **{"Content-Type": "application/json"})

    def missing(self, code, message, **headers):
        headers |= {"X-Error-Code": code, "X-Error-Message": message}
        self.send(404, message.encode(), **headers)

    def send(self, status, body, cut=False, **headers):
        if self.path != AGENTS:
            note = (self.command, unquote(self.path), status)
            self.hub.requests.append((*note, self.headers.get("Range", "")))
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def log_message(self, *_):
        """No log."""


def entries(files):
    """Files and their folders, as `tree` and `paths-info` list them."""
    folders = {name.rpartition("/")[0] for name in files} - {""}
    found = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
             for folder in sorted(folders)]  # fmt: skip
    for name, data in files.items():
        entry = {"type": "file", "oid": git_id(data), "size": len(data), "path": name}
        if name.endswith(LARGE):
            entry["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": 130}
        found.append(entry)
    return found


def git_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha256(data):
    return hashlib.sha256(data).hexdigest()
