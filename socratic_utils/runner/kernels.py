"""Kernels are started ahead: importing takes longer than many a notebook."""

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
# Loaded with the first figure that is saved.
FIGURES = "matplotlib.backends.backend_pdf"


class Kernels:
    """Starts kernels that import the next of `packages` before their first cell; `most`
    of them wait for their notebook's turn.  With `fork`, where that is possible, one
    process imports them for all kernels."""

    def __init__(self, *packages: str, most: int = 1, fork: bool = False) -> None:
        self.packages, self.most, self.waiting = [*packages], most, []
        self.imported = [*", ".join(packages).split(", "), FIGURES]
        self.forks = None
        if fork:
            from . import forks  # needs jupyter_client

            self.forks = forks if forks.can_fork() else None

    def begin(self) -> None:
        """Let the imports of the first kernel begin; they take place meanwhile."""
        if self.forks:
            self.forks.begin(self.imported, os.environ | ENVIRONMENT)
        else:
            self.ahead()

    def ahead(self) -> None:
        """Start the kernels of the next notebooks."""
        with suppress(OSError):  # a full disk: reported at the notebook's turn
            while self.packages and len(self.waiting) < self.most:
                self.waiting.append(self._start())

    @contextmanager
    def one(self) -> Iterator[Any]:
        """The kernel of the next notebook; those of the following ones are started."""
        kernel = self.waiting.pop(0) if self.waiting else self._start()
        self.ahead()
        try:
            yield kernel
        finally:
            asyncio.run(kernel.shutdown_kernel(now=True))

    def close(self) -> None:
        """Stop the kernels that still wait."""
        while self.waiting:
            asyncio.run(self.waiting.pop().shutdown_kernel(now=True))

    def _start(self) -> Any:
        import zmq
        from jupyter_client import AsyncKernelManager
        from jupyter_client.kernelspec import KernelSpecManager

        manager = self.forks.ForkedKernel if self.forks else AsyncKernelManager
        kernel = manager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # none in ~
            # Messages are encrypted where ZeroMQ can: others could read them.
            transport_encryption="auto" if zmq.has("curve") else "disabled",
        )
        kernel.imported = self.imported
        own = self.packages.pop(0) if self.packages else "sys"
        first = "import gc, socratic_utils.runner.quick_imports"
        lines = first, f"import {own}", "gc.freeze(); gc.enable()"
        given = [f"--IPKernelApp.exec_lines={line}" for line in lines]
        given.append("--HistoryManager.hist_file=:memory:")
        asyncio.run(kernel.start_kernel(
            cwd=str(project_root()), env=os.environ | ENVIRONMENT, extra_arguments=given
        ))  # fmt: skip
        return kernel
