"""The results in both READMEs are those of the committed tables, and no others are."""

import re

from socratic_utils.files import project_root
from tools.readme import (
    END,
    README,
    REFERENCE,
    START,
    all_results,
    main_result,
    updated,
)

TEXT = README.read_text("utf-8")
PAGE = (REFERENCE / "README.md").read_text("utf-8")


def test_the_readme_has_the_main_result_of_the_committed_runs():
    assert TEXT.count(START) == TEXT.count(END) == 1
    assert f"{START}\n{main_result()}\n{END}" in TEXT  # else: python -m tools.readme
    assert updated(TEXT, main_result()) == TEXT


def test_the_page_of_all_results_has_those_of_the_committed_runs():
    assert PAGE.count(START) == PAGE.count(END) == 1
    assert f"{START}\n{all_results()}\n{END}" in PAGE  # else: python -m tools.readme


def test_an_old_result_is_replaced():
    old = re.sub(r"\d+\.\d %", "99.9 %", TEXT)
    assert old != TEXT and updated(old, main_result()) == TEXT


def test_no_other_result_stands_there():
    for text in (TEXT, PAGE):
        before, _, rest = text.partition(START)
        assert not re.search(r"\d %|\d points", before + rest.partition(END)[2])


def test_the_first_screen_has_picture_commands_and_result():
    first = TEXT.split("\n## The two papers")[0].splitlines()
    assert len(first) <= 50 and len(TEXT.splitlines()) <= 180
    place = [
        first.index(next(line for line in first if start in line))
        for start in (
            "data_flow.svg",
            "./run_all.sh --reuse reference",
            "jupyter lab",
            START,
        )
    ]
    assert place == sorted(place)
    assert (project_root() / "outputs/reference/small/figures/accuracy.png").exists()
