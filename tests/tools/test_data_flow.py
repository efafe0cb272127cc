"""The picture of the data flow is drawn by its tool, everywhere that it is shown."""

import nbformat
import pytest

from socratic_utils.files import project_root
from socratic_utils.runner.execute import find_notebooks
from socratic_utils.runner.schedule import NOTEBOOKS
from tools.data_flow import STAGES, description, files, picture

PACKAGE = project_root() / "socratic_utils"


@pytest.mark.parametrize("name", files())
def test_a_committed_picture_is_what_the_tool_draws(name):
    assert (project_root() / name).read_text("utf-8") == files()[name]


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_a_notebook_shows_where_it_stands_at_its_top(path):
    number = path.name[:2]
    top = nbformat.read(path, as_version=4).cells[0].source
    assert f"![{description(number)}](data_flow/{number}.svg)" in top
    assert picture(number).count("you are here") == 1


def test_the_stages_are_folders_of_the_package_and_have_all_notebooks():
    assert all((PACKAGE / stage.folder).is_dir() for stage in STAGES)
    shown = {number for stage in STAGES for number in stage.notebooks.split()}
    assert shown == {entry.number for entry in NOTEBOOKS}
