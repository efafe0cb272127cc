"""SCoTD's two settings: what each student learns from, and that it is scored."""

from dataclasses import replace

from socratic_utils.experiments import corpus, data, stages, trainings
from socratic_utils.experiments.scotd import few_shot_or_supervised
from socratic_utils.filtering.right_answers import KEPT, judge
from socratic_utils.results.papers.scotd import scores
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.train import training_record
from socratic_utils.students.transcript import segments

FOUR = ["few_shot_label", "few_shot_cot", "full_label", "full_cot"]


def test_what_each_student_learns(settings):
    problems, _ = corpus.first_chains(settings)
    arms = {arm.name: arm for arm in few_shot_or_supervised.arms(settings)}
    assert list(arms)[:4] == FOUR
    models = {name: arm.models for name, arm in arms.items()}
    assert models["few_shot_label"] == models["full_label"] == ("answer_only",)
    assert models["few_shot_cot"] == models["full_cot"] == ("cot",)
    pools = {name: corpus.pool_of(settings, arms[name].pool)[1].chains for name in FOUR}
    by_id = {problem.id: problem for problem in problems}
    verdicts = [judge(by_id[c.problem_id], c) for c in pools["few_shot_cot"]]
    assert KEPT in verdicts and set(verdicts) != {KEPT}  # wrong ones stay
    assert all(judge(by_id[c.problem_id], c) == KEPT for c in pools["full_cot"])
    assert set(pools["full_cot"]) < set(pools["few_shot_cot"])
    assert [c.answer for c in pools["full_label"]] == [p.answer for p in problems]


def test_students_of_many_chains_keep_wrong_ones_without_labels(settings):
    arms = {arm.name: arm.pool for arm in few_shot_or_supervised.arms(settings)[4:]}
    assert arms == {
        "few_shot_01": "all_chains_01", "few_shot_02": "all_chains_02",
        "few_shot_scotd": "all_chains_02", "full_scotd": "chains_02",
    }  # fmt: skip
    voting = few_shot_or_supervised.voting_arms(settings)
    assert [arm.name for arm in voting] == [
        "few_shot_cot, votes", *(f"{name}, votes" for name in arms)
    ]  # fmt: skip
    none = replace(settings, many=replace(settings.many, counts=(1, 50)))
    assert len(few_shot_or_supervised.arms(none)) == 4
    assert not data.can_sample(none)


def test_the_few_shot_label_is_the_teachers(settings):
    problems, pool = corpus.pool_of(settings, "first_all")
    problem = next(p for p in problems if p.id == pool.chains[0].problem_id)
    wrong = replace(pool.chains[0], answer="-7")
    shown = SUPERVISIONS["answer_only"].view(segments(problem, wrong))
    assert [(s.text, trained) for s, trained in shown][1:] == [
        ("The answer is -7.", True)
    ]


def test_all_are_trained_for_the_same_steps_and_scored_once(settings, caplog):
    caplog.set_level("INFO")
    arms = {arm.name: arm for arm in few_shot_or_supervised.arms(settings)}
    wanted = settings.many.steps
    for name in ("full_label", "full_cot"):
        rows = stages.score(settings, arms[name])
        assert len(rows) == settings.test_limit
        assert {row["student"] for row in rows} == {name}
        caplog.clear()
        assert stages.score(settings, arms[name]) == rows
        assert "rows loaded from disk" in caplog.text
    found = [training_record(f) for f in (settings.folder / "students").iterdir()]
    assert [record["losses"][-1]["step"] for record in found] == [wanted] * 2
    assert {r["teacher"] for r in rows} == {settings.teacher}
    label = arms["full_label"]
    assert label.teacher(settings) == "gold"
    assert trainings.TrainingJob(settings, label, "answer_only").pairs_and_recipe[0]


def test_samples_of_a_problem_vote(settings):
    rows = [
        {"id": "1", "student": "a, votes", "sample": i, "extracted": answer,
         "gold": "2", "correct": answer == "2", "logprob": -1.0}
        for i, answer in enumerate(("2", "2", "3"))
    ] + [{"id": "1", "student": "b", "correct": False}]  # fmt: skip
    voted, greedy = scores(rows)
    assert (voted["n"], voted["correct"]) == (1, 1)
    assert (greedy["student"], greedy["correct"]) == ("b", 0)


def test_each_table_of_the_paper_has_its_students():
    names = [*FOUR, "few_shot_cot, votes", "few_shot_05", "few_shot_05, votes",
             "few_shot_scotd", "full_scotd"]  # fmt: skip
    rows = [{"id": "1", "student": name, "correct": True} for name in names]

    def students(table):
        found = few_shot_or_supervised.scores_in(table, rows)
        return [score["student"] for score in found]

    assert students("table2b") == [n for n in names if "05" not in n]
    assert students("table3a") == ["few_shot_scotd", "full_scotd"]
    assert students("table3b") == ["few_shot_05", "few_shot_05, votes"]
