"""A newcomer adds a student in one file, and every table, figure and the report has it.

The student learns "final step and answer only".  It is added to a copy of the project,
at the end of `students/supervision.py`; nothing else is touched.
"""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from socratic_utils.files import project_root

ADDED = '''

@dataclass(frozen=True)
class FinalStep(Supervision):
    """Only the last step of a chain is shown and trained, and the answer."""

    def transcript(self, problem: Problem, chain: Chain) -> list[tuple[Segment, bool]]:
        return self.view(segments(problem, replace(chain, steps=chain.steps[-1:])))


SUPERVISIONS["final_step"] = FinalStep(
    "final_step", ("problem", "solution", "answer"), ("solution", "answer"), "gold"
)
STUDENTS["final_step"] = Student(
    "final_step", "Final step only", "#d55e00", ("final_step",), "baseline"
)
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a smoke run of notebooks 03 and 07 in the changed copy."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("socratic_utils", "notebooks", "outputs/reference"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(project_root() / name, copy / name, ignore=ignored)
    registry = copy / "socratic_utils" / "students" / "supervision.py"
    registry.write_text(registry.read_text("utf-8") + ADDED, "utf-8")
    environment = os.environ | {
        "PYTHONPATH": f"{copy}{os.pathsep}{project_root()}",
        "SOCRATIC_OUTPUTS": str(copy / "outputs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "socratic_utils.runner.cli", "smoke", "--only",
         "03,07"],
        cwd=copy, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--existing" not in done.stdout  # how to connect to a kernel
    return copy / "outputs" / "smoke"


def table(run, name):
    return pd.read_csv(run / "tables" / f"{name}.csv")


def test_it_stands_in_the_main_table_in_the_registrys_order(run):
    main = table(run, "main")
    test = list(main[main["split"] == "test"]["student"])
    assert test[-1] == "final_step" and test[:3] == ["answer_only", "gt_steps", "cot"]
    line = main[main["student"] == "final_step"].iloc[0]
    assert line["n"] == 6 and line["teacher"] == "gold"


def test_it_is_trained_on_the_last_step_alone(run):
    [folder] = (run / "students").glob("final_step-*")
    assert (folder / "training.json").exists()


def test_it_is_in_the_paired_tests(run):
    pairs = table(run, "paired")
    found = pairs[(pairs["student_a"] == "final_step")
                  | (pairs["student_b"] == "final_step")]  # fmt: skip
    assert len(found) == len(set(pairs["student_a"]) | set(pairs["student_b"])) - 1


def test_it_is_drawn_with_its_own_label_and_colour(run):
    from socratic_utils.results import figures

    figure = figures.accuracy_figure(table(run, "main"))
    names = " ".join(tick.get_text() for tick in figure.axes[0].get_yticklabels())
    assert "Final step" in names
    assert (run / "figures" / "accuracy.png").exists()


def test_it_is_in_the_report(run):
    assert "Final step only" in (run / "report.html").read_text("utf-8")
