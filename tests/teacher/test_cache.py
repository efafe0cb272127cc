"""The store of replies: checksums, several processes, export and import."""

import multiprocessing
import sqlite3
import threading

import pytest

from socratic_utils.problems import read_rows
from socratic_utils.teacher.cache import ReplyStore, StoreError
from tools.record_teacher import export


def row(number, **more):
    return {
        "key": f"key-{number:05d}",
        "model": "toy",
        "problem_id": f"toy-train-{number % 7:04d}",
        "style": "cot",
        "sample": number,
        "text": f"4 * 12 = 48 é\nThe answer is {number}.",
        **more,
    }


def test_what_is_added_is_found_again(tmp_path):
    path = tmp_path / "new" / "replies.sqlite"
    ReplyStore(path).add([row(i) for i in range(1200)])
    store = ReplyStore(path)
    keys = [f"key-{i:05d}" for i in range(0, 1500)]
    found = store.find(keys)
    assert len(found) == 1200 and found["key-00003"] == row(3)
    assert [r["sample"] for r in store.of("toy")] == list(range(1200))
    assert store.of("other") == [] and store.models() == ["toy"]


def test_the_first_reply_stays_unless_a_richer_one_replaces_it(tmp_path):
    store = ReplyStore(tmp_path / "r.sqlite")
    store.add([row(1)])
    store.add([row(1, text="another"), row(2)])
    assert store.find(["key-00001"])["key-00001"]["text"] == row(1)["text"]
    store.add([row(1, logprob=-2.0)], replace=True)
    assert store.find(["key-00001"])["key-00001"]["logprob"] == -2.0
    assert len(store.of("toy")) == 2


def test_a_changed_reply_is_set_aside_and_named(tmp_path):
    path = tmp_path / "r.sqlite"
    store = ReplyStore(path)
    store.add([row(i) for i in range(3)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE replies SET row = replace(row, '48', '84') "
                   "WHERE key = 'key-00001'")  # fmt: skip
    with pytest.warns(UserWarning, match="1 replies do not fit .* key-00001"):
        assert set(store.find(["key-00000", "key-00001"])) == {"key-00000"}
    assert set(ReplyStore(path).find(["key-00001"])) == set()  # warned once
    with sqlite3.connect(path) as db:
        ((kept,),) = db.execute("SELECT row FROM replies WHERE model = ''").fetchall()
    assert "84" in kept  # nothing is thrown away


def test_a_file_that_is_no_store_is_left_alone(tmp_path):
    path = tmp_path / "r.sqlite"
    path.write_bytes(b"no database at all, but another file" * 50)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="move it away") as caught:
        ReplyStore(path)
    assert "\n" not in str(caught.value) and path.read_bytes() == before


def write(path, first):
    store = ReplyStore(path)
    for number in range(first, first + 200, 5):
        store.add([row(i) for i in range(number, number + 5)])


def test_several_processes_write_at_once(tmp_path):
    path = tmp_path / "r.sqlite"
    context = multiprocessing.get_context("forkserver")
    ranges = (0, 100, 200, 300)  # each overlaps the next by half
    writers = [context.Process(target=write, args=(path, i)) for i in ranges]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(ReplyStore(path).of("toy")) == 500


def test_several_open_a_new_store_at_the_same_moment(tmp_path):
    """One in thirty such openings was "locked" before the switch was awaited."""
    opened = []

    def open_together(path, start):
        start.wait()
        opened.append(ReplyStore(path))

    for number in range(60):
        start, path = threading.Barrier(6), tmp_path / f"{number}.sqlite"
        threads = [
            threading.Thread(target=open_together, args=(path, start)) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(opened) == 360


def test_a_recording_is_exported_and_taken_in_again(tmp_path):
    store = ReplyStore(tmp_path / "a.sqlite")
    store.add([row(i) for i in (3, 1, 2)] + [row(9, problem_id="other-0")])
    path = tmp_path / "recording.jsonl.gz"
    assert export(store, path, "toy", "toy-") == 3
    rows = [found for _, found in read_rows(path)]
    assert [r["sample"] for r in rows] == [1, 2, 3]
    again = ReplyStore(tmp_path / "b.sqlite")
    again.add(rows)
    assert len(again.of("toy")) == 3 and again.of("toy")[0] in rows
    first = path.read_bytes()
    export(store, path, "toy", "toy-")
    assert path.read_bytes() == first


def test_jobs_are_remembered_until_they_are_over(tmp_path):
    path = tmp_path / "r.sqlite"
    ReplyStore(path).add_job("batch_1", "openai toy", [{"key": "a"}, {"key": "b"}])
    store = ReplyStore(path)
    assert store.open_jobs("openai toy") == {"batch_1": [{"key": "a"}, {"key": "b"}]}
    assert store.open_jobs("openai other") == {} and store.has_job("batch_1")
    store.close_job("batch_1", "completed")
    assert store.open_jobs("openai toy") == {} and store.has_job("batch_1")
