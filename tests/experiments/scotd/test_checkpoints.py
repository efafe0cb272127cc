"""Checkpoints: kept during a training, chosen on held-back or reported problems."""

import hashlib
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils.experiments import data, saved, trainings
from socratic_utils.experiments.scotd import checkpoints
from socratic_utils.results.tables import scores_by
from socratic_utils.students.training.train import training_record


def held_back(settings):
    return saved.problems_of(settings, checkpoints.training_arm(settings), "train")


def folders(settings):
    arms = checkpoints.arms(settings)[::2]
    return {arm.checkpoint: trainings.train(settings, arm)[0] for arm in arms}


def test_held_back_problems_are_training_problems_that_are_not_learnt(settings):
    hidden = held_back(settings)
    assert len(hidden) == round(0.2 * settings.train_limit)
    assert {problem.split for problem in hidden} == {"train"}
    arm = checkpoints.training_arm(settings)
    [job] = trainings.trainings_of(settings, arm)
    assert not {p.id for p, _ in job.pairs_and_recipe[0]} & {p.id for p in hidden}


def test_every_checkpoint_is_scored_on_both_parts(settings, caplog):
    caplog.set_level("INFO")
    rows = checkpoints.score(settings)
    table = scores_by(rows, ["step", "part"])
    assert len(table) == 2 * settings.many.checkpoints
    assert set(table["part"]) == {"held back", "reported"}
    reported = {row["id"] for row in rows if row["part"] == "reported"}
    assert reported <= {problem.id for problem in data.test_problems(settings)}
    hidden = {row["id"] for row in rows if row["part"] == "held back"}
    assert hidden == {problem.id for problem in held_back(settings)}
    caplog.clear()
    assert checkpoints.score(settings) == rows
    assert caplog.text.count("rows loaded from disk") == len(table)


def test_another_training_has_other_checkpoints(settings):
    recipe = replace(settings.training, learning_rate=5e-3)
    other = folders(replace(settings, training=recipe))
    own = folders(settings)
    assert list(own) == list(other)
    assert not set(own.values()) & set(other.values())


def test_missing_checkpoints_are_one_sentence(settings):
    first, *_ = folders(settings).values()
    shutil.rmtree(first)
    with pytest.raises(RuntimeError, match="lacks checkpoints"):
        checkpoints.arms(settings)


def test_the_last_checkpoint_is_the_student(settings):
    *_, (step, folder) = folders(settings).items()
    assert training_record(folder.parent)["steps"] == step


def test_checkpoints_are_different_models(settings):
    weights = [f / "model.safetensors" for f in folders(settings).values()]
    assert len({hashlib.sha256(w.read_bytes()).digest() for w in weights}) == 2


def rows(part, step, right, total=10):
    return [
        {"id": f"{part}{i}", "part": part, "step": step, "correct": i < right}
        for i in range(total)
    ]


def test_the_leak():
    scores = {10: (3, 2), 20: (5, 4), 30: (4, 6)}  # held back, reported
    found = [
        row
        for step, (hidden, shown) in scores.items()
        for row in rows("held back", step, hidden) + rows("reported", step, shown)
    ]
    table = checkpoints.choices(found).set_index("chosen on")
    assert list(table["step"]) == [20, 30, 30]
    ours, theirs, _ = table["accuracy"]
    assert (ours, theirs) == (0.4, 0.6)
    [line] = checkpoints.compare_choices(found)
    assert line["setting"] == "checkpoint chosen on the reported problems"
    assert (line["only_default"], line["only_here"]) == (0, 2)


def test_the_earlier_of_two_equal_steps_is_chosen():
    found = [
        row
        for step in (10, 20)
        for part in ("held back", "reported")
        for row in rows(part, step, 5)
    ]
    table = checkpoints.choices(found)
    assert list(table["step"]) == [10, 10, 20]
    assert isinstance(table, pd.DataFrame) and table["n"].tolist() == [10] * 3


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_more_is_held_back_where_the_settings_say_so(settings, share):
    many = replace(settings.many, held_back=share)
    hidden = held_back(replace(settings, many=many))
    assert len(hidden) == round(share * settings.train_limit)
