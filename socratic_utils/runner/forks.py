"""Kernels as forks of one process, which has imported the packages of all of them.

Only for Linux without a GPU: a fork cannot go on with what an import has begun on one.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from jupyter_client import AsyncKernelManager
from tqdm import tqdm

FORKS = multiprocessing.get_context("forkserver")


def can_fork() -> bool:
    devices = Path("/dev")
    gpus = [*devices.glob("nvidia[0-9]*"), *devices.glob("kfd")]
    return sys.platform == "linux" and not gpus


class ForkedKernel(AsyncKernelManager):
    """A kernel that begins with the modules `imported` by the first of them."""

    imported: Sequence[str] = ()

    async def _async_launch_kernel(self, kernel_cmd: list[str], **given) -> None:
        """In place of a new interpreter, as jupyter_client documents."""
        first = f"{__package__}.quick_imports", "ipykernel.kernelapp"
        FORKS.set_forkserver_preload([*first, *self.imported])
        words = kernel_cmd[kernel_cmd.index("ipykernel_launcher") + 1 :]
        process = Fork(target=_serve, args=(words, given["env"], given["cwd"]))
        with patch.dict(os.environ, given["env"]):  # which the imports read
            process.start()
        one = self.provisioner
        one.process, one.pid, one.pgid = process, process.pid, None
        self._reconcile_connection_info(one.connection_info)


class Fork(FORKS.Process):
    """A process with the methods of `subprocess.Popen` that a kernel's needs."""

    stdin = stdout = stderr = None

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
    sys.argv = ["ipykernel_launcher", *arguments]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
