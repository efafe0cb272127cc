"""Keep a finished run as the committed reference of its scale.

    python tools/keep_reference.py outputs/small
    python tools/keep_reference.py outputs/small --add     # what a notebook made later

Copies tables, figures, predictions, chains, executed notebooks, report and run.json to
outputs/reference/<name>/.  Skips weights, the teacher's cache, notebooks that stopped
in the middle, the texts of other benchmarks' problems, and published chains: those are
downloaded or read from a folder, not committed.
"""

import argparse
import shutil
from pathlib import Path

from socratic_utils.files import project_root, read_json, write_jsonl_rows
from socratic_utils.problems import read_rows
from socratic_utils.teacher.published import CORPORA

PARTS = ("tables", "figures", "predictions", "chains", "notebooks")
FILES = ("report*.html", "run.json")
NEEDED = ("tables", "predictions", "notebooks", "run.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--add", action="store_true", help="keep what is there")
    options = parser.parse_args()
    run = options.run.resolve()
    missing = [name for name in NEEDED if not (run / name).exists()]
    if missing:
        parser.error(f"{run} is no finished run: it lacks {', '.join(missing)}")
    target = project_root() / "outputs" / "reference" / run.name
    if not options.add:
        shutil.rmtree(target, ignore_errors=True)
    hidden = shutil.ignore_patterns(".*")
    teacher = read_json(run / "run.json", {})["settings"]["teacher"]
    parts = [part for part in PARTS if part != "chains" or teacher not in CORPORA]
    for part in (part for part in parts if (run / part).is_dir()):
        shutil.copytree(run / part, target / part, ignore=hidden, dirs_exist_ok=True)
    for path in (path for name in FILES for path in run.glob(name)):
        shutil.copy2(path, target / path.name)
    for path in (target / "notebooks").glob("*.ipynb"):
        if read_json(path)["metadata"]["papermill"]["exception"]:
            path.unlink()
            print(f"{path.name} stopped in the middle: skipped")
    for path in (target / "predictions").rglob("*.jsonl"):
        rows = [row for _, row in read_rows(path)]
        if rows and rows[0]["dataset"] != "gradeschool":
            write_jsonl_rows(path, [{**row, "prompt": ""} for row in rows])
    print(target)


if __name__ == "__main__":
    main()
