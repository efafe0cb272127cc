"""P2's two settings: what each student learns from, and that it is scored."""

from dataclasses import replace

from socratic_utils.experiments import two_settings
from socratic_utils.filtering.right_answers import KEPT, judge
from socratic_utils.students.training.train import training_record


def test_who_learns_what(settings):
    problems, chains = two_settings.first_chains(settings)
    students = two_settings.students(problems, chains)
    assert list(students) == [
        "few_shot_label", "few_shot_cot", "full_label", "full_cot",
    ]  # fmt: skip
    names = {name: supervision.name for name, (supervision, _) in students.items()}
    assert names["few_shot_label"] == names["full_label"] == "answer_only"
    assert names["few_shot_cot"] == names["full_cot"] == "cot"
    pools = {name: pool.chains for name, (_, pool) in students.items()}
    by_id = {problem.id: problem for problem in problems}
    verdicts = [judge(by_id[c.problem_id], c) for c in pools["few_shot_cot"]]
    assert KEPT in verdicts and set(verdicts) != {KEPT}  # wrong ones stay
    assert all(judge(by_id[c.problem_id], c) == KEPT for c in pools["full_cot"])
    assert set(pools["full_cot"]) < set(pools["few_shot_cot"])
    assert [c.answer for c in pools["full_label"]] == [p.answer for p in problems]


def test_the_few_shot_label_is_the_teachers(settings):
    from socratic_utils.students.transcript import segments

    problems, chains = two_settings.first_chains(settings)
    supervision, pool = two_settings.students(problems, chains)["few_shot_label"]
    problem = next(p for p in problems if p.id == pool.chains[0].problem_id)
    wrong = replace(pool.chains[0], answer="-7")
    shown = supervision.view(segments(problem, wrong))
    assert [(s.text, trained) for s, trained in shown][1:] == [
        ("The answer is -7.", True)
    ]


def test_all_are_trained_for_the_same_steps_and_scored_once(settings, capsys):
    students = two_settings.students(*two_settings.first_chains(settings))
    wanted = two_settings.steps(settings)
    assert wanted == 3  # 12 problems, 4 at a time, once
    for name in ("full_label", "full_cot"):
        supervision, pool = students[name]
        rows = two_settings.score(settings, name, supervision, pool)
        assert len(rows) == settings.test_limit
        assert {row["student"] for row in rows} == {name}
        capsys.readouterr()
        assert two_settings.score(settings, name, supervision, pool) == rows
        assert "already solved" in capsys.readouterr().out
    found = [training_record(f) for f in (settings.folder / "students").iterdir()]
    assert [record["losses"][-1]["step"] for record in found] == [wanted] * 2
    assert {r["teacher"] for r in rows} == {settings.teacher}
