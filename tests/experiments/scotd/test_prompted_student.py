"""The untrained student, prompted, and a trained one on another task."""

from dataclasses import replace

from socratic_utils.experiments import stages, trainings
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.scotd import prompted_student
from tests.helpers.published_rows import write_lines


def test_the_three_ways_of_table_2a(settings, caplog):
    caplog.set_level("INFO")
    arms = prompted_student.arms(settings)
    rows = {arm.name: stages.score(settings, arm) for arm in arms}
    assert list(rows) == ["no_cot", "greedy_cot", "self_consistency"]
    assert len(rows["greedy_cot"]) == settings.many.test_limit
    drawn = rows["self_consistency"]
    assert len(drawn) == settings.many.vote_limit * settings.many.votes[-1]
    assert {row["sample"] for row in drawn} == {0, 1}
    assert not (settings.folder / "students").exists()
    caplog.clear()
    stages.score(settings, arms[1])
    assert "rows loaded from disk" in caplog.text


def test_a_trained_student_on_another_task(settings, tmp_path, monkeypatch):
    data = tmp_path / "data"
    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    assert not prompted_student.at_hand(settings, "sst2")  # and no network is asked
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(data))
    assert not prompted_student.at_hand(settings, "openbookqa")
    choices = [{"label": x, "text": t} for x, t in zip("ABCD", "pqrs", strict=True)]
    row = {"id": "1", "question": {"stem": "Which?", "choices": choices},
           "answerKey": "B"}  # fmt: skip
    write_lines(data / "openbookqa" / "test.jsonl", [row])
    assert prompted_student.at_hand(settings, "openbookqa")
    both = prompted_student.transfer(settings)
    assert [row["student"] for row in both] == ["before", "after_cot"]
    assert {row["dataset"] for row in both} == {"openbookqa"}
    assert both[1]["prompt"].endswith("(a) p (b) q (c) r (d) s")
    [folder] = trainings.train(settings, main_arm("cot"))  # of the main table
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    other = replace(settings, dataset="openbookqa")
    assert prompted_student.transfer(other) == []
    assert prompted_student.transfer(replace(settings, reuse="reference")) == []
