"""Exercises: what `check` says, where a trial writes, what to run first."""

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.experiments import exercises, saved, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.files import project_root

NOTEBOOKS = project_root() / "notebooks"
SETTINGS = config.load("smoke")


def one_half(settings):
    """Divide one
    by two."""
    return 0.5


def not_here(settings):
    """Train it."""
    raise FileNotFoundError("no student is on disk")


# --- what is said -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({}, "first run the notebook from its top: `settings` is not defined"),
        ({"settings": SETTINGS}, "not answered yet. Give `answer_2` a value"),
        ({"settings": SETTINGS, "answer_2": ...}, "not answered yet"),
        ({"settings": SETTINGS, "answer_2": {"fields"}}, "not yet. Hint: `load_prob"),
    ],
)
def test_what_to_do_next_is_said(names, said, capsys):
    exercises.check("00.2", names)
    assert capsys.readouterr().out.startswith(f"Exercise 2: {said}")


def test_a_hint_is_one_line_and_a_fault_is_named():
    assert exercises.verdict(0.5, one_half, SETTINGS) == "right."
    said = exercises.verdict(0.4, one_half, SETTINGS)
    assert said == "not yet. Hint: Divide one by two."
    said = exercises.verdict("x", one_half, SETTINGS)
    assert said.startswith("not yet (TypeError: ") and said.endswith("by two.")
    said = exercises.verdict(1, not_here, SETTINGS)
    assert said == "cannot be checked with these settings: no student is on disk"


@pytest.mark.parametrize(
    ("expected", "right", "wrong"),
    [
        (0.25, [0.2501, 0.249], [0.26, 25, 0.2]),
        (0.0, [0, 0.0], [0.001]),
        (12, [12, 12.0], [13, 11.99]),
        ({"a", "b"}, [{"a", "b"}, ["b", "a", "a"]], [{"a"}, ["a", "b", "c"], "ab "]),
        ((3, 0.5), [(3, 0.5), [3, 0.501]], [(0.5, 3), (3,), (3, 0.5, 1)]),
        (
            {"cot": 0.5, "qa": 2},
            [{"qa": 2, "cot": 0.5}, pd.Series({"cot": 0.5, "qa": 2.0})],
            [{"cot": 0.5}, {"cot": 0.5, "qa": 2, "qg": 1}, {"cot": 2, "qa": 0.5}],
        ),
        ("field", ["field"], ["fields", ""]),
        (lambda double: double(4) == 8, [lambda x: 2 * x], [lambda x: x, int]),
    ],
)
def test_answers_agree_by_value(expected, right, wrong):
    assert all(exercises.agrees(answer, expected) for answer in right)

    def is_wrong(answer):
        try:
            return not exercises.agrees(answer, expected)
        except ValueError:  # of another length
            return True

    assert all(map(is_wrong, wrong))


# --- the scratch folder -------------------------------------------------------------


def test_a_trial_finds_the_students_and_writes_to_scratch_only(settings):
    arm = main_arm("answer_only")
    stages.score(settings, arm)
    [student] = settings.folder.glob("students/*/training.json")
    before = {p: p.stat().st_mtime_ns for p in settings.folder.rglob("*")}
    for _ in range(2):  # the second finds its links
        trial = exercises.scratch(settings)
    assert trial.hash == settings.hash and trial.name == settings.name
    stages.score(trial, arm.changed("again", limits=(2,)))
    stages.score(trial, main_arm("gt_steps"))
    new = {p for p in settings.folder.rglob("*") if p not in before}
    assert {p.relative_to(settings.folder).parts[0] for p in new} == {"scratch"}
    files = [p for p in before if p.is_file()]
    assert all(p.stat().st_mtime_ns == before[p] for p in files)
    linked, trained = sorted(trial.folder.glob("students/*"))
    assert linked.resolve() == student.parent and not trained.is_symlink()


def test_committed_rows_are_copied_to_scratch(monkeypatch, tmp_path):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    trial = exercises.scratch(config.load("small", reuse="reference"))
    rows = stages.score(trial, main_arm("cot"))
    assert rows and trial.folder == tmp_path / "small-reused" / "scratch"
    assert saved.predictions_path(trial, main_arm("cot"), "test").exists()


def test_more_chains_are_compared_over_the_seeds_that_the_notebook_shows(capsys):
    settings = config.load("small", reuse="reference")
    rows = saved.rows_over_seeds(settings, many_chains.EXPERIMENT)
    table = many_chains.chains_table(settings, rows).sort_values("chains")
    assert table["seeds"].iloc[-1] > 1  # the mean is not that of this run's seed
    gain = table["accuracy"].iloc[-1] - table["accuracy"].iloc[0]
    exercises.check("15.3", {"settings": settings, "answer_3": gain})
    assert capsys.readouterr().out == "Exercise 3: right.\n"
