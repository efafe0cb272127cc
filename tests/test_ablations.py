"""Ablations: one thing changed, the same problems, paired with the default."""

from dataclasses import replace

import pytest

from socratic_utils import ablations, config, corpus, experiments
from socratic_utils.problems import Problem


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path_factory.mktemp("outputs")))
        small = config.load("smoke")
        yield replace(small, many=replace(small.many, test_limit=3))


@pytest.fixture(scope="module")
def rows(settings):
    for student in ("cot", "gt_steps", "socratic_unified", "socratic_iterative"):
        experiments.score(settings, student)
    return [r for a in ablations.ABLATIONS for r in ablations.score(settings, a)]


def test_every_setting_solves_the_same_problems(settings, rows):
    asked = [problem.id for problem in experiments.test_problems(settings)][::2]
    assert len(asked) == 3
    for ablation in ablations.ABLATIONS:
        own = [row["id"] for row in rows if row["student"] == ablation.name]
        assert own == asked


def test_gold_questions_are_in_the_output(settings, rows):
    by_id = {p.id: p for p in experiments.test_problems(settings)}
    told = [r for r in rows if r["student"] == "iterative, gold questions"]
    asked = [
        (line["text"].removeprefix("Q: "), by_id[row["id"]].steps[0].question)
        for row in told
        for line in row["lines"][:1]
    ]
    assert len(asked) == 3 and all(said == gold for said, gold in asked)


def test_the_table_is_paired_with_the_default(settings, rows, monkeypatch):
    table = ablations.compare(settings, rows).set_index("setting")
    assert list(table.index) == [a.name for a in ablations.ABLATIONS]
    ids = [row["id"] for row in rows[:3]]
    base = [{"id": name, "correct": name == ids[0]} for name in ids]
    own = [{"id": name, "correct": name != ids[0], "student": "cot, calculator"}
           for name in ids]  # fmt: skip
    monkeypatch.setattr(ablations, "default_rows", lambda *_: base)
    (line,) = ablations.compare(settings, own).to_dict("records")
    assert (line["only_default"], line["only_here"], line["p_value"]) == (1, 2, 1.0)
    assert (line["accuracy"], line["default_accuracy"]) == (0.6667, 0.3333)


def test_default_rows_are_of_this_run(settings, rows):
    other = replace(settings, seed=1)
    found = ablations.default_rows(other, ablations.ABLATIONS[0])
    assert {row["seed"] for row in found} == {1} and len(found) == 3


def test_rows_are_taken_from_disk(settings, rows, capsys):
    ablation = ablations.ABLATIONS[0]
    again = ablations.score(settings, ablation)
    assert "already solved" in capsys.readouterr().out
    assert again == [row for row in rows if row["student"] == ablation.name]


def test_what_a_teacher_cannot_teach_is_not_possible(monkeypatch):
    """A benchmark without steps, a teacher with CoT chains only."""
    bare = [Problem("p", "toy", "train", "Which?", "a", "choice", (), ("x", "y"))]
    monkeypatch.setattr(ablations, "_asked", lambda settings: bare)
    monkeypatch.setattr(corpus, "train_problems", lambda settings: bare)
    settings = config.load("smoke", dataset="commonsense_qa", teacher="palm-540b")
    possible = [a.name for a in ablations.ABLATIONS if ablations.possible(settings, a)]
    assert possible == ["cot, calculator"]
