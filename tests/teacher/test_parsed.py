"""Parsed replies on disk: the same as parsed now, and never those of another parser."""

import json

import pytest

from socratic_utils.answers.chains import parse_chain
from socratic_utils.problems import read_rows
from socratic_utils.teacher import parsed
from socratic_utils.teacher.cache import MEMORY, ReplyStore
from socratic_utils.teacher.parsed import Parses
from socratic_utils.teacher.teacher import shipped_recordings

REPLY = {"key": "ab", "text": "A: 2 * 3 = 6.\nThe answer is 6."}


@pytest.fixture
def count(monkeypatch):
    """How often the parser really works."""
    calls = []

    def parse(*arguments):
        calls.append(arguments)
        return parse_chain(*arguments)

    monkeypatch.setattr(parsed, "parse_chain", parse)
    return calls


def test_every_recorded_chain_comes_back_as_it_was_parsed(tmp_path, count):
    rows = [row for path in shipped_recordings() for _, row in read_rows(path)]
    replies = [(row, row["style"], "number") for row in rows]
    first = Parses(ReplyStore(tmp_path / "a.sqlite")).of(replies)
    assert len(count) == len(rows)
    assert Parses(ReplyStore(tmp_path / "a.sqlite")).of(replies) == first
    assert len(count) == len(rows)
    assert first[0] == parse_chain(rows[0]["text"], rows[0]["style"])


@pytest.mark.parametrize(
    ("change", "style", "kind"),
    [({"text": "A: 2 * 4 = 8.\nThe answer is 8."}, "cot", "number"),
     ({"finish_reason": "length"}, "cot", "number"),
     ({}, "socratic", "number"), ({}, "cot", "choice")],
)  # fmt: skip
def test_what_is_not_the_same_is_parsed_anew(tmp_path, count, change, style, kind):
    parses = Parses(ReplyStore(tmp_path / "a.sqlite"))
    parses.of([(REPLY, "cot", "number")])
    row = REPLY | change
    wanted = parse_chain(row["text"], style, kind, "finish_reason" in row)
    assert parses.of([(row, style, kind)]) == [wanted] and len(count) == 2
    assert parses.of([(row, style, kind)]) == [wanted] and len(count) == 2


def test_another_parser_does_not_see_it(tmp_path, count, monkeypatch):
    parses = Parses(ReplyStore(tmp_path / "a.sqlite"))
    parses.of([(REPLY, "cot", "number")])
    monkeypatch.setattr(parsed, "PARSER", "another")
    parses.of([(REPLY, "cot", "number")])
    assert len(count) == 2


def test_a_store_in_memory_and_a_reply_without_a_key_keep_nothing(tmp_path, count):
    for store in (ReplyStore(MEMORY), ReplyStore(tmp_path / "a.sqlite")):
        for _ in range(2):
            Parses(store).of([({"text": REPLY["text"]}, "cot", "number")])
    assert len(count) == 4


def test_a_damaged_parse_is_made_again(tmp_path, count):
    store = ReplyStore(tmp_path / "a.sqlite")
    parses = Parses(store)
    wanted = parses.of([(REPLY, "cot", "number")])
    for damage in ("{", json.dumps({"a": 1}), json.dumps(["x"])):
        with store.transaction() as db:
            db.execute("UPDATE parses SET parsed = ?", (damage,))
        assert parses.of([(REPLY, "cot", "number")]) == wanted
    assert len(count) == 4
