"""Stages: limits, reuse, what is skipped."""

import pytest

from socratic_utils import config
from socratic_utils.experiments import stages as experiments
from socratic_utils.files import project_root
from socratic_utils.students.supervision import STUDENTS


def test_a_limited_test_split_keeps_seen_and_unseen_families():
    settings = config.load("small", test_limit=10)
    problems = experiments.test_problems(settings)
    assert len({p.id for p in problems}) == 10
    assert {p.extra["unseen"] for p in problems} == {True, False}


def test_only_gradeschool_has_a_challenge_split():
    assert experiments.test_splits(config.load("small")) == ["test", "challenge"]
    assert experiments.test_splits(config.load("small", dataset="gsm8k")) == ["test"]


def test_rows_are_taken_from_disk_and_made_again_when_the_decoding_changes():
    settings = config.load("smoke", train_limit=4, test_limit=2)
    first = experiments.score(settings, "answer_only")
    path = experiments.predictions_path(settings, "answer_only", "test")
    written = path.stat().st_mtime_ns
    assert experiments.score(settings, "answer_only") == first
    assert path.stat().st_mtime_ns == written
    changed = config.load("smoke", train_limit=4, test_limit=2, max_tokens=5)
    again = experiments.score(changed, "answer_only")
    assert path.stat().st_mtime_ns != written
    assert [row["tokens"] for row in again] == [5, 5]
    assert experiments.rows_so_far(changed) == again
    assert experiments.rows_so_far(config.load("smoke", test_limit=3)) == []
    other = config.load("smoke", train_limit=6, test_limit=2, max_tokens=5)
    assert experiments.rows_so_far(other) == []
    path = experiments.predictions_path(changed, "answer_only", "test")
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")  # cut off by somebody
    assert experiments.rows_so_far(changed) == []
    assert path.with_suffix(".bad").exists() and not path.exists()
    assert [row["output"] for row in experiments.score(changed, "answer_only")] == [
        row["output"] for row in again
    ]


def test_rows_that_were_never_committed_are_one_sentence():
    settings = config.load("smoke", reuse="reference")
    with pytest.raises(FileNotFoundError, match="run without --reuse"):
        experiments.score(settings, "cot")


@pytest.mark.skipif(
    not (project_root() / "outputs" / "reference" / "small").is_dir(),
    reason="no run of small is committed yet",
)
def test_the_committed_reference_is_whole_and_reusable():
    """Every student on both splits, one row a problem, and the tables of those rows."""
    settings = config.load("small", reuse="reference")
    assert settings.reference == project_root() / "outputs" / "reference" / "small"
    for split, size in (("test", 200), ("challenge", 100)):
        ids = [p.id for p in experiments.test_problems(settings, split)]
        assert len(ids) == size
        for student in STUDENTS:
            rows = experiments.score(settings, student, split)
            assert [row["id"] for row in rows] == ids
            assert all(row["model"] == settings.student for row in rows)


def test_the_shipped_recording_serves_the_small_scale_without_an_endpoint():
    settings = config.load("small")
    for style in ("cot", "socratic"):
        result = experiments.filtered(settings, style)
        assert len(result.kept) + len(result.dropped) == settings.train_limit
        assert {a.chain.source for a in result.attempts} == {settings.teacher}
