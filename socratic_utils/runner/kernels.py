"""Kernels one after the other: the next one imports its packages while one works.

Importing torch and transformers takes longer than many a notebook does.

    with closing(Kernels("torch, transformers")) as kernels:
        usage, reason = run_notebook(path, copy, parameters, kernels, last=False)
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from socratic_utils.files import project_root

ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures in the copy
    "JUPYTER_PREFER_ENV_PATH": "1",  # this interpreter's kernel, not one in ~
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class Kernels:
    """Starts kernels that import `packages` before their first cell."""

    def __init__(self, packages: str = "sys") -> None:
        self.packages, self.waiting = packages, None

    @contextmanager
    def one(self, last: bool = True) -> Iterator[Any]:
        """The kernel of one notebook; unless it is the `last`, another is started."""
        kernel = self.waiting or self._start()
        self.waiting = None if last else self._start()
        try:
            yield kernel
        finally:
            asyncio.run(kernel.shutdown_kernel(now=True))

    def close(self) -> None:
        """Stop the kernel that still waits."""
        if self.waiting:
            asyncio.run(self.waiting.shutdown_kernel(now=True))

    def _start(self) -> Any:
        """Raises NoSuchKernel where ipykernel is not installed."""
        import zmq
        from jupyter_client import AsyncKernelManager
        from traitlets.config import Config

        # Messages are encrypted where ZeroMQ can: others could read them.
        policy = "auto" if zmq.has("curve") else "disabled"
        config = Config({"KernelManager": {"transport_encryption": policy}})
        kernel = AsyncKernelManager(kernel_name="python3", config=config)
        arguments = ["--HistoryManager.hist_file=:memory:",
                     f"--IPKernelApp.exec_lines=import {self.packages}"]  # fmt: skip
        before = dict(os.environ)
        os.environ.update(ENVIRONMENT)
        try:
            asyncio.run(kernel.start_kernel(cwd=str(project_root()),
                                            extra_arguments=arguments))  # fmt: skip
        finally:
            os.environ.clear()
            os.environ.update(before)
        return kernel
