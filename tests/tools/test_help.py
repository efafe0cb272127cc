"""Every tool starts: what it imports from the package is still there."""

import subprocess
import sys

import pytest

from socratic_utils.files import project_root

TOOLS = sorted(path.stem for path in (project_root() / "tools").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_imports_what_it_needs(name):
    command = [sys.executable, "-c", f"import tools.{name}"]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
