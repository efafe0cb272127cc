"""All kernels as forks of a process that has the packages imported.

As those of quick runs are; others would import torch and transformers for every
notebook of the tests, 7 seconds of processor time.  Of long runs,

    python -m tests.helpers.forked_kernels paper --only 03    # as `./run_all.sh` does
"""

import sys

import pytest

from socratic_utils.runner import cli, forks
from socratic_utils.runner.kernels import FIGURES

IMPORTED = [FIGURES, *cli.IMPORTED.split(", ")]  # whichever kernel is the first
begin = forks.begin


def install(monkeypatch):
    """From now on, until `monkeypatch` is undone."""
    monkeypatch.setattr(
        forks, "begin", lambda _, environment: begin(IMPORTED, environment)
    )
    monkeypatch.setattr("jupyter_client.AsyncKernelManager", forks.ForkedKernel)


if __name__ == "__main__":
    install(pytest.MonkeyPatch())
    sys.exit(cli.main())
