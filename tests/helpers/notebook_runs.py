"""Smoke runs of notebooks: once by the runner, and again inside this process."""

import json
import os
import re
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

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
    """Run a notebook's cells at smoke scale in this process; their names."""
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
    return names


def check_copies(run, paper):
    """Every notebook of the paper has left its executed copy and is recorded."""
    wanted = [path.name for path in notebooks_of(paper)]
    assert sorted(p.name for p in (run / "notebooks").glob("*.ipynb")) == wanted
    record = json.loads((run / "run.json").read_text("utf-8"))["notebooks"]
    assert {p.stem for p in notebooks_of(paper)} <= set(record)
    assert all(notebook["status"] == "done" for notebook in record.values())
    for path in (run / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        texts = [o for o in outputs if o.output_type == "stream"]
        assert [o.text for o in texts if o.name == "stderr"] == [], path.name
        assert max(o.text.count("\n") for o in texts) <= 40, path.name
        assert "PosixPath" not in str(outputs), path.name  # a folder of one machine


def printed_by(path):
    """What the cells of an executed copy print."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs)


def second_run(run, paper):
    """The notebooks again; returns their names by stem, and what was made again."""
    watched = [*run.glob("students/**/model.safetensors"),
               *run.glob("predictions/**/*.jsonl")]  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in watched}
    assert any(path.name == "model.safetensors" for path in before)
    names = {path.stem: run_again(path) for path in notebooks_of(paper)}
    again = {path for path in before if path.stat().st_mtime_ns != before[path]}
    return names, again | set(run.glob("students/**/model.safetensors")) - set(before)


# --- exercises ----------------------------------------------------------------------


def solutions_of(path):
    """The code of a notebook's solutions, by the number of their exercise."""
    cells = nbformat.read(path.parent / "solutions" / path.name, as_version=4).cells
    found, number = {}, 0
    for cell in cells:
        if heading := re.match(r"## Exercise (\d)", cell["source"]):
            found[number := int(heading[1])] = []
        elif number and cell["cell_type"] == "code":
            found[number].append(cell["source"])
    return found


def said(code, names):
    """What code prints that is run with these names."""
    out = StringIO()
    with redirect_stdout(out):
        exec(code, names)
    return out.getvalue()


def spoiled(answer):
    """A wrong answer that is close to a right one, of its type."""
    if callable(answer):
        return lambda *values: None
    if isinstance(answer, dict):
        *others, last = answer
        return {**answer, last: spoiled(answer[last])}
    if isinstance(answer, tuple):
        return (*answer[:-1], spoiled(answer[-1]))
    if isinstance(answer, set):
        return {*answer, "one more"}
    if isinstance(answer, str):
        return f"{answer}s"
    if hasattr(answer, "models"):
        return replace(answer, models=answer.models[::-1])
    if hasattr(answer, "trained"):
        return replace(answer, trained=("solution",))
    return 1.03 * answer + 0.005


def check_solutions(path, names, run):
    """Every solution of a notebook is right by itself, and wrong answers get a hint.

    `names` are those of the notebook after its cells.  The run stays as it is.
    """
    before = {file: file.stat().st_mtime_ns for file in files_of(run)}
    for number, codes in solutions_of(path).items():
        own = dict(names)
        texts = "".join(said(code, own) for code in codes)
        assert f"Exercise {number}: right.\n" in texts, texts
        name, call = f"answer_{number}", f'check("{path.stem[:2]}.{number}", globals())'
        for wrong in (spoiled(own[name]), None, "nonsense", [], {}, lambda: 0):
            text = said(call, {**own, name: wrong})
            assert text.startswith(f"Exercise {number}: not yet"), (wrong, text)
            assert ". Hint: " in text
    assert {file: file.stat().st_mtime_ns for file in files_of(run)} == before


def files_of(run):
    """The files of a run that are not in its scratch folder."""
    files = (path for path in run.rglob("*") if path.is_file())
    return [path for path in files if path.relative_to(run).parts[0] != "scratch"]
