"""Keep finished runs as the committed references of their scale.

    python tools/keep_reference.py outputs/small outputs/small-seed*
    python tools/keep_reference.py outputs/small --add     # what a notebook made later
    python tools/keep_reference.py outputs/small-reused    # of ./run_all.sh --reuse ...

Copies tables, figures, predictions, chains, executed notebooks, report and run.json to
outputs/reference/<name>/; of a later seed of a run that is kept, only its tables, its
run.json, its predictions, compressed and without prompts, and the notebooks that the
first seed has not run.  A run that reused a kept one renews what was made of its rows:
tables and figures, and in the copies of its notebooks the cells that have changed.
Skips weights, the teacher's cache, notebooks that stopped in the middle, the texts of
other benchmarks' problems, and published chains: those are downloaded or read from a
folder, not committed.
"""

import argparse
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from socratic_utils.files import (
    project_root,
    read_json,
    write_json,
    write_jsonl_rows,
)
from socratic_utils.problems import read_rows
from socratic_utils.results.claims import sentence
from socratic_utils.results.formats import read_csv
from socratic_utils.runner.execute import change_prose, relink
from socratic_utils.teacher.published import CORPORA

PARTS = ("tables", "figures", "predictions", "chains", "notebooks")
OF_SEEDS = ("tables", "predictions", "notebooks")
FILES = ("report*.html", "run.json")
NEEDED = ("tables", "predictions", "notebooks", "run.json")
REUSED = "-reused"  # the end of a folder's name
UNTRAINED = "nothing was trained"  # which a cell with losses says when rows are reused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="folders of finished runs")
    parser.add_argument("--add", action="store_true", help="keep what is there")
    options = parser.parse_args()
    for run in map(Path.resolve, options.runs):
        missing = [name for name in NEEDED if not (run / name).exists()]
        if missing:
            parser.error(f"{run} is no finished run: it lacks {', '.join(missing)}")
    for run in map(Path.resolve, options.runs):  # seed 0 is before the others
        print(renew(run) if run.name.endswith(REUSED) else keep(run, options.add))
    print("next: python -m tools.readme, which writes the README's main result")


def keep(run: Path, add: bool = False) -> Path:
    """Copy one run; its folder in the reference."""
    reference = project_root() / "outputs" / "reference"
    target, settings = reference / run.name, read_json(run / "run.json")["settings"]
    seed = settings["seed"]
    first = reference / run.name.removesuffix(f"-seed{seed}")
    is_later = seed and first.is_dir()
    known = read_json(target / "run.json", {}).get("precision", [])
    if not add:
        shutil.rmtree(target, ignore_errors=True)
    # A comparison with the committed runs says nothing about one of them.
    hidden = shutil.ignore_patterns(".*", "reproduction.*")
    parts = [part for part in OF_SEEDS if is_later] or [
        part for part in PARTS if part != "chains" or settings["teacher"] not in CORPORA
    ]
    for part in (part for part in parts if (run / part).is_dir()):
        shutil.copytree(run / part, target / part, ignore=hidden, dirs_exist_ok=True)
    files = FILES[-1:] if is_later else FILES
    for path in (path for name in files for path in run.glob(name)):
        shutil.copy2(path, target / path.name)
    made = [read_json(p) for p in run.glob("students/*/training.json")]
    used = {student["made_from"]["autocast"] for student in made}
    if precision := sorted({"none": "float32"}.get(one, one) for one in used) or known:
        record = read_json(target / "run.json")  # it differs from machine to machine
        write_json(target / "run.json", record | {"precision": precision})
    claims = sentences_of(first if is_later else target)
    for path in (target / "notebooks").glob("*.ipynb"):
        if is_later and (first / "notebooks" / path.name).exists():
            path.unlink()
            continue
        notebook = read_json(path)
        if notebook["metadata"]["papermill"]["exception"]:
            path.unlink()
            print(f"{path.name} stopped in the middle: skipped")
            continue
        if (made := run / "notebooks" / path.name).exists():  # was not kept before
            relink(notebook, made.parent, path.parent)
            lead_home(notebook, path.parent)
        renew_prose(notebook, path)
        renew_claims(notebook, claims)
        write_json(path, notebook)
    for path in (target / "predictions").rglob("*.jsonl"):
        rows = [row for _, row in read_rows(path)]
        if is_later:
            less = [row | {"prompt": ""} for row in rows]
            write_jsonl_rows(path.with_suffix(".jsonl.gz"), less)
            path.unlink()
        elif rows and rows[0]["dataset"] != "gradeschool":
            write_jsonl_rows(path, [row | {"prompt": ""} for row in rows])
    return target


def renew(run: Path) -> Path:
    """Renew the copies of a kept run by one that reused it; its folder."""
    target = project_root() / "outputs" / "reference" / run.name.removesuffix(REUSED)
    if not target.is_dir():
        raise SystemExit(f"{target} is not there: keep the run itself first")
    made = (
        path for name in ("tables/*", "figures/*", "*.html") for path in run.glob(name)
    )
    for path in made:
        if (kept := target / path.relative_to(run)).exists():
            shutil.copy2(path, kept)
    claims = sentences_of(target)
    for path in (target / "notebooks").glob("*.ipynb"):
        notebook = read_json(path)
        if (copy := run / "notebooks" / path.name).exists():
            again = read_json(copy)
            relink(again, copy.parent, path.parent)
            lead_home(again, path.parent)
            renew_cells(notebook, again)
        renew_prose(notebook, path)
        renew_claims(notebook, claims)
        write_json(path, notebook)
    return target


def sentences_of(run: Path) -> list[str]:
    """What a run's table of claims comes to; empty without one."""
    table = run / "tables" / "claims.csv"
    return (
        [*map(sentence, read_csv(table).to_dict("records"))] if table.exists() else []
    )


def renew_cells(notebook: dict, again: dict) -> None:
    """Take cells that have changed since, come or gone from another run; not the cell
    with its parameters, and not what only a training can show."""
    same = {key_of(cell): cell for cell in notebook["cells"]}
    by_id = {c["id"]: c for c in notebook["cells"] if c["cell_type"] == "code"}
    cells = []
    for cell in again["cells"]:
        untrained = UNTRAINED in str(cell.get("outputs"))
        known = by_id.get(cell["id"], cell) if untrained else cell
        cells.append(same.get(key_of(cell), known))
    notebook["cells"] = cells


def key_of(cell: dict) -> tuple[str, str]:
    """What a cell has in common with the same cell of another run."""
    if "injected-parameters" in cell["metadata"].get("tags", ()):
        return "parameters", ""
    return cell["id"], "".join(cell["source"]) * (cell["cell_type"] == "code")


def renew_prose(notebook: dict, path: Path) -> None:
    """The prose of a copy is that of its notebook by now, unless cells have come or
    gone since it was run."""
    home = project_root() / "notebooks"
    source = read_json(home / path.name, {"cells": []})
    relink(source, home, path.parent)
    lead_home(source, path.parent)
    new = {c["id"]: c["source"] for c in source["cells"] if c["cell_type"] != "code"}
    known = {cell.get("id") for cell in notebook["cells"]}
    whole = all(cell["id"] in known for cell in source["cells"])
    for cell in notebook["cells"] if whole else ():
        if cell["cell_type"] == "markdown":
            cell["source"] = new.get(cell.get("id"), cell["source"])


def renew_claims(notebook: dict, sentences: Iterable[str]) -> None:
    """What a copy prints of the claims is about the seeds that are there by now; what
    it says of its own run beside the committed ones is left out, as it is one."""
    new = {text.partition(": ")[0]: f"{text}\n" for text in sentences}
    for cell in notebook["cells"]:
        if "saved.reproduction(" in "".join(cell["source"]):
            said = ("".join(output.get("text", "")) for output in cell["outputs"])
            cell["outputs"] *= any("is not compared" in text for text in said)
        for output in cell.get("outputs", ()):
            if "text" in output:
                lines = "".join(output["text"]).splitlines(keepends=True)
                output["text"] = [new.get(x.partition(": ")[0], x) for x in lines]


def lead_home(notebook: dict, folder: Path) -> None:
    """Links to notebooks that have no copy in the folder lead to the notebooks."""
    home = os.path.relpath(project_root() / "notebooks", folder)

    def led(link: re.Match) -> str:
        return link[0] if (folder / link[1]).exists() else f"]({home}/{link[1]}"

    change_prose(notebook, r"\]\((\d\d_\w+\.ipynb)", led)


if __name__ == "__main__":
    main()
