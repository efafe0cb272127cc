"""The arms of a comparison: the same problems, the same optimizer steps."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, data, trainings
from socratic_utils.experiments.arms import main_arm, main_arms
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.experiments.trainings import TrainingJob, trainings_of
from socratic_utils.problems import Chain, Step
from socratic_utils.runner import jobs
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS, variant_of
from socratic_utils.students.training.train import training_record
from tests.helpers.teacher_server import TeacherServer

NAMES = {arm.name: arm for arm in ablations.ABLATIONS}


def ids(pairs):
    return [problem.id for problem, _ in pairs]


@pytest.fixture
def uneven(settings, monkeypatch):
    """A teacher whose CoT chains are right for 7 of 10 problems, Socratic for 6."""
    problems = data.train_problems(settings)[:10]
    kept = {"cot": problems[:7], "socratic": problems[3:9], "socratic_from_steps": [],
            "socratic_from_questions": problems[2:8]}  # fmt: skip

    def chain(problem, style):
        steps = tuple(
            replace(s, question=f"What is {s.answer}?") for s in problem.steps
        )
        return Chain(problem.id, style, steps, problem.answer, "t")

    def filtered(_, style):
        chains = tuple(chain(problem, style) for problem in kept[style])
        return corpus.Filtered(chains, (), ())

    monkeypatch.setattr(corpus, "filtered", filtered)
    monkeypatch.setattr(corpus, "on_disk", lambda *_: True)
    return replace(settings, train_limit=10)


def test_all_main_arms_learn_the_same_problems_for_the_same_steps(uneven):
    shared = ids(corpus.corpus(uneven, "gold"))[3:7]
    trained = {}
    for arm in main_arms(uneven):
        for job in trainings_of(uneven, arm):
            assert ids(job.pairs_and_recipe[0]) == shared
            assert job.pairs_and_recipe[1] == uneven.training
            trained[job.model] = training_record(job.run())
    assert list(trained) == [m for s in STUDENTS.values() for m in s.supervisions]
    assert {(r["problems"], r["steps"]) for r in trained.values()} == {(4, 1)}


@pytest.mark.parametrize("name", NAMES)
def test_ablations_inherit_problems_and_steps(uneven, name):
    """SocGT lacks problems where the teacher failed; "all problems" have more."""
    longer = replace(uneven, training=replace(uneven.training, epochs=6.0))
    shared = {p.id for p in corpus.shared_problems(longer)}
    for job in trainings_of(longer, NAMES[name]):
        pairs, recipe = job.pairs_and_recipe
        if job.arm.problems == "all":
            known = ids(corpus.corpus(longer, SUPERVISIONS[job.model].corpus))
            assert ids(pairs) == known and len(known) > len(shared)
        else:
            assert set(ids(pairs)) <= shared
        if job.model == "qg_socratic_from_steps" or not pairs:
            continue  # nothing to learn from
        record = training_record(TrainingJob(longer, job.arm, job.model).run())
        assert record["steps"] == 6  # of four problems in batches of four
    if name == "iterative, gold questions and steps learnt":
        assert set(ids(pairs)) == shared


def test_all_problems_are_an_ablation_only_where_they_are_others(uneven, monkeypatch):
    def found():
        arms = ablations.arms(replace(uneven, ablations="all"))
        return [a.name for a in arms if a.problems == "all"]

    whole = [n for n, arm in NAMES.items() if arm.problems == "all"]
    assert len(whole) == len(STUDENTS) and found() == whole
    monkeypatch.setattr(corpus, "compared", lambda _: ["gold", "cot"])
    assert "cot, all problems" not in found() and "gt_steps, all problems" in found()
    same = trainings_of(uneven, NAMES["cot, all problems"])[0]
    assert (
        same.name == trainings_of(uneven, main_arm("cot"))[0].name
    )  # not trained twice


def test_styles_that_a_teacher_lacks_do_not_shrink_the_set(uneven, monkeypatch):
    monkeypatch.setattr(corpus, "styles", lambda _: ["cot"])
    assert corpus.compared(uneven) == ["gold", "cot"]
    assert len(corpus.shared_problems(uneven)) == 7
    said = "the same 7 of 10 problems (gold: 10, cot: 7)"
    assert corpus.describe_shared(uneven).endswith(said)
    monkeypatch.setattr(corpus, "styles", lambda _: [])
    assert len(corpus.shared_problems(uneven)) == 10


def test_styles_without_a_common_problem_are_one_sentence(uneven, monkeypatch):
    monkeypatch.setattr(corpus, "compared", lambda _: ["socratic_from_steps", "cot"])
    with pytest.raises(ValueError, match=r"every style \(socratic_from_steps: 0, cot"):
        corpus.shared_problems(uneven)


def test_both_styles_are_asked_for_before_the_first_training_and_once(settings):
    line = "Q1: How many?\nA1: That is 1 * {0} = {0}.\nThe answer is {0}."
    replies = {p.text: {"content": line.format(p.answer)}
               for p in data.train_problems(settings)[1:4]}  # fmt: skip
    with TeacherServer(always=replies) as server:
        live = config.load("smoke", teacher="toy", teacher_url=server.url,
                           train_limit=4, max_resamples=1)  # fmt: skip
        first = trainings_of(live, main_arm("answer_only"))[0]
        asked = "answer_only: its chains are not on disk, notebook 02 asks for them"
        assert jobs.status(first) == asked and not server.requests
        shared = ids(first.pairs_and_recipe[0])
        assert len(server.requests) == 2 * (4 + 1)  # the first is wrong, twice
        assert jobs.status(first).endswith(": to be trained")
        for arm in main_arms(live):
            assert {tuple(ids(job.pairs_and_recipe[0]))
                    for job in trainings_of(live, arm)} == {tuple(shared)}  # fmt: skip
        assert len(server.requests) == 10 and len(shared) == 3


def test_a_long_transcript_does_not_shorten_a_training(settings):
    problems = data.train_problems(settings)[:6]
    long = replace(problems[0], text="How many pens? " * 300)
    pairs = [(p, Chain(p.id, "cot", (Step("", "1 + 1 = 2", "2"),), "2", "t"))
             for p in (long, *problems[1:])]  # fmt: skip
    training = replace(settings.training, batch_size=1, max_length=256)
    folder = trainings.train_student("tiny", pairs, SUPERVISIONS["cot"], training,
                                     settings.folder)  # fmt: skip
    record = training_record(folder)
    assert (record["too_long"], record["problems"], record["steps"]) == (1, 5, 6)


# --- learning rates by supervision ----------------------------------------------------


@pytest.mark.parametrize(
    ("model", "main"),
    [("cot", "cot"), ("qg_guided_steps", "qg"), ("planner_steps", "qg"),
     ("qa_gold", "qa"), ("no_subquestions", "qa"), ("gt_steps", "gt_steps"),
     ("questions_then_facts", "socratic_unified"), ("answer_only", "answer_only")],
)  # fmt: skip
def test_a_variant_has_the_rate_of_what_it_varies(uneven, model, main):
    assert variant_of(model) == main
    rates = {"cot": 2e-3, "qa": 3e-3}
    swept = config.load("smoke", train_limit=10, learning_rates=rates)
    arm = replace(main_arm("cot"), models=(model,))
    _, recipe = TrainingJob(swept, arm, model).pairs_and_recipe
    own = swept.training.learning_rate
    assert recipe.learning_rate == rates.get(main, own)
    assert swept.hash != config.load("smoke", train_limit=10).hash


def test_every_supervision_is_a_variant_of_one_in_the_main_table():
    main = {name for student in STUDENTS.values() for name in student.supervisions}
    assert {variant_of(name) for name in SUPERVISIONS} == main


def test_one_rate_given_is_that_of_all(monkeypatch):
    small = replace(config.PRESETS["small"], learning_rates=(("cot", 3e-4),))
    monkeypatch.setitem(config.PRESETS, "small", small)
    assert config.load("small").learning_rates == (("cot", 3e-4),)
    assert config.load("small", learning_rate=1e-5).learning_rates == ()
    both = config.load("small", learning_rate=1e-5, learning_rates={"qa": 1e-3})
    assert both.learning_rates == (("qa", 1e-3),)


def test_a_rate_of_no_supervision_is_refused(uneven):
    wrong = replace(uneven, learning_rates=(("cott", 1e-3),))
    with pytest.raises(ValueError, match="cott, which is no supervision"):
        trainings_of(wrong, main_arm("cot"))[0].name  # noqa: B018
