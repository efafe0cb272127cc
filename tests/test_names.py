"""A cell that is run too early says which cell to run first."""

import pytest

from socratic_utils.names import FROM_THE_TOP, NOTEBOOKS, defined_below
from socratic_utils.runner.execute import run_notebook
from tests.runner.test_cli import toy

START = """
from socratic_utils import config
from socratic_utils.experiments import stages
settings = config.load("smoke")
stages.start(settings, "02_filtering")
"""
IMPORT = "from socratic_utils.results.display import show_table\n"


@pytest.mark.parametrize(
    ("notebook", "name", "heading"),
    [
        ("02_filtering", "results", "Filter the chains"),  # assigned
        ("02_filtering", "stages", "02 Filtering"),  # imported
        ("02_filtering", "pd", "Why chains are dropped"),  # imported as
        ("02_filtering", "answer_1", "Exercise 1"),
        ("02_filtering", "nonsense", ""),
        ("99_nothing", "results", ""),
    ],
)
def test_a_name_is_looked_for_in_the_notebook(notebook, name, heading):
    assert defined_below(NOTEBOOKS / f"{notebook}.ipynb", name) == heading


@pytest.mark.parametrize(
    ("cells", "advice"),
    [
        ((START, "results"), 'first run the cell below "Filter the chains"'),
        ((IMPORT + "show_table(results)",), FROM_THE_TOP),  # nothing was run before
        (("show_table(results)",), FROM_THE_TOP),  # and nothing is imported
    ],
)
def test_a_missing_name_says_what_to_run_first(cells, advice, tmp_path, monkeypatch):
    """The third has the configuration that run_all.sh writes into its environment."""
    monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path / "out"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    if len(cells) == 1 and IMPORT not in cells[0]:
        configured = tmp_path / "ipython/profile_default/ipython_kernel_config.py"
        configured.parent.mkdir(parents=True)
        line = 'c.InteractiveShellApp.extensions = ["socratic_utils"]'
        assert line in (NOTEBOOKS.parent / "run_all.sh").read_text("utf-8")
        configured.write_text(line)
    path = toy(tmp_path, "00_a.ipynb", *cells)
    _, reason = run_notebook(path, tmp_path / "copies" / path.name, {})
    assert " is not defined: " in reason and reason.endswith(advice)
