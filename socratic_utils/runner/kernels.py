"""Kernels one after the other: the next one imports its packages while one works, and
the first while the inputs are checked.  Importing takes longer than many a notebook.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from socratic_utils.files import project_root

ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures in the copy
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class Kernels:
    """Starts kernels that import the next of `packages` before their first cell."""

    def __init__(self, *packages: str) -> None:
        self.packages, self.waiting = iter(packages), None

    def ahead(self) -> None:
        """Start the first kernel before its notebook's turn."""
        with suppress(OSError):  # a full disk: reported at its turn
            self.waiting = self._start()

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
        kernel, self.waiting = self.waiting, None
        if kernel:
            asyncio.run(kernel.shutdown_kernel(now=True))

    def _start(self) -> Any:
        import zmq
        from jupyter_client import AsyncKernelManager
        from jupyter_client.kernelspec import KernelSpecManager

        kernel = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # none in ~
            # Messages are encrypted where ZeroMQ can: others could read them.
            transport_encryption="auto" if zmq.has("curve") else "disabled",
        )
        # Collecting garbage again and again would be a quarter of the imports' time.
        lines = ("import gc; gc.disable()", f"import {next(self.packages, 'sys')}",
                 "gc.freeze(); gc.enable()")  # fmt: skip
        given = [f"--IPKernelApp.exec_lines={line}" for line in lines]
        given.append("--HistoryManager.hist_file=:memory:")
        asyncio.run(kernel.start_kernel(
            cwd=str(project_root()), env=os.environ | ENVIRONMENT, extra_arguments=given
        ))  # fmt: skip
        return kernel
