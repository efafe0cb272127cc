"""A judge at work: every choice is saved, and crashes lose nothing."""

import json
from dataclasses import replace

import pytest

from socratic_utils.experiments.human_judgement import (
    Judge,
    judgements_of,
    read_judgements,
)
from tests.helpers.judging import PROBLEMS, pairs_of


@pytest.fixture
def pairs():
    return pairs_of(PROBLEMS)


def test_every_word_is_on_disk_and_a_judge_goes_on(pairs, tmp_path):
    judge = Judge("anna", pairs, tmp_path)
    orders = set()
    for count in range(1, 4):
        left, right = judge.waiting[0].sides("anna")
        orders.add(left.source)
        assert {left.source, right.source} == {"before", "after"}
        judge.record("left" if left.source == "after" else "right")
        assert len((tmp_path / "anna.jsonl").read_text().splitlines()) == count
    again = Judge("anna", pairs, tmp_path)
    assert len(again.waiting) == 3 and again.waiting == judge.waiting
    for _ in range(3):
        again.record("same")
    assert again.waiting == []
    with pytest.raises(ValueError, match="anna has judged every pair"):
        again.record("left")
    rows = read_judgements(tmp_path)
    assert [row["preferred"] for row in rows] == ["after"] * 3 + ["same"] * 3


def test_undo_deletes_the_last_line_also_for_a_judge_who_comes_back(pairs, tmp_path):
    judge = Judge("anna", pairs, tmp_path)
    judge.record("left")
    content = judge.path.read_bytes()
    judge.record("same")
    judge.path.write_bytes(judge.path.read_bytes() + b"\n")  # as an editor leaves it
    again = Judge("anna", pairs, tmp_path)
    assert again.last == pairs[1]
    again.undo()
    assert again.path.read_bytes() == content and again.waiting == pairs[1:]
    again.record("right")
    assert len(read_judgements(tmp_path)) == 2
    with pytest.raises(ValueError, match="another judge is using the name anna"):
        judge.undo()
    assert len(read_judgements(tmp_path)) == 2


def test_only_judgements_of_these_pairs_are_undone(pairs, tmp_path):
    Judge("anna", pairs[:1], tmp_path).record("left")
    others = Judge("anna", pairs[1:], tmp_path)
    with pytest.raises(ValueError, match="no judgement of these pairs to undo"):
        others.undo()
    assert len(read_judgements(tmp_path)) == 1


def test_a_file_that_another_program_has_changed_is_not_overwritten(pairs, tmp_path):
    judge = Judge("anna", pairs, tmp_path)
    judge.record("left")
    edited = judge.path.read_bytes().replace(b"toy", b"joy")
    judge.path.write_bytes(edited)
    with pytest.raises(ValueError, match="another judge is using the name anna"):
        judge.record("right")
    assert judge.path.read_bytes() == edited


def test_a_crash_while_writing_leaves_the_file_as_it_was(pairs, tmp_path, monkeypatch):
    judge = Judge("anna", pairs, tmp_path)
    judge.record("left")
    content = judge.path.read_bytes()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr("os.fsync", raise_disk_full)
        judge.record("right")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [content]
    judge.record("right")
    assert len(read_judgements(tmp_path)) == 2


def raise_disk_full(_):
    raise OSError("disk full")


def test_an_editor_that_drops_the_last_line_end_costs_nothing(pairs, tmp_path):
    Judge("anna", pairs, tmp_path).record("left")
    path = tmp_path / "anna.jsonl"
    path.write_bytes(path.read_bytes().rstrip())
    assert len(read_judgements(tmp_path)) == 1
    Judge("anna", pairs, tmp_path).record("right")
    assert len(read_judgements(tmp_path)) == 2


def test_words_on_other_texts_do_not_count(pairs, tmp_path, capsys):
    Judge("anna", pairs, tmp_path).record("left")
    second = replace(pairs[0].second, text="A: trained anew")
    anew = [replace(pairs[0], second=second), *pairs[1:]]
    assert len(Judge("anna", anew, tmp_path).waiting) == len(anew)
    rows = read_judgements(tmp_path)
    assert judgements_of(pairs, rows) == rows and judgements_of(anew, rows) == []
    assert "1 judgements are of other chains" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [{"preferred": "both"}, {"left": "me"}, {"seconds": "3"}, {"judge": None}],
)
def test_a_file_edited_by_hand_is_refused_and_left_alone(pairs, tmp_path, change):
    judge = Judge("anna", pairs, tmp_path)
    judge.record("left")
    judge.record("left")
    path = tmp_path / "anna.jsonl"
    first, second = path.read_text().splitlines()
    edited = json.dumps(json.loads(second) | change)
    path.write_text(f"{first}\n{edited}\n")
    with pytest.raises(ValueError, match="anna.jsonl, line 2 is not a judgement"):
        read_judgements(tmp_path)
    assert path.read_text() == f"{first}\n{edited}\n"


def test_two_judges_of_one_name(pairs, tmp_path):
    one, two = Judge("anna", pairs, tmp_path), Judge("anna", pairs, tmp_path)
    one.record("left")
    with pytest.raises(ValueError, match="another judge is using the name anna"):
        two.record("left")
    assert len(read_judgements(tmp_path)) == 1
    (tmp_path / "anna (1).jsonl").write_bytes((tmp_path / "anna.jsonl").read_bytes())
    with pytest.raises(ValueError, match="line 1 .*: its 'judge' cannot be 'anna'"):
        read_judgements(tmp_path)


def test_what_cannot_be_said(pairs, tmp_path):
    with pytest.raises(ValueError, match="choose one of left, right, same"):
        Judge("anna", pairs, tmp_path).record("middle")
    for name in ("", "../anna", "a/b", "x" * 41):
        with pytest.raises(ValueError, match="a judge's name"):
            Judge(name, pairs, tmp_path)
