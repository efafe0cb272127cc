"""Ablations: one thing changed, the same problems, paired with the default."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import (
    ablations,
    corpus,
    lessons,
    many_chains,
    switches,
    two_stage,
)
from socratic_utils.experiments import (
    checkpoints as selection,
)
from socratic_utils.experiments import (
    stages as experiments,
)
from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import Problem, Step


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
    return [r for a in ablations.chosen(settings) for r in ablations.score(settings, a)]


def test_every_setting_solves_the_same_problems(settings, rows):
    asked = [problem.id for problem in experiments.test_problems(settings)][::2]
    assert len(asked) == 3
    for ablation in ablations.chosen(settings):
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


def test_the_teachers_questions_are_asked_where_they_are_known(settings, rows):
    told = [r for r in rows if r["student"] == "iterative, questions of the teacher"]
    assert len(told) == 3  # recorded, so nobody had to be asked
    asked = ablations.problems_of(settings)
    teacher = replace(corpus.teacher_of(settings), shots=two_stage.SHOTS)
    known = two_stage.asked_of(teacher, asked)
    firsts = [row["lines"][0]["text"] for row in told]
    assert firsts == [f"Q: {known[problem.id][0]}" for problem in asked]
    (ablation,) = (a for a in ablations.ABLATIONS if a.teacher_questions)
    for teacher in ("gpt-4.1-mini", "none"):  # nobody knows or can be asked
        assert not ablations.possible(replace(settings, teacher=teacher), ablation)


def test_the_table_is_paired_with_the_default(settings, rows, monkeypatch):
    table = switches.compare(settings, rows).set_index("setting")
    assert list(table.index) == [a.name for a in ablations.chosen(settings)]
    ids = [row["id"] for row in rows[:3]]
    base = [{"id": name, "correct": name == ids[0]} for name in ids]
    own = [{"id": name, "correct": name != ids[0], "student": "cot, calculator"}
           for name in ids]  # fmt: skip
    monkeypatch.setattr(switches, "default_rows", lambda *_: base)
    (line,) = switches.compare(settings, own).to_dict("records")
    assert (line["only_default"], line["only_here"], line["p_value"]) == (1, 2, 1.0)
    assert (line["accuracy"], line["default_accuracy"]) == (0.6667, 0.3333)


def test_p2s_switches_are_lines_once_their_notebooks_have_run(settings, rows):
    assert list(switches.of_many_chains(settings)) == []
    name = many_chains.other_way(settings)
    for student in ("chains_02", name):
        pool = many_chains.pool_of(settings, student)
        many_chains.score(settings, student, pool)
    looked = selection.checkpoint_rows(settings)
    for row in looked:  # as if the two ways of choosing disagreed
        row["correct"] = (row["step"] == 1) == (row["part"] == "reported")
    path = settings.folder / "predictions" / selection.FOLDER / "made_up.jsonl"
    for old in path.parent.glob("*.jsonl"):
        old.unlink()
    write_jsonl_rows(path, looked)
    pool, checkpoint = switches.compare(settings, []).to_dict("records")
    assert name == "pool_balanced"
    assert pool["setting"] == "many chains, balanced pool" and pool["n"] == 3
    assert checkpoint["setting"] == "cot, checkpoint chosen on the reported problems"
    assert (checkpoint["only_default"], checkpoint["only_here"]) == (0, 3)
    for old in (settings.folder / "predictions" / many_chains.FOLDER).glob("*"):
        old.unlink()
    path.unlink()


def test_the_other_way_of_a_pool_is_another_training(settings):
    (flat, balanced) = (
        many_chains.lesson(many_chains.as_named(settings, name),
                           many_chains.pool_of(settings, name))[0]
        for name in many_chains.WAYS
    )  # fmt: skip
    assert len(flat) != len(balanced)
    turned = replace(settings, many=replace(settings.many, balanced=True))
    assert many_chains.other_way(turned) == "pool_flat"
    assert many_chains.as_named(settings, "chains_02") == settings


def test_default_rows_are_of_this_run(settings, rows):
    other = replace(settings, seed=1)
    found = switches.default_rows(other, ablations.ABLATIONS[0])
    assert {row["seed"] for row in found} == {1} and len(found) == 3


def test_rows_are_taken_from_disk(settings, rows, capsys):
    ablation = ablations.ABLATIONS[0]
    again = ablations.score(settings, ablation)
    assert "already solved" in capsys.readouterr().out
    assert again == [row for row in rows if row["student"] == ablation.name]


def test_what_a_teacher_cannot_teach_is_not_possible(monkeypatch):
    """A benchmark without steps, a teacher with CoT chains only."""
    bare = [Problem("p", "toy", "train", "Which?", "a", "choice", (), ("x", "y"))]
    monkeypatch.setattr(ablations, "problems_of", lambda settings: bare)
    monkeypatch.setattr(corpus, "train_problems", lambda settings: bare)
    settings = config.load("smoke", dataset="commonsense_qa", teacher="palm-540b")
    possible = [a.name for a in ablations.ABLATIONS if ablations.possible(settings, a)]
    assert possible == ["cot, calculator"]


def test_small_leaves_out_what_trains_for_long(tmp_path, monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    quick = ablations.chosen(config.load("small"))
    everything = ablations.chosen(config.load("small", ablations="all"))
    assert not any(a.slow for a in quick) and len(quick) == 9
    assert {a.name for a in everything} > {a.name for a in quick}
    assert "no sub-question module" in {a.name for a in everything}
    slow = next(a for a in everything if a.slow)
    path = ablations._path(config.load("small"), slow)
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert slow in ablations.chosen(config.load("small"))
    with pytest.raises(ValueError, match="ablations must be"):
        config.load("small", ablations="some")


def test_smoke_has_every_switch_without_a_live_teacher():
    found = {a.name for a in ablations.chosen(config.load("smoke"))}
    missing = {a.name for a in ablations.ABLATIONS} - found
    assert missing == {"gold questions, then facts"}  # StrategyQA's


def test_strategyqa_has_questions_and_facts_apart(monkeypatch):
    extra = {"sub_questions": ["How tall?", "How high?"]}
    facts = (Step("", "It is 4 m tall.", ""),)
    one = Problem("p", "strategyqa", "train", "Does it fit?", "no", "yes_no", facts,
                  extra=extra)  # fmt: skip
    monkeypatch.setattr(ablations, "problems_of", lambda settings: [one])
    monkeypatch.setattr(corpus, "train_problems", lambda settings: [one])
    settings = config.load("smoke", dataset="strategyqa", teacher="none")
    possible = {a.name for a in ablations.ABLATIONS if ablations.possible(settings, a)}
    assert possible == {"gt_steps, calculator", "gold questions, then facts"}
    ((_, chain),) = corpus.corpus(settings, "questions_then_facts")
    lines = [
        s.text for s, _ in lessons.MODELS["questions_then_facts"].transcript(one, chain)
    ]
    assert lines[1:] == [
        "Q: How tall?", "Q: How high?", "A: It is 4 m tall.", "The answer is no."
    ]  # fmt: skip


def test_a_teacher_is_given_gold_only_where_it_can_be_asked(monkeypatch):
    style = "socratic_from_steps"
    problems = corpus.train_problems(config.load("smoke"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert not corpus.can_give(config.load("smoke", teacher="none"), problems, style)
    live = config.load("smoke", teacher="t", teacher_url="http://127.0.0.1:1/v1")
    assert corpus.can_give(live, problems, style)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert corpus.can_give(config.load("smoke"), problems, style)  # recorded
    other = [replace(problems[0], text="Mia bakes.")]
    assert not corpus.can_give(config.load("smoke"), other, style)
    assert corpus.can_give(config.load("smoke", teacher="gpt-x"), problems, style)
    bare = [replace(problems[0], steps=())]
    assert not corpus.can_give(live, bare, style)
