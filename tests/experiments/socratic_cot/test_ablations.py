"""Ablations: one thing changed, the same problems, paired with the default."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, data, saved, stages
from socratic_utils.experiments.arms import main_arms
from socratic_utils.experiments.socratic_cot import ablations, prompting
from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import Problem, Step
from socratic_utils.students.supervision import SUPERVISIONS


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path_factory.mktemp("outputs")))
        smoke = config.load("smoke")
        yield replace(smoke, many=replace(smoke.many, test_limit=3))


@pytest.fixture(scope="module")
def rows(settings):
    stages.score_all(settings, main_arms(settings)[1:])
    return stages.score_all(settings, ablations.arms(settings))


def names(settings, problems=()):
    problems = problems or ablations.problems_of(settings)
    arms = ablations.ABLATIONS
    return [a.name for a in arms if ablations.possible(settings, a, problems)]


def test_every_ablation_is_scored_on_the_same_problems(settings, rows):
    asked = [problem.id for problem in data.test_problems(settings)][::2]
    assert len(asked) == 3
    for arm in ablations.arms(settings):
        own = [row["id"] for row in rows if row["student"] == arm.name]
        assert own == asked


def test_gold_questions_are_in_the_output(settings, rows):
    by_id = {p.id: p for p in data.test_problems(settings)}
    found = [r for r in rows if r["student"] == "iterative, gold questions"]
    asked = [
        (line["text"].removeprefix("Q: "), by_id[row["id"]].steps[0].question)
        for row in found
        for line in row["lines"][:1]
    ]
    assert len(asked) == 3 and all(said == gold for said, gold in asked)


def test_questions_are_compared_where_an_ablation_changes_them(settings, rows):
    base = ablations.default_rows(settings)
    assert {row["student"] for row in base} == {ablations.PAIR}
    assert {row["id"] for row in base} == {row["id"] for row in rows}
    asks = [{**r, "lines": [{"role": "question", "text": "Q: Why?"}]} for r in rows]
    table = ablations.questions_table(settings, asks)
    compared = set(table["student"])
    assert {"iterative, questions upfront", "iterative, gold steps"} <= compared
    assert not {"iterative, gold questions", "iterative, calculator",
                "cot, calculator"} & compared  # fmt: skip


def test_the_teachers_questions_are_asked_where_they_are_known(settings, rows):
    name = "iterative, questions of the teacher"
    found = [r for r in rows if r["student"] == name]
    assert len(found) == 3  # recorded, so the teacher was not asked
    asked = ablations.problems_of(settings)
    teacher = replace(data.teacher_of(settings), shots=prompting.SHOTS)
    known = prompting.asked_of(teacher, asked)
    firsts = [row["lines"][0]["text"] for row in found]
    assert firsts == [f"Q: {known[problem.id][0]}" for problem in asked]
    for teacher in ("gpt-4.1-mini", "none"):  # neither known nor to be had
        assert name not in names(replace(settings, teacher=teacher))


def test_the_table_is_paired_with_the_default(settings, rows, monkeypatch):
    table = ablations.compare(settings, rows).set_index("setting")
    assert list(table.index) == [a.name for a in ablations.arms(settings)]
    ids = [row["id"] for row in rows[:3]]
    base = [{"id": name, "correct": name == ids[0]} for name in ids]
    own = [{"id": name, "correct": name != ids[0], "student": "cot, calculator"}
           for name in ids]  # fmt: skip
    monkeypatch.setattr(ablations, "default_rows", lambda *_: base)
    (line,) = ablations.compare(settings, own).to_dict("records")
    assert (line["only_default"], line["only_here"], line["p_value"]) == (1, 2, 1.0)
    assert (line["accuracy"], line["default_accuracy"]) == (0.6667, 0.3333)
    with pytest.raises(ValueError, match="not scored on the same problems"):
        ablations.paired_line("cot, calculator", own, base[:2])


def test_default_rows_are_of_this_run(settings, rows):
    other = replace(settings, seed=1)
    arm = ablations.arms(settings)[0]
    found = ablations.default_rows(other, arm.default)
    assert {row["seed"] for row in found} == {1} and len(found) == 3


def test_rows_are_loaded_from_disk(settings, rows, caplog):
    caplog.set_level("INFO")
    arm = ablations.arms(settings)[0]
    again = stages.score(settings, arm)
    assert "rows loaded from disk" in caplog.text
    assert again == [row for row in rows if row["student"] == arm.name]


def test_what_a_teacher_cannot_teach_is_not_possible(monkeypatch):
    """A benchmark without steps, a teacher with CoT chains only."""
    bare = [Problem("p", "toy", "train", "Which?", "a", "choice", (), ("x", "y"))]
    monkeypatch.setattr(corpus, "train_problems", lambda settings: bare)
    settings = config.load("smoke", dataset="commonsense_qa", teacher="palm-540b")
    asked = ["answer_only, all problems", "cot, all problems"]  # chains are unknown
    assert names(settings, bare) == ["cot, calculator", *asked]


def test_small_skips_what_trains_long(tmp_path, monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    quick = ablations.arms(config.load("small"))
    everything = ablations.arms(config.load("small", ablations="all"))
    assert not any(a.slow for a in quick) and len(quick) == 9
    assert {a.name for a in everything} > {a.name for a in quick}
    assert "no sub-question module" in {a.name for a in everything}
    slow = next(a for a in everything if a.slow)
    small = config.load("small")
    ids = [problem.id for problem in ablations.problems_of(small)]
    path = saved.predictions_path(small, slow, "test")
    for mark in ("other settings", small.hash):  # of which only the latter's count
        write_jsonl_rows(path, [{"id": name, "settings": mark} for name in ids])
        assert (slow in ablations.arms(small)) == (mark == small.hash)
    with pytest.raises(ValueError, match="ablations must be"):
        config.load("small", ablations="some")


def test_smoke_has_every_ablation_without_a_live_teacher():
    found = {a.name for a in ablations.arms(config.load("smoke"))}
    missing = {a.name for a in ablations.ABLATIONS} - found
    # StrategyQA's, and what smoke's problems, which all students share, do not allow
    more = {name for name in missing if name.endswith(", all problems")}
    assert missing - more == {"gold questions, then facts"}


def test_strategyqa_has_questions_and_facts_apart(monkeypatch):
    extra = {"sub_questions": ["How tall?", "How high?"]}
    facts = (Step("", "It is 4 m tall.", ""),)
    one = Problem("p", "strategyqa", "train", "Does it fit?", "no", "yes_no", facts,
                  extra=extra)  # fmt: skip
    monkeypatch.setattr(corpus, "train_problems", lambda settings: [one])
    settings = config.load("smoke", dataset="strategyqa", teacher="none")
    found = {"gt_steps, calculator", "gold questions, then facts", "gt_steps, LoRA"}
    assert set(names(settings, [one])) == found
    ((_, chain),) = corpus.corpus(settings, "questions_then_facts")
    shown = SUPERVISIONS["questions_then_facts"].transcript(one, chain)
    assert [s.text for s, _ in shown][1:] == [
        "Q: How tall?", "Q: How high?", "A: It is 4 m tall.", "The answer is no."
    ]  # fmt: skip


def test_a_teacher_is_given_gold_only_where_it_can_be_asked(monkeypatch):
    style = "socratic_from_steps"
    problems = data.train_problems(config.load("smoke"))
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
