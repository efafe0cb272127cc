"""Settings and stages: limits, reuse, what is skipped."""

import json
from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, data, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.files import project_root
from socratic_utils.students.supervision import STUDENTS


def test_a_scale_s_settings_can_be_changed_by_name():
    settings = config.load("small", student="x", epochs=3, max_steps=2, dataset="")
    assert settings.student == "x" and settings.dataset == "gradeschool"
    assert settings.training.epochs == 3 and settings.decoding.max_steps == 2


def test_the_settings_of_many_chains_are_a_switch_too():
    """SCoTD's pool is flat or balanced; a name that two have is Settings' own."""
    assert config.load("paper").many.balanced
    assert not config.load("paper", balanced=False).many.balanced
    assert config.load("small", balanced=True).many.balanced
    changed = config.load("small", counts=(1, 3), budget=1, test_limit=7)
    assert (changed.many.counts, changed.many.budget) == ((1, 3), 1)
    assert changed.test_limit == 7
    assert changed.many.test_limit == config.load("small").many.test_limit
    assert changed.name == config.load("small").name  # the same run


def test_a_limit_of_zero_is_the_scale_s_own():
    settings = config.load("smoke", train_limit=0, test_limit=3)
    assert settings.train_limit == config.PRESETS["smoke"].train_limit
    assert settings.test_limit == 3


def test_another_benchmark_has_settings_of_its_own():
    settings = config.load("small", dataset="gsm8k", train_limit=0)
    assert (settings.train_limit, settings.test_limit) == (100, 50)
    assert config.load("small", dataset="gsm8k", train_limit=7).train_limit == 7
    assert config.load("small").train_limit == 250


@pytest.mark.parametrize(
    ("scale", "changes", "sentence"),
    [
        ("huge", {}, "scale must be one of"),
        ("small", {"reuse": "yesterday"}, "reuse must be one of"),
        ("small", {"epoch": 3}, "unknown settings"),
    ],
)
def test_wrong_settings_are_one_sentence(scale, changes, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        config.load(scale, **changes)
    assert "\n" not in str(error.value)


def test_another_dataset_and_reused_rows_have_their_own_folders():
    assert config.load("small").folder.name == "small"
    assert config.load("small", dataset="gsm8k").folder.name == "small-gsm8k"
    assert config.load("small", reuse="reference").folder.name == "small-reused"


def test_the_hash_leaves_out_what_changes_no_result():
    one = config.load("small")
    assert one.hash == config.load("small", teacher_url="http://x").hash
    assert one.hash != config.load("small", seed=1).hash
    assert one.hash != config.load("small", adam_epsilon=1e-5).hash


def test_committed_rows_are_of_todays_settings():
    """A field of `Training` that came later must not make them those of others."""
    settings = config.load("small")
    path = settings.reference / "predictions" / "gradeschool-test-cot.jsonl"
    row = json.loads(path.read_text("utf-8").splitlines()[0])
    assert row["settings"] == settings.hash


def test_a_limited_test_split_keeps_seen_and_unseen_families():
    settings = config.load("small", test_limit=10)
    problems = data.test_problems(settings)
    assert len({p.id for p in problems}) == 10
    assert {p.extra["unseen"] for p in problems} == {True, False}


def test_only_gradeschool_has_a_challenge_split():
    assert data.test_splits(config.load("small")) == ["test", "challenge"]
    assert data.test_splits(config.load("small", dataset="gsm8k")) == ["test"]


def test_rows_are_loaded_from_disk_and_made_again_when_the_decoding_changes():
    settings = config.load("smoke", train_limit=4, test_limit=2)
    arm = main_arm("answer_only")
    first = stages.score(settings, arm)
    path = stages.predictions_path(settings, arm, "test")
    written = path.stat().st_mtime_ns
    assert stages.score(settings, arm) == first
    assert path.stat().st_mtime_ns == written
    changed = config.load("smoke", train_limit=4, test_limit=2, max_tokens=5)
    again = stages.score(changed, arm)
    assert path.stat().st_mtime_ns != written
    assert [row["tokens"] for row in again] == [5, 5]
    assert stages.main_rows(changed) == again
    assert stages.main_rows(config.load("smoke", test_limit=3)) == []
    other = config.load("smoke", train_limit=6, test_limit=2, max_tokens=5)
    assert stages.main_rows(other) == []
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")  # cut off by a kill
    assert [row["output"] for row in stages.score(changed, arm)] == [
        row["output"] for row in again
    ]
    assert path.with_suffix(".bad").exists()


def test_rows_are_made_again_when_the_student_changes():
    """A student's hash is part of its rows' hash: old rows are never reused."""
    settings = config.load("smoke", train_limit=4, test_limit=2)
    arm = main_arm("gt_steps")
    before = stages.score(settings, arm)
    changed = replace(settings, training=replace(settings.training, learning_rate=2e-3))
    after = stages.score(changed, arm)
    assert {row["inputs"] for row in before}.isdisjoint(r["inputs"] for r in after)


def test_what_only_names_an_arm_is_not_in_its_meaning():
    arm = main_arm("cot")
    named = replace(arm, name="x", experiment="y", default="z", slow=True, limits=(3,),
                    columns=(("a", 1),))  # fmt: skip
    assert named.meaning() == arm.meaning()
    for changed in (
        {"calculator": True}, {"pool": "chains_01"}, {"share": 0.5}, {"samples": 2},
        {"questions": "gold"}, {"guide": "steps"}, {"checkpoint": 3}, {"steps": 2},
    ):  # fmt: skip
        assert replace(arm, **changed).meaning() != arm.meaning()


def test_rows_that_were_never_committed_are_one_sentence():
    settings = config.load("smoke", reuse="reference")
    with pytest.raises(FileNotFoundError, match="run without --reuse"):
        stages.score(settings, main_arm("cot"))


@pytest.mark.skipif(
    not (project_root() / "outputs" / "reference" / "small").is_dir(),
    reason="no run of small is committed yet",
)
def test_the_committed_reference_is_whole_and_reusable():
    """Every student on both splits, one row a problem, and the tables of those rows."""
    settings = config.load("small", reuse="reference")
    assert settings.reference == project_root() / "outputs" / "reference" / "small"
    for split, size in (("test", 200), ("challenge", 100)):
        ids = [p.id for p in data.test_problems(settings, split)]
        assert len(ids) == size
        for student in STUDENTS:
            rows = stages.score(settings, main_arm(student), split)
            assert [row["id"] for row in rows] == ids
            assert all(row["model"] == settings.student for row in rows)


def test_the_shipped_recording_serves_the_small_scale_without_an_endpoint():
    settings = config.load("small")
    for style in ("cot", "socratic"):
        result = corpus.filtered(settings, style)
        assert len(result.kept) + len(result.dropped) == settings.train_limit
        assert {a.chain.source for a in result.attempts} == {settings.teacher}
