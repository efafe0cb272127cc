"""The students' copies of the notebooks: what is in them, and that they run."""

import json
import os
import re
import subprocess
import sys
from zipfile import ZipFile

import nbformat
import pytest

from socratic_utils.files import project_root
from tools import student_notebooks
from tools.student_notebooks import student_files, write_all

FILES = student_files("example/fork")
COPIES = [name for name in FILES if name.endswith(".ipynb")]
each_copy = pytest.mark.parametrize("name", COPIES)


@each_copy
def test_a_copy_has_no_solutions_and_no_outputs_and_keeps_the_exercises(name):
    copy = nbformat.reads(FILES[name], as_version=4)
    nbformat.validate(copy)
    assert not re.search(r"solutions/|Solutions?:|<details", FILES[name])
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    original = (project_root() / "notebooks" / name).read_text("utf-8")
    answers = re.findall(r"answer_\d = \.\.\.", original)
    assert answers and answers == re.findall(r"answer_\d = \.\.\.", FILES[name])


@each_copy
def test_a_copy_reuses_the_committed_rows_and_links_only_to_other_copies(name):
    assert len(re.findall(r'"reuse = \\"reference\\"', FILES[name])) == 1
    assert set(re.findall(r"\]\(([^)]+\.ipynb)\)", FILES[name])) <= set(COPIES)


def test_the_index_has_every_notebook_with_committed_rows():
    committed = project_root() / "outputs" / "reference" / "small" / "notebooks"
    assert {path.name for path in committed.glob("*.ipynb")} == set(COPIES)
    index = FILES["README.md"]
    assert all(f"[{name.removesuffix('.ipynb')}]({name})" in index for name in COPIES)


def test_only_a_clone_of_github_sets_up_colab():
    def first_code(files):
        cells = json.loads(files["02_filtering.ipynb"])["cells"]
        cell = next(cell for cell in cells if cell["cell_type"] == "code")
        return "".join(cell["source"])

    assert "--depth 1 https://github.com/example/fork /content" in first_code(FILES)
    plain = student_files()
    assert "colab" not in first_code(plain) and "Colab" not in plain["README.md"]


@pytest.mark.parametrize(
    ("remote", "repository"),
    [
        ("https://github.com/example/fork.git", "example/fork"),
        ("git@github.com:example/fork.git", "example/fork"),
        ("https://secret@github.com/example/fork", ""),  # a token is not written
        ("https://example.org/example/fork", ""),
        (None, ""),
    ],
)
def test_the_repository_is_that_of_the_clone(remote, repository, tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    if remote:
        subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    monkeypatch.setattr(student_notebooks, "project_root", lambda: tmp_path)
    assert student_notebooks.github_repository() == repository


def test_answers_are_kept_and_the_zip_is_fresh(tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "02_filtering.ipynb").write_text("my answers", "utf-8")
    assert write_all(folder, FILES) == ["02_filtering.ipynb"]
    assert (folder / "02_filtering.ipynb").read_text("utf-8") == "my answers"
    assert (folder / "README.md").read_text("utf-8") == FILES["README.md"]
    with ZipFile(tmp_path / "copies.zip") as archive:
        found = archive.read("copies/02_filtering.ipynb").decode()
    assert found == FILES["02_filtering.ipynb"]


def test_a_copy_runs_in_another_folder_and_checks_an_answer(tmp_path):
    """Notebook 01, with one exercise answered as a student would."""
    source = FILES["01_teacher_generation.ipynb"]
    counted = "cot, socratic = ({c.problem_id for c in r.kept} for r in first.values())"
    answer = f"{counted}\\nanswer_3 = (len(cot - socratic), len(socratic - cot))"
    path = tmp_path / "mine.ipynb"
    path.write_text(source.replace("answer_3 = ...", answer), "utf-8")
    own = {"PYTHONPATH": str(project_root()), "SOCRATIC_OUTPUTS": str(tmp_path / "out")}
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "markdown",
               "--execute", "--stdout", str(path)]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | own, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Exercise 3: right." in done.stdout
    assert done.stdout.count("not answered yet") == 2
