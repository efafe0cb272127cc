"""The students' copies of the notebooks: no solutions, no outputs, nothing to train.

    ./run_all.sh student-notebooks      # outputs/student-notebooks/, and a zip of it

A copy shows the committed results and works wherever it lies, because the package knows
its own folder.  What is in the folder already is never overwritten.  In a clone of a
GitHub repository, the copies also set up Google Colab, and the index links to it.
"""

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from socratic_utils import config
from socratic_utils.files import project_root, write_atomic
from socratic_utils.runner.execute import find_notebooks
from socratic_utils.runner.schedule import why_left_out

EDITS = {r'^reuse = ""': 'reuse = "reference"', r" Solutions: \[.*?\]\(.*?\)\.": ""}
SET_UP = """import sys
from pathlib import Path

if "google.colab" in sys.modules:  # elsewhere, nothing happens
    sys.path.insert(0, "/content/code")
    if not Path("/content/code").exists():
        !git clone -q --depth 1 {} /content/code
        !bash /content/code/binder/colab.sh"""
INDEX = """# The students' notebooks

Open a notebook and run its cells from top to bottom. The exercises are at its end:
replace the `...` in the answer cell, run it, and run the check below it.

All notebooks show the committed results. To train students yourself, set `reuse = ""`
in the cell of four values; `./run_all.sh --dry-run` says how long that takes.

| notebook | question |
|---|---|
"""
COLAB = "https://colab.research.google.com/github/{}/blob/student-notebooks/{}"
BINDER = "https://mybinder.org/v2/gh/{}/HEAD?urlpath=lab/tree/outputs/student-notebooks"


def github_repository() -> str:
    """The "owner/name" that this is a clone of, or "" if it is not one of GitHub's."""
    command = ["git", "-C", str(project_root()), "remote", "get-url", "origin"]
    with suppress(OSError):  # no git
        url = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        pattern = r"(?:https://|git@)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?"
        return (re.fullmatch(pattern, url) or ["", ""])[1]
    return ""


def student_version(path: Path, repository: str = "") -> dict:
    """A notebook as JSON; with a repository, its first code cell sets up Colab."""
    notebook = json.loads(path.read_text("utf-8"))
    if repository:
        source = SET_UP.format(f"https://github.com/{repository}")
        set_up = {"cell_type": "code", "id": "set-up", "metadata": {}, "source": source}
        notebook["cells"].insert(1, set_up)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        for pattern, new in EDITS.items():
            source = re.sub(pattern, new, source, flags=re.MULTILINE)
        cell["source"] = source.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return notebook


def student_files(repository: str = "") -> dict[str, str]:
    """By name, the notebooks that the committed run has rows for, and their index."""
    files, index, settings = {}, INDEX, config.load("small", reuse="reference")
    reasons = {path: why_left_out(settings, path) for path in find_notebooks()}
    missing = "|".join(path.name for path, reason in reasons.items() if reason)
    for path in (path for path, reason in reasons.items() if not reason):
        notebook = student_version(path, repository)
        title = "".join(notebook["cells"][0]["source"])
        question = re.search(r"\*\*Question\.\*\* (.*)", title)[1]
        if repository:
            question += f" ([Colab]({COLAB.format(repository, path.name)}))"
        index += f"| [{path.stem}]({path.name}) | {question} |\n"
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        files[path.name] = re.sub(rf"\[([^][]*)\]\(({missing})\)", r"\1", text)
    if repository:
        binder = f"[Binder]({BINDER.format(repository)})"
        index += f"\n{binder} has all of them, and nothing to install.\n"
    pictures = (project_root() / "notebooks" / "data_flow").glob("*.svg")
    files |= {f"data_flow/{path.name}": path.read_text("utf-8") for path in pictures}
    return files | {"README.md": index}


def write_all(folder: Path, files: dict[str, str]) -> list[str]:
    """Write what is not there yet, and a zip of all files; the names that were kept."""
    with ZipFile(f"{folder}.zip", "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{folder.name}/{name}", text)
    own = {name: (folder / name).read_text("utf-8") for name in files
           if (folder / name).exists()}  # fmt: skip
    for name in files.keys() - own.keys():
        write_atomic(folder / name, files[name])
    return sorted(name for name in files if own.get(name, files[name]) != files[name])


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit("run_all: student-notebooks takes no options")
    folder = config.outputs_root() / "student-notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    if kept := write_all(folder, student_files(github_repository())):
        print(f"kept, delete them for fresh copies: {', '.join(kept)}")
    print(f"the students' notebooks: {folder} and {folder}.zip")
