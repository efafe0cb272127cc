"""No test asks the network, needs a key, or writes into the checkout."""

import os

# Read when the libraries are imported, so they stand before everything else.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for tiny models more are slower
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(name, None)

import gc  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from contextlib import ExitStack  # noqa: E402
from functools import partial  # noqa: E402
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer  # noqa: E402

import pytest  # noqa: E402

from tests.helpers import forked_kernels  # noqa: E402
from tests.helpers.hub_client import Client  # noqa: E402
from tests.helpers.hub_server import HubServer  # noqa: E402

# What takes longest starts first, so that no worker waits for the other at the end.
LONGEST = ("test_notebooks.py", "test_scotd_notebooks.py", "test_cli.py",
           "test_processes.py", "test_ablations.py")  # fmt: skip


def pytest_collection_modifyitems(items):
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(autouse=True)
def quick_collection():
    """What is imported by now is not looked through again: every training of the
    Trainer collects garbage, which took half a second among all modules."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def kernels_without_imports():
    """Kernels start in no time, but on other systems and for subprocesses as usual."""
    if sys.platform != "linux":
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        forked_kernels.install(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def outputs(tmp_path_factory):
    """SOCRATIC_OUTPUTS of the whole session: a folder that pytest cleans up."""
    folder = tmp_path_factory.mktemp("outputs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOCRATIC_OUTPUTS", str(folder))
        yield folder


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The smoke scale's settings, with outputs of the test's own."""
    from socratic_utils import config

    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    return config.load("smoke")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """SOCRATIC_DATA_DIR: an empty folder of the test's own."""
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A server of the files in `tmp_path`, and a cache of downloads of its own."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code="-", size="-"):
            asked.append((self.path, int(code)))

        def log_message(self, *_):
            pass

    monkeypatch.delenv("HF_HUB_OFFLINE")  # this server needs no network
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "cache"))
    handler = partial(Handler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="module")
def hub_server():
    """A server of ours as the Hugging Face hub."""
    with HubServer() as server:
        yield server
    assert server.unknown == []  # all that the clients ask is answered as by the hub


@pytest.fixture(scope="module")
def hub_process(hub_server, tmp_path_factory, request):
    """Starts processes with one cache, which import IMPORTS of the test's module."""
    home = tmp_path_factory.mktemp("hub")
    waits = {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "HF_HUB_ETAG_TIMEOUT": "2"}
    with ExitStack() as stack:

        def start(**more):
            environment = hub_server.environment(home, **waits, **more)
            return stack.enter_context(Client(environment, request.module.IMPORTS))

        yield start


@pytest.fixture(scope="module")
def online_process(hub_process):
    return hub_process()


@pytest.fixture
def online(online_process):
    """A client of the hub whose cache is empty."""
    online_process.forget()
    return online_process


@pytest.fixture(scope="module")
def offline(hub_process):
    """Another process with the same cache, which may not ask."""
    return hub_process(HF_HUB_OFFLINE="1")
