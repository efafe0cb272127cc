"""Kernels as forks of one process, which has imported the packages of all of them.

Only for Linux without a GPU: a fork cannot go on with what an import has begun on one.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from unittest.mock import patch

from jupyter_client import AsyncKernelManager
from tqdm import tqdm

FORKS = multiprocessing.get_context("forkserver")


def can_fork() -> bool:
    gpus = [path for name in ("nvidia[0-9]*", "kfd", "dxg")
            for path in Path("/dev").glob(name)]  # fmt: skip
    return sys.platform == "linux" and not gpus


def begin(imported: Sequence[str], environment: dict[str, str]) -> None:
    """Start the process that imports these modules, unless it runs, and go on."""
    first = f"{__package__}.quick_imports", "ipykernel.kernelapp"
    FORKS.set_forkserver_preload([*first, *imported])
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the runner alone
    with patch.dict(os.environ, environment):  # which the imports read
        forkserver.ensure_running()
    signal.signal(signal.SIGINT, handler)


class ForkedKernel(AsyncKernelManager):
    """A kernel that has the modules `imported`, or those of the first such kernel."""

    imported: Sequence[str] = ()

    async def _async_launch_kernel(self, kernel_cmd: list[str], **given) -> None:
        """In place of a new interpreter, as jupyter_client documents."""
        begin(self.imported, given["env"])
        words = kernel_cmd[kernel_cmd.index("ipykernel_launcher") + 1 :]
        process = Fork(target=_serve, args=(words, given["env"], given["cwd"]))
        try:
            process.start()
        except EOFError:
            raise RuntimeError("the process behind the kernels was stopped") from None
        one = self.provisioner
        one.process, one.pid, one.pgid = process, process.pid, process.pid
        self._reconcile_connection_info(one.connection_info)


class Fork(FORKS.Process):
    """A process with the methods of `subprocess.Popen` that a kernel's needs."""

    stdin = stdout = stderr = None

    def join(self, timeout: float | None = None) -> None:
        """At exit Python joins what still runs, and a kernel would run on."""
        self.kill()
        super().join(timeout)

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self) -> int | None:
        self.join()
        return self.exitcode

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended
            os.kill(self.pid, number)


def _serve(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """What `python -m ipykernel_launcher` does, until the process above ends."""
    os.setsid()  # Ctrl-C is for the runner
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    above = multiprocessing.parent_process()
    threading.Thread(target=lambda: (above.join(), os._exit(1)), daemon=True).start()
    tqdm.set_lock(threading.RLock())  # one of all processes would be left behind
    # The parent's handle 1: no notice on the screen of how to connect, and no watching.
    sys.argv = ["ipykernel_launcher", *arguments, "--IPKernelApp.parent_handle=1"]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
