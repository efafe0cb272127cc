"""Benchmarks from the hub: the real client libraries, and a server of ours as the hub.

Every benchmark is served in the columns of its hub repository, at the commit that our
loader names, and must be the same as from the published files in a folder.
"""

from importlib import import_module

import pytest

from socratic_utils.benchmarks import BENCHMARKS, commonsense_qa, gsm8k, openbookqa
from tests.helpers.hub_content import dataset
from tests.helpers.published_rows import cqa_row, svamp_row, write_array, write_lines

LOAD = """
from socratic_utils.benchmarks import load_problems
print(*map(repr, load_problems({!r}, {!r})), sep="\\n")
"""
IMPORTS = """
import datasets
from socratic_utils import benchmarks
"""
FROM_FILES = "import os\nos.environ['SOCRATIC_DATA_DIR'] = {!r}\n" + LOAD
MAIN = {"question": "Ann has 3 + 4 pens. How many?", "answer": "It is 7.\n#### 7"}
SOCRATIC = {**MAIN, "answer": "How many? ** It is 3 + 4 = <<3+4=7>>7.\n#### 7"}
KEY = cqa_row("k1", "B", "Where is a key kept?", ("sea", "box", "sky", "tea", "sun"))
SUN = {
    "id": "7-980",
    "question": {"stem": "The sun lets", "choices": [
        {"text": "dogs learn", "label": "A"}, {"text": "plants grow ", "label": "B"}]},
    "answerKey": "B",
}  # fmt: skip
ICE = {"id": "QuaRel_V1_1", "answer_index": 1,
       "question": "Mike is fast on ice: _ is smoother. (A) snow (B) ice"}  # fmt: skip
CLAIM = {"uid": "a1", "hypothesis": "Ice is warm."}
ROUND = {**CLAIM, "premise": "Ice is cold.", "label": 2, "reason": ""}
FILMS = ["A <br />fine film", "Dull", "Fine"]
SAME = {  # published file, its rows; configuration, its splits with rows; our split
    "gsm8k": ({"train.jsonl": [MAIN] * 3, "train_socratic.jsonl": [SOCRATIC] * 3},
              {"main": {"train": [MAIN] * 3, "test": [MAIN]},
               "socratic": {"train": [SOCRATIC] * 3, "test": [SOCRATIC]}}, "train"),
    "commonsense_qa": (
        {"dev_rand_split.jsonl": [KEY]},
        {"data": {"validation": [{
            "id": "k1", "question": "Where is a key kept?", "question_concept": "key",
            "choices": {"label": list("ABCDE"),
                        "text": [c["text"] for c in KEY["question"]["choices"]]},
            "answerKey": "B"}]}}, "validation"),
    "openbookqa": (
        {"test.jsonl": [SUN]},
        {"main": {"test": [{
            "id": "7-980", "question_stem": "The sun lets", "answerKey": "B",
            "choices": {"text": ["dogs learn", "plants grow "], "label": ["A", "B"]}}]},
         "additional": {"test": [{"id": "none of ours"}]}}, "test"),
    "quarel": ({"quarel-v1-train.jsonl": [ICE]}, {"data": {"train": [ICE]}}, "train"),
    "anli": ({"R3/test.jsonl": [{**CLAIM, "context": "Ice is cold.", "label": "c"}]},
             {"plain_text": {"test_r1": [{**ROUND, "uid": "none of ours"}],
                             "test_r3": [ROUND]}}, "test"),
    "svamp": ({"SVAMP.json": [svamp_row(n) for n in range(1, 11)]},
              {"data": {"train": [svamp_row(n) | {"Answer": "5.0"} for n in (3, 2, 1)],
                        "test": [svamp_row(n) for n in range(4, 11)]}}, "test"),
    "imdb": ({"test/neg/0_2.txt": FILMS[1], "test/pos/0_9.txt": FILMS[0],
              "test/pos/1_10.txt": FILMS[2]},
             {"plain_text": {"test": [{"text": FILMS[1], "label": 0},
                                      {"text": FILMS[0], "label": 1},
                                      {"text": FILMS[2], "label": 1}]}}, "test"),
    "sst2": ({"dev.tsv": "sentence\tlabel\nA fine film\t1\nDull\t0\n"},
             {"data": {"validation": [{"idx": 0, "sentence": "A fine film", "label": 1},
                                      {"idx": 1, "sentence": "Dull", "label": 0}]}},
             "validation"),
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(hub_server):
    return hub_server


@pytest.fixture(autouse=True)
def whole(hub):
    """GSM8K at its commit, no faults."""
    hub.faults.clear()
    hub.commits.clear()
    hub.add("datasets/openai/gsm8k", dataset(**SAME["gsm8k"][1]), gsm8k.HUB[1])
    hub.requests.clear()


GSM8K = LOAD.format("gsm8k", "train")
WHOLE = "gsm8k-train-0002"


def hub_of(name):
    module = import_module(f"socratic_utils.benchmarks.{name}")
    return module.HUB


def test_every_benchmark_of_the_hub_is_tried():
    assert set(SAME) == {n for n in BENCHMARKS if hasattr(BENCHMARKS[n], "HUB")}
    assert {commonsense_qa.HUB[0], openbookqa.HUB[0]} == {
        "tau/commonsense_qa", "allenai/openbookqa"}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_a_benchmark_from_the_hub_is_that_of_the_published_files(
    name, hub, online, tmp_path
):
    files, configurations, split = SAME[name]
    repository, commit = hub_of(name)
    # A later commit of `main`, which nothing may read.
    hub.add(f"datasets/{repository}", dataset(**configurations), commit)
    hub.add(f"datasets/{repository}", {"README.md": b"emptied"})
    for file, rows in files.items():
        path = tmp_path / name / file
        if isinstance(rows, str):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rows, "utf-8")
        else:
            (write_array if file == "SVAMP.json" else write_lines)(path, rows)
    published = online.run(FROM_FILES.format(str(tmp_path), name, split))
    assert published.out.count("Problem(") > 0, published.error
    assert online.run(LOAD.format(name, split)) == published
    asked = [path for _, path, _, _ in hub.requests if "/resolve/" in path]
    assert asked and all(f"/resolve/{commit}/" in path for path in asked)


def test_a_second_process_downloads_nothing(hub, online):
    first = online.run(GSM8K)
    hub.requests.clear()
    assert online.run(GSM8K) == first and WHOLE in first.out
    assert hub.requests == []


def test_offline_after_a_download(hub, online, offline):
    first = online.run(GSM8K)
    hub.requests.clear()
    assert offline.run(GSM8K) == first and WHOLE in first.out
    assert hub.requests == []


def test_offline_without_a_download_is_refused_in_a_sentence(hub, online, offline):
    said = offline.run(GSM8K).error
    assert said.startswith("FileNotFoundError: openai/gsm8k cannot be downloaded (")
    assert said.endswith("the folder that SOCRATIC_DATA_DIR names")
    assert said.count("\n") == 0 and hub.requests == []


def test_another_revision_in_the_cache_is_never_taken(hub, online, offline):
    """`load_dataset(..., revision=ours)` itself takes it where it finds no hub."""
    more = {split: rows * 2 for split, rows in SAME["gsm8k"][1]["main"].items()}
    hub.add("datasets/openai/gsm8k", dataset(main=more, socratic=more))
    by_hand = "import datasets\nprint(len(datasets.load_dataset('openai/gsm8k', 'main'"
    assert online.run(f"{by_hand}, split='train')))").out == "6\n"
    assert "gsm8k cannot be downloaded" in offline.run(GSM8K).error
    assert online.run(GSM8K).out.count("Problem(") == 3
    assert offline.run(GSM8K).out.count("Problem(") == 3


@pytest.mark.parametrize("fault", ["cut", "429", "hang"])
def test_a_passing_fault_costs_another_request_and_no_row(fault, hub, online):
    hub.faults["main/train"] = [fault]
    assert WHOLE in online.run(GSM8K).out
    path = f"store/datasets/openai/gsm8k/{gsm8k.HUB[1]}/main/train"
    assert len([r for r in hub.requests if path in r[1]]) == 1 + (fault != "hang")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("cut", "peer closed connection"), ("503", "503 Service Unavailable"),
     ("html", "Consistency check failed: file should be of size")],
)  # fmt: skip
def test_a_fault_that_stays_is_refused_in_a_sentence_and_leaves_nothing_broken(
    fault, reason, hub, online, offline
):
    hub.faults["main/train"] = [fault, "always"]
    said = online.run(GSM8K).error
    assert said.startswith("FileNotFoundError: openai/gsm8k cannot be downloaded (")
    assert reason in said and said.endswith("folder that SOCRATIC_DATA_DIR names")
    assert "cannot be downloaded" in offline.run(GSM8K).error  # half is not enough
    hub.faults.clear()
    assert WHOLE in online.run(GSM8K).out
    assert WHOLE in offline.run(GSM8K).out


def test_a_damaged_file_is_named_with_the_folder_to_delete(hub, online):
    hub.faults["main/train"] = ["garbled"]
    said = online.run(GSM8K).error
    assert said.startswith("ValueError: openai/gsm8k cannot be read (")
    assert said.endswith("to download it again") and said.count("\n") == 0
    folder = said.rpartition(": delete ")[2].removesuffix(" to download it again")
    assert folder == str(online.home / "hub" / "datasets--openai--gsm8k")


@pytest.mark.parametrize("gone", ["commit", "repository"])
def test_what_the_hub_does_not_have_is_refused_at_once(gone, hub, online):
    hub.commits.clear()
    if gone == "commit":
        hub.add("datasets/openai/gsm8k", {"README.md": b"emptied"})
    said = online.run(GSM8K).error
    assert said.startswith("FileNotFoundError: openai/gsm8k cannot be downloaded (")
    assert said.count("\n") == 0 and len(hub.requests) < 5
