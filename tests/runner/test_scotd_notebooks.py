"""The notebooks of SCoTD at smoke scale (those of Socratic CoT: test_notebooks.py)."""

import csv

import pytest

from socratic_utils.runner.schedule import NOTEBOOKS, SCOTD
from tests.helpers.notebook_runs import (
    check_copies,
    check_solutions,
    notebooks_of,
    second_run,
    smoke_run,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished smoke run of SCoTD's notebooks."""
    yield from smoke_run(tmp_path_factory, SCOTD)


def test_every_notebook_leaves_its_executed_copy(run):
    check_copies(run, SCOTD)


def test_each_long_notebook_has_rows_of_its_own(run):
    for entry in NOTEBOOKS:
        if entry.paper == SCOTD and entry.rows:
            assert any((run / "predictions" / entry.rows).glob("*.jsonl")), entry.stem


def test_its_results_are_a_report_and_tables(run):
    assert (run / "report_scotd.html").exists()
    tables = list((run / "tables").glob("scotd_*.csv"))
    assert tables
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            assert csv.DictReader(file).fieldnames


@pytest.fixture(scope="module")
def again(run):
    return second_run(run, SCOTD)


def test_a_second_run_trains_and_decodes_nothing_again(again):
    _, made_again = again
    assert made_again == set()


@pytest.mark.parametrize("path", notebooks_of(SCOTD), ids=lambda p: p.stem)
def test_solutions_are_right_and_wrong_answers_are_not(path, again, run):
    check_solutions(path, again[0][path.stem], run)
