"""The README's main result, made from the committed runs: never typed by hand.

    python -m tools.readme        # after tools/keep_reference.py

Rewrites what stands between the two markers; a test compares it with the tables.
"""

import re
import textwrap

from socratic_utils import config
from socratic_utils.experiments.saved import seeds_table
from socratic_utils.files import project_root, read_json, write_atomic
from socratic_utils.results.formats import read_csv
from socratic_utils.results.report import finding
from socratic_utils.students.supervision import label_of

README = project_root() / "README.md"
START, END = "<!-- made by tools/readme.py from outputs/reference -->", "<!-- end -->"
RUNS = {"Socratic CoT": "small", "SCoTD": "small-commonsense_qa-from-palm-540b"}


def main_result() -> str:
    """A paragraph on the accuracies of the main table, and one per paper's claims."""
    settings = config.load("small", reuse="reference")
    table = seeds_table(settings)
    table, found = table[table["split"] == table["split"].iloc[0]], []
    for line in table.to_dict("records"):
        mean, *ends = (f"{100 * line[c]:.1f}" for c in ("mean", "ci_low", "ci_high"))
        found.append(f"{label_of(line['student'])} {mean} % ({' to '.join(ends)})")
    first = table.to_dict("records")[0]
    paragraphs = [f"Accuracy on {first['n']} test problems of {first['dataset']} (95 % "
                  f"interval; trainings per student: {first['seeds']}): "
                  f"{'; '.join(found)}."]  # fmt: skip
    for paper, name in RUNS.items():
        folder = settings.reference.parent / name
        run = read_json(folder / "run.json")["settings"]
        judged = read_csv(folder / "tables" / "claims.csv")
        words = finding(judged, paper, f"{run['student']} on {run['dataset']}")
        paragraphs.append(f"**{paper}.** " + words.replace("\n\n", " "))
    return "\n\n".join(textwrap.fill(p, 88, break_on_hyphens=False) for p in paragraphs)


def updated(text: str) -> str:
    """The README's text with the main result of today between its markers."""
    part = rf"(?s)(?<={re.escape(START)}\n).*?(?=\n{re.escape(END)})"
    return re.sub(part, lambda _: main_result(), text)


if __name__ == "__main__":
    write_atomic(README, updated(README.read_text("utf-8")))
