"""All kernels as forks of a process that has the packages imported.

As those of quick runs are; others would import torch and transformers for every
notebook of the tests, 7 seconds of processor time.  Of long runs,

    python -m tests.helpers.forked_kernels paper --only 03    # as `./run_all.sh` does
"""

import sys

import pytest

from socratic_utils.runner import cli, forks
from socratic_utils.runner.kernels import FIGURES

IMPORTED = [FIGURES, *cli.IMPORTED.split(", ")]  # whatever is the first to start


class Kernel(forks.ForkedKernel):
    async def _async_launch_kernel(self, kernel_cmd, **given):
        self.imported = IMPORTED
        await super()._async_launch_kernel(kernel_cmd, **given)


def install(monkeypatch):
    """From now on, until `monkeypatch` is undone."""
    monkeypatch.setattr(forks, "ForkedKernel", Kernel)
    monkeypatch.setattr("jupyter_client.AsyncKernelManager", Kernel)


if __name__ == "__main__":
    install(pytest.MonkeyPatch())
    sys.exit(cli.main())
