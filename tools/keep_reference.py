"""Keep a finished run as the committed reference of its scale.

    python tools/keep_reference.py outputs/small

Copies tables, figures, predictions, chains, executed notebooks, report and run.json to
outputs/reference/<name>/; leaves out weights and the teacher's cache.
"""

import argparse
import shutil
from pathlib import Path

from socratic_utils.runs import project_root

PARTS = ("tables", "figures", "predictions", "chains", "notebooks")
FILES = ("report.html", "run.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a finished run")
    run = parser.parse_args().run.resolve()
    missing = [name for name in (*PARTS, *FILES) if not (run / name).exists()]
    if missing:
        parser.error(f"{run} is no finished run: it lacks {', '.join(missing)}")
    target = project_root() / "outputs" / "reference" / run.name
    shutil.rmtree(target, ignore_errors=True)
    for part in PARTS:
        shutil.copytree(run / part, target / part, ignore=shutil.ignore_patterns(".*"))
    for name in FILES:
        shutil.copy2(run / name, target / name)
    print(target)


if __name__ == "__main__":
    main()
