"""Checkpoints: kept while training, chosen on held-back or on reported problems."""

import pandas as pd
import pytest

from socratic_utils.experiments import checkpoints as selection
from socratic_utils.experiments import corpus


def test_held_back_problems_are_training_problems_nobody_learns(settings):
    hidden = selection.held_back(settings)
    assert len(hidden) == round(0.2 * settings.train_limit)
    assert {problem.split for problem in hidden} == {"train"}


def test_every_checkpoint_is_scored_on_both_parts(settings, capsys):
    rows = selection.checkpoint_rows(settings)
    table = selection.checkpoint_table(rows)
    assert len(table) == 2 * settings.many.checkpoints
    assert set(table["part"]) == {"held back", "reported"}
    reported = {row["id"] for row in rows if row["part"] == "reported"}
    assert reported <= {problem.id for problem in corpus.test_problems(settings)}
    hidden = {row["id"] for row in rows if row["part"] == "held back"}
    assert hidden == {problem.id for problem in selection.held_back(settings)}
    capsys.readouterr()
    assert selection.checkpoint_rows(settings) == rows
    assert capsys.readouterr().out.count("already solved") == len(table)


def test_another_training_has_other_checkpoints(settings):
    from dataclasses import replace

    recipe = replace(settings.training, learning_rate=5e-3)
    other = selection.trained(replace(settings, training=recipe))
    own = selection.trained(settings)
    assert list(own) == list(other)
    assert not set(own.values()) & set(other.values())


def test_a_checkpoint_that_is_gone_is_told(settings):
    import shutil

    first, *_ = selection.trained(settings).values()
    shutil.rmtree(first)
    with pytest.raises(RuntimeError, match="lacks checkpoints"):
        selection.trained(settings)


def test_the_last_checkpoint_is_the_student(settings):
    from socratic_utils.students.training.train import training_record

    *_, (step, folder) = selection.trained(settings).items()
    [student] = folder.parent.glob("cot-*")
    assert training_record(student)["steps"] == step


def test_checkpoints_are_different_models(settings):
    from socratic_utils.files import file_hash

    folders = selection.trained(settings).values()
    assert len({file_hash(f / "model.safetensors") for f in folders}) == 2


def rows(part, step, right, total=10):
    return [
        {"id": f"{part}{i}", "part": part, "step": step, "correct": i < right}
        for i in range(total)
    ]


def test_the_leak():
    scores = {10: (3, 2), 20: (5, 4), 30: (4, 6)}  # held back, reported
    found = [
        row
        for step, (hidden, told) in scores.items()
        for row in rows("held back", step, hidden) + rows("reported", step, told)
    ]
    table = selection.choices(found).set_index("chosen on")
    assert list(table["step"]) == [20, 30, 30]
    ours, theirs, _ = table["accuracy"]
    assert (ours, theirs) == (0.4, 0.6)


def test_of_equals_the_earlier_is_taken():
    found = [
        row
        for step in (10, 20)
        for part in ("held back", "reported")
        for row in rows(part, step, 5)
    ]
    table = selection.choices(found)
    assert list(table["step"]) == [10, 10, 20]
    assert isinstance(table, pd.DataFrame) and table["n"].tolist() == [10] * 3


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_more_is_held_back_where_the_settings_say_so(settings, share):
    from dataclasses import replace

    many = replace(settings.many, held_back=share)
    hidden = selection.held_back(replace(settings, many=many))
    assert len(hidden) == round(share * settings.train_limit)
