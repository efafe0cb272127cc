"""Kernels of in-process runs as forks of a process that has the packages imported.

Otherwise every kernel of a worker's tests imports torch and transformers, 7 seconds of
processor time.  A test that runs `./run_all.sh` waits for them, as users do; one that
need not wait runs

    python -m tests.helpers.forked_kernels smoke --only 03    # as `./run_all.sh` does
"""

import multiprocessing
import os
import sys
import threading
from contextlib import suppress
from unittest.mock import patch

import pytest
from jupyter_client.provisioning import LocalProvisioner

from socratic_utils.runner import cli
from socratic_utils.runner.kernels import ENVIRONMENT

CONTEXT = multiprocessing.get_context("forkserver")
FIGURES = "matplotlib.backends.backend_pdf"  # imports fontTools
CONTEXT.set_forkserver_preload(
    ["ipykernel.kernelapp", FIGURES, *cli.IMPORTED.split(", ")]
)


def serve(arguments, environment, folder):
    """What `python -m ipykernel_launcher` does, until the parent ends."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    sys.argv = ["ipykernel_launcher", *arguments]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


class Forked:
    """A process with the methods of `subprocess.Popen` that a provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, *given):
        self.process = CONTEXT.Process(target=serve, args=given)
        self.process.start()
        self.pid = self.process.pid
        self.kill, self.terminate = self.process.kill, self.process.terminate

    def poll(self):
        return self.process.exitcode

    def wait(self):
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number):
        with suppress(ProcessLookupError):  # it has ended
            os.kill(self.pid, number)


async def launch_kernel(self, cmd, env, cwd, **_):
    """`LocalProvisioner.launch_kernel` without a new interpreter."""
    with patch.dict(os.environ, ENVIRONMENT):  # which the server reads at its imports
        self.process = Forked(cmd[cmd.index("ipykernel_launcher") + 1 :], env, cwd)
    self.pid, self.pgid = self.process.pid, None
    return self.connection_info


def install(monkeypatch):
    """From now on, until `monkeypatch` is undone."""
    monkeypatch.setattr(LocalProvisioner, "launch_kernel", launch_kernel)


if __name__ == "__main__":
    install(pytest.MonkeyPatch())
    sys.exit(cli.main())
