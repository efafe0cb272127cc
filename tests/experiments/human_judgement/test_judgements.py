"""Judges' files that people open in an editor: what is put right, what is told."""

import json
import warnings
from types import SimpleNamespace

import pytest

from socratic_utils.experiments.human_judgement import (
    Judge,
    read_judgements,
)
from socratic_utils.files import project_root
from tests.helpers.judging import PROBLEMS, pairs_of


@pytest.fixture
def pairs():
    return pairs_of(PROBLEMS[:3])


@pytest.fixture
def path(pairs, tmp_path):
    """anna.jsonl, with her words on the first two of three pairs."""
    judge = Judge("anna", pairs, tmp_path)
    judge.record("left")
    judge.record("same")
    return judge.path


def rows_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.read_bytes()


# --- twice ------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{}, {"seconds": 99.5}, {"preferred": "same"}])
def test_two_judgements_of_one_pair_are_named_by_their_lines(path, pairs, change):
    first, second = rows_in(path)
    content = write(path, first, second, first | change)
    for use in (read_judgements, lambda folder: Judge("anna", pairs, folder)):
        with pytest.raises(ValueError) as caught:
            use(path.parent)
        assert str(caught.value) == (
            f"{path}, line 3 is not a judgement: its pair is judged in anna.jsonl, "
            f"line 1 already: correct or delete this line; the others are kept"
        )
    assert path.read_bytes() == content


# --- what an editor leaves ----------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\n\n \t\n", b"\r\n\r\n", b"  "])
def test_blank_lines_are_skipped(path, pairs, end):
    path.write_bytes(b"\n" + path.read_bytes() + end)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_judgements(path.parent)) == 2
        Judge("anna", pairs, path.parent).record("right")
        assert len(read_judgements(path.parent)) == 3


@pytest.mark.parametrize("kind", ["Person", " PERSON", "person"])
def test_the_kind_may_have_capitals(path, kind):
    first, second = rows_in(path)
    write(path, first | {"kind": kind}, second)
    assert {row["kind"] for row in read_judgements(path.parent)} == {"person"}


def test_a_name_whose_letters_a_disk_writes_otherwise(pairs, tmp_path):
    judge = Judge("J\u00fcrgen", pairs, tmp_path)
    judge.record("left")
    judge.path.rename(tmp_path / "Ju\u0308rgen.jsonl")
    assert len(read_judgements(tmp_path)) == 1


DEEP = b'{"judge": ' + b"[" * 200_000


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"kind": "people"}, "its 'kind' cannot be 'people'"),
        ({"judge": ""}, "its 'judge' cannot be ''"),
        ({"judge": "bob"}, "its 'judge' cannot be 'bob'"),
        ({"first": "after"}, "'after' is compared with itself"),
        ({"left": "me"}, "its 'left' cannot be 'me'"),
        ({"preferred": "both"}, "its 'preferred' cannot be 'both'"),
        ({"seconds": "3"}, "its 'seconds' cannot be '3'"),
        ("texts", "its 'texts' cannot be None"),
        (b'{"judge": "anna", ', "not JSON ("),
        (DEEP, "not JSON ("),
        (b'["anna"]', "not a JSON object"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_line_that_is_no_judgement_is_told(path, pairs, change, reason, last):
    first, second = rows_in(path)
    if isinstance(change, bytes):
        line = change
    else:
        row = {k: v for k, v in second.items() if k != change}
        line = json.dumps(row | ({} if isinstance(change, str) else change)).encode()
    lines = [json.dumps(first).encode(), line, json.dumps(second).encode()]
    content = b"\n".join(lines[: 2 if last else 3])  # no line end
    path.write_bytes(content)
    for use in (read_judgements, lambda folder: Judge("anna", pairs, folder)):
        with pytest.raises(ValueError) as caught:
            use(path.parent)
        said = str(caught.value)
        assert said.startswith(f"{path}, line 2 is not a judgement: {reason}")
        assert said.endswith(": correct or delete this line; the others are kept")
        assert "\n" not in said and len(said) < len(str(path)) + 250
    assert path.read_bytes() == content


# --- notebook 14 ----------------------------------------------------------------------


def test_the_example_is_shown_when_a_judge_called_example_has_judged_all(
    pairs, tmp_path, capsys
):
    judge = Judge("example", pairs, tmp_path / "judgements")
    for _ in pairs:
        judge.record("left")
    book = project_root() / "notebooks" / "14_human_judgement.ipynb"
    cells = json.loads(book.read_text("utf-8"))["cells"]
    [cell] = [c for c in cells if 'sides("example")' in "".join(c["source"])
              or '"example", pairs' in "".join(c["source"])]  # fmt: skip
    names = {"settings": SimpleNamespace(folder=tmp_path), "pairs": pairs}  # fmt: skip
    exec("".join(cell["source"]), names)
    said = capsys.readouterr().out
    left, right = pairs[0].sides("example")
    assert said.index(pairs[0].problem) < said.index(left.text) < said.index(right.text)
