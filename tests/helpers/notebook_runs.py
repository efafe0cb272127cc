"""Smoke runs of notebooks: once by the runner, and again inside this process."""

import json
import os

import nbformat
import pytest

from socratic_utils.files import project_root
from socratic_utils.runner import cli, schedule
from socratic_utils.runner.execute import find_notebooks


def notebooks_of(paper):
    """The notebooks of one paper, in order."""
    stems = {entry.stem for entry in schedule.NOTEBOOKS if entry.paper == paper}
    return [path for path in find_notebooks() if path.stem in stems]


def smoke_run(tmp_path_factory, paper):
    """Run a paper's notebooks by the runner, each in a kernel of its own.

    Yields the folder of the run; SOCRATIC_OUTPUTS stays set until the tests are over.
    """
    outputs = tmp_path_factory.mktemp("smoke")
    folder = tmp_path_factory.mktemp("notebooks")
    for path in notebooks_of(paper):
        (folder / path.name).symlink_to(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOCRATIC_OUTPUTS", str(outputs))
        assert cli.main(["smoke"], folder) == 0
        yield outputs / "smoke"


def run_again(path):
    """Run a notebook's cells at smoke scale in this process, in a fresh namespace."""
    from IPython.display import display

    names = {"__name__": "__main__", "display": display}
    before = os.getcwd()
    os.chdir(project_root())  # where the runner's kernels work
    try:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], path.name, "exec"), names)
            if "parameters" in cell["metadata"].get("tags", []):
                names["scale"] = "smoke"
    finally:
        os.chdir(before)


def check_copies(run, paper):
    """Every notebook of the paper has left its executed copy and is recorded."""
    wanted = [path.name for path in notebooks_of(paper)]
    assert sorted(p.name for p in (run / "notebooks").glob("*.ipynb")) == wanted
    record = json.loads((run / "run.json").read_text("utf-8"))["notebooks"]
    assert {p.stem for p in notebooks_of(paper)} <= set(record)
    assert all(notebook["status"] == "done" for notebook in record.values())


def check_second_run(run, paper):
    """The same notebooks again train and decode nothing."""
    watched = [*run.glob("students/**/model.safetensors"),
               *run.glob("predictions/**/*.jsonl")]  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in watched}
    assert any(path.name == "model.safetensors" for path in before)
    for path in notebooks_of(paper):
        run_again(path)
    assert {path: path.stat().st_mtime_ns for path in watched} == before
    again = set(run.glob("students/**/model.safetensors"))
    assert again == {path for path in before if path.name == "model.safetensors"}
