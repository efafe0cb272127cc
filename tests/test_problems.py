"""Problems and chains on disk, atomic writes, hashes, run.json."""

import json
import subprocess
import sys

import pytest

from socratic_utils import files
from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import (
    Chain,
    Problem,
    Step,
    gold_chain,
    load_jsonl,
)

STEP = Step("How many pens?", "She has 2 × 3 = 6 pens.", "6")
PROBLEMS = [
    Problem("p-0", "toy", "train", "Ann has 2 boxes of 3 pens. How many?", "6",
            steps=(STEP,), extra={"family": "boxes", "unseen": False}),
    Problem("p-1", "toy", "test", "Is ice\u2028hot?\nReally?", "no", kind="yes_no"),
    Problem("p-2", "toy", "test", "Where?", "b", "choice", choices=("a bank", "home")),
]  # fmt: skip
CHAINS = [
    Chain("p-0", "socratic", (STEP, STEP), "6", "teacher", 2, -1.25, "Q1: …\nA1: …"),
    Chain("p-1", "cot", (), None, "teacher"),
]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "new/deep/rows.jsonl"])
@pytest.mark.parametrize("items", [PROBLEMS, CHAINS, []])
def test_round_trip(tmp_path, name, items):
    path = write_jsonl_rows(tmp_path / name, items)
    assert load_jsonl(path, type(items[0]) if items else Chain) == items


def test_loaded_steps_are_steps(tmp_path):
    [problem] = load_jsonl(
        write_jsonl_rows(tmp_path / "p.jsonl", PROBLEMS[:1]), Problem
    )
    assert problem.steps == (STEP,) and isinstance(problem.steps[0], Step)
    assert gold_chain(problem).answer == "6" and gold_chain(problem).steps == (STEP,)


def test_gz_is_compressed_and_the_same_bytes_every_time(tmp_path):
    first = write_jsonl_rows(tmp_path / "a.jsonl.gz", CHAINS).read_bytes()
    second = write_jsonl_rows(tmp_path / "b.jsonl.gz", CHAINS).read_bytes()
    assert first == second and first[:2] == b"\x1f\x8b"


GOOD = json.dumps({"id": "p", "dataset": "t", "split": "s", "text": "x", "answer": "1"})


def row(**changes):
    return json.dumps({**json.loads(GOOD), **changes})


@pytest.mark.parametrize(
    "bad, reason",
    [
        ('{"id": "p", ', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ("5", "not a JSON object"),
        (row(colour="red"), "unknown fields ['colour']"),
        (row(kind="colour"), "kind must be one of"),
        (row(text=" "), "empty text"),
        (row(text=5), "text must be a string, not 5"),
        (row(answer=18), "answer must be a string, not 18"),
        (row(steps=[{"question": "?"}]), "missing"),
        (row(steps=["no"]), "mapping"),
        (row(steps=5), "not iterable"),
        ('{"id": "p"}', "missing"),
        ("[" * 200_000, "not JSON"),
        (
            row(kind="choice", choices=["x", "y"], answer="z"),
            "the answer 'z' is no letter of its 2 choices: give one of a, b",
        ),
        (row(kind="choice", choices=["x", "y"], answer="x y"), "no letter of its 2"),
        (row(kind="choice", choices=["x", "y"], answer=""), "no letter of its 2"),
    ],
)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_bad_line_is_named(tmp_path, name, bad, reason):
    path = tmp_path / name
    text = f"{GOOD}\n\n{bad}\n{GOOD}\n"
    if name.endswith(".gz"):
        import gzip

        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    with pytest.raises(ValueError) as caught:
        load_jsonl(path, Problem)
    message = str(caught.value)
    assert message.startswith(f"{path}, line 3: ") and reason in message


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_jsonl(tmp_path / "none.jsonl", Chain)


# --- files ------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["os.fsync", "os.replace"])
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, broken):
    path = write_jsonl_rows(tmp_path / "rows.jsonl", PROBLEMS)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="no space"):
        write_jsonl_rows(path, CHAINS)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]  # no temporary file is left


def test_a_row_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = write_jsonl_rows(tmp_path / "rows.jsonl", PROBLEMS)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_jsonl_rows(path, [{"good": 1}, {"bad": object()}])
    assert path.read_bytes() == before


def test_content_hash_is_stable():
    value = {"b": [1, 2.5, None], "a": "×"}
    # It names files, so it must never change.
    assert files.content_hash(value) == "f3414b465d"
    assert files.content_hash(value) == files.content_hash(dict(sorted(value.items())))
    assert files.content_hash(value) != files.content_hash({**value, "a": "x"})
    assert files.content_hash((1, 2)) == files.content_hash([1, 2])
    assert len(files.content_hash(value, 32)) == 32


def test_content_hash_is_the_same_in_another_process():
    code = "from socratic_utils.files import content_hash\n"
    code += "print(content_hash({'b': 1, 'a': 2}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files.project_root(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == files.content_hash({"a": 2, "b": 1})


def test_update_run_json_merges(tmp_path):
    files.update_run_json(tmp_path, seed=0, notebooks={"00": {"seconds": 1}})
    files.update_run_json(tmp_path, seed=1, notebooks={"01": {"seconds": 2}})
    assert files.read_json(tmp_path / "run.json") == {
        "seed": 1,
        "notebooks": {"00": {"seconds": 1}, "01": {"seconds": 2}},
    }
    assert files.read_json(tmp_path / "none.json", {"a": 1}) == {"a": 1}
