"""The multi-step set, on hand-written files in the layout of SVAMP's authors."""

import csv

import pytest

from socratic_utils.benchmarks import BENCHMARKS, load_problems
from tests.helpers.published_rows import write_svamp

FOLDER = BENCHMARKS["multistep"]["folder"]
COLUMNS = ("Question", "Numbers", "Equation", "Answer")
HATS = (
    "Ann had number0 red hats . She found number1 , and then gave away number2 . "
    "How many hats does she have ?",
    "3.0 1500.0 2.5", "- + number0 number1 number2", 1500.5,
)  # fmt: skip
PENS = ("Bo has number0 pens and buys number1 . How many ?", "4 5",
        "+ number0 number1", 9.0)  # fmt: skip
TRAIN = [PENS, HATS, ("Al cuts number0 ropes in number1 parts each , and again in "
                      "number1 .  How many parts ?", "2 3",
                      "* * number0 number1 number1", 18.0)]  # fmt: skip
DEV = [PENS, (HATS[0].replace("Ann", "Eva"), "7 1 2", HATS[2], 6.0)]


def write_table(path, rows, columns=COLUMNS):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow([*columns, "group_nums", "Body", "Ques"])
        out.writerows([*row, "[0, 1]", "", "How many ?"] for row in rows)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """SVAMP.json and the folder with the two tables."""
    write_svamp(tmp_path)
    write_table(tmp_path / FOLDER / "train.csv", TRAIN)
    write_table(tmp_path / FOLDER / "dev.csv", DEV)
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    return tmp_path


def test_problems_with_two_operations_have_their_slots_filled(data):
    hats, ropes = load_problems("multistep")
    assert (hats.id, hats.split, hats.kind) == (
        "multistep-train-0001", "train", "number",
    )  # fmt: skip
    assert hats.text == (
        "Ann had 3 red hats . She found 1500 , and then gave away 2.5 . How many hats "
        "does she have ?"
    )
    assert (hats.answer, ropes.answer) == ("1500.5", "18")
    assert ropes.text == (
        "Al cuts 2 ropes in 3 parts each , and again in 3 . How many parts ?"
    )
    assert hats.extra == {
        "slots": HATS[0], "equation": HATS[2], "numbers": ["3", "1500", "2.5"],
    }  # fmt: skip


def test_the_test_problems_come_from_svamp(data):
    [eva] = load_problems("multistep", "test")
    assert (eva.id, eva.answer) == ("multistep-test-0001", "6")
    assert eva.text.startswith("Eva had 7 red hats")
    assert len(load_problems("svamp")) == 8  # SVAMP.json is unaffected


def test_from_the_authors_repository_it_is_the_same(data, web, monkeypatch):
    address, asked = web
    published = load_problems("multistep")
    monkeypatch.delenv("SOCRATIC_DATA_DIR")
    folder = f"{address}/{FOLDER}"
    monkeypatch.setitem(BENCHMARKS["multistep"], "url", folder)
    assert load_problems("multistep") == published
    assert asked == [(f"/{FOLDER}/train.csv", 200)]


@pytest.mark.parametrize(
    "row",
    [
        (HATS[0], "3 4", *HATS[2:]),  # a slot without a number
        (HATS[0], "3 4 many", *HATS[2:]),
        (*HATS[:3], "many"),
        (*HATS[:3], ""),
    ],
)
def test_a_row_that_cannot_be_read_is_named(data, row):
    write_table(data / FOLDER / "train.csv", [PENS, row])
    with pytest.raises(ValueError, match="multistep-train-0001: not as published"):
        load_problems("multistep")


def test_another_table_is_refused(data):
    path = data / FOLDER / "dev.csv"
    write_table(path, DEV, ("Question", "Numbers", "Formula", "Answer"))
    with pytest.raises(ValueError) as caught:
        load_problems("multistep", "test")
    assert str(caught.value) == f"{path}, row 1: no field 'Equation'"
    path.unlink()
    with pytest.raises(FileNotFoundError, match="dev.csv does not exist"):
        load_problems("multistep", "test")
