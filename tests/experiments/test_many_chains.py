"""Students of many chains: pools, equal training, votes, what is left out."""

from dataclasses import replace

import pandas as pd

from socratic_utils import config
from socratic_utils.experiments import many_chains, sampling
from socratic_utils.filtering.right_answers import KEPT, judge


def test_the_recorded_chains_have_likelihoods(settings):
    problems, chains = sampling.sampled(settings)
    count = settings.many.counts[-1]
    assert len(problems) == settings.many.problems
    ids = [problem.id for problem in problems for _ in range(count)]
    assert [chain.problem_id for chain in chains] == ids
    assert all(chain.logprob < 0 and chain.tokens > 0 for chain in chains)


def test_small_has_eight_chains_of_its_problems():
    settings = config.load("small")
    problems, chains = sampling.sampled(settings)
    assert len(problems) == 40 and len(chains) == 8 * 40
    assert not sampling.planned(settings).requests


def test_pools_hold_right_chains_only_and_grow(settings):
    problems, chains = sampling.sampled(settings)
    by_id = {problem.id: problem for problem in problems}
    pools = many_chains.by_count(settings, problems, chains)
    assert list(pools) == ["chains_01", "chains_02"]
    kept = [set(pool.chains) for pool in pools.values()]
    assert kept[0] < kept[1]
    assert all(judge(by_id[c.problem_id], c) == KEPT for c in kept[1])
    assert all(chain.sample == 0 for chain in kept[0])
    filters = many_chains.by_filter(settings, problems, chains)
    assert list(filters) == [
        "filter_random", "filter_diversity", "filter_likelihood",
        "filter_open_endedness",
    ]  # fmt: skip


def test_every_pool_is_trained_for_the_same_number_of_steps(settings):
    from socratic_utils.students.training.train import training_record

    pools = many_chains.by_count(settings, *sampling.sampled(settings))
    for pool in pools.values():
        record = training_record(many_chains.train(settings, pool))
        assert record["losses"][-1]["step"] == settings.many.steps
        assert record["problems"] == len(pool.chains)


def test_scores_and_votes_are_taken_from_disk(settings, capsys):
    pool = many_chains.by_count(settings, *sampling.sampled(settings))["chains_02"]
    rows = many_chains.score(settings, "chains_02", pool)
    assert len(rows) == settings.many.test_limit
    votes = many_chains.score_votes(settings, "chains_02", pool)
    assert [(row["votes"], row["n"]) for row in votes] == [(1, 3), (2, 3)]
    path = many_chains.predictions_path(settings, "chains_02-votes")
    assert len(path.read_text("utf-8").splitlines()) == 6
    capsys.readouterr()
    assert many_chains.score(settings, "chains_02", pool) == rows
    assert many_chains.score_votes(settings, "chains_02", pool) == votes
    assert capsys.readouterr().out.count("already solved") == 2


def test_more_numbers_of_votes_cost_nothing(settings, capsys):
    """Only the last is drawn: rows on disk, and those committed, stay what they are."""
    pool = many_chains.by_count(settings, *sampling.sampled(settings))["chains_01"]
    many_chains.score_votes(settings, "chains_01", pool)
    last = replace(settings, many=replace(settings.many, votes=(2,)))
    capsys.readouterr()
    assert [r["votes"] for r in many_chains.score_votes(last, "chains_01", pool)] == [2]
    assert "already solved" in capsys.readouterr().out
    assert config.load("paper").many.votes == (1, 5, 10, 20, 30)
    small = config.load("small", reuse="reference")
    found = many_chains.score_votes(small, "chains_01", pool)
    assert [(row["votes"], row["n"]) for row in found] == [(1, 15), (2, 15), (4, 15)]
    table = pd.read_csv(small.reference / "tables" / "votes.csv")
    own = table[table["student"] == "chains_01"].set_index("votes")
    for row in found:
        if row["votes"] in own.index:
            assert row["correct"] == own["correct"][row["votes"]]


def test_a_student_of_labels_on_the_same_problems(settings):
    from socratic_utils.experiments import stages as experiments
    from socratic_utils.experiments import two_settings

    ids = many_chains.voted(settings)
    assert len(ids) == settings.many.vote_limit
    assert many_chains.label_only(settings, ids) is None  # nothing is trained for it
    assert not (settings.folder / "students").exists()
    rows = experiments.score(settings, "answer_only")
    found = many_chains.label_only(settings, ids)
    assert (found["student"], found["n"]) == ("answer_only", len(ids))
    assert found["correct"] == sum(row["correct"] for row in rows if row["id"] in ids)
    assert many_chains.label_only(settings, ids | {"another"}) is None
    assert many_chains.label_only(settings, set()) is None
    students = two_settings.students(*two_settings.first_chains(settings))
    two_settings.score(settings, "full_label", *students["full_label"])
    assert many_chains.label_only(settings, ids)["student"] == "full_label"


def test_rows_of_figures_are_greedy_and_in_order():
    row = {"id": "1", "correct": True}
    rows = [
        {**row, "student": name}
        for name in ("filter_random", "chains_08", "filter_diversity", "chains_01")
    ]
    rows += [{**row, "student": "chains_08", "sample": 0, "correct": False}]
    table = many_chains.by_chains(rows)
    assert table[["student", "chains", "n", "accuracy"]].to_numpy().tolist() == [
        ["greedy", 8, 1, 1.0], ["greedy", 1, 1, 1.0],
    ]  # fmt: skip
    names = [row["student"] for row in many_chains.filtered_rows(rows)]
    assert names == ["chains_08", "filter_random", "filter_diversity"]
    assert many_chains.filtered_rows(rows[1:2]) == []
    assert many_chains.by_chains([]).empty


def test_the_teachers_votes(settings):
    problems, chains = sampling.sampled(settings)
    one, two = many_chains.teacher_votes(settings, problems, chains)
    first = zip(problems, chains[::2], strict=True)
    right = sum(judge(problem, chain) == KEPT for problem, chain in first)
    assert (one["votes"], one["n"], one["correct"]) == (1, len(problems), right)
    assert two["votes"] == 2


def test_rows_for_the_figure_are_of_the_same_problems(settings):
    ids = [problem.id for problem in many_chains.test_problems(settings)]
    assert len(ids) > settings.many.vote_limit
    rows = [
        {"student": student, "id": name, "correct": number == 0}
        for student in ("chains_01", "chains_02")
        for number, name in enumerate(ids)
    ]
    votes = pd.DataFrame(
        [{"student": student, "votes": count, "n": 3, "accuracy": count / 10}
         for student in ("chains_01", "chains_02") for count in (1, 2)]
    )  # fmt: skip
    table = many_chains.beside_votes(settings, rows, votes)
    assert table[["student", "chains", "n"]].to_numpy().tolist() == [
        ["greedy", 1, 3], ["2 votes", 1, 3], ["greedy", 2, 3], ["2 votes", 2, 3],
    ]  # fmt: skip
    assert table["accuracy"].tolist() == [0.3333, 0.2, 0.3333, 0.2]


def test_without_likelihoods_three_filters_are_left(settings, capsys):
    problems, chains = sampling.sampled(settings)
    plain = [replace(chain, logprob=None) for chain in chains]
    assert "filter_likelihood" not in many_chains.by_filter(settings, problems, plain)
    assert "likelihood is left out" in capsys.readouterr().out


def test_who_has_no_chains(monkeypatch):
    """Published teachers; a recorded one on other problems, whatever key there is."""
    settings = config.load("smoke", dataset="commonsense_qa", teacher="palm-540b")
    assert not sampling.can_sample(settings)
    monkeypatch.setenv("OPENAI_API_KEY", "some")
    settings = config.load("smoke")
    more = replace(settings, many=replace(settings.many, counts=(1, 50)))
    assert sampling.can_sample(settings) and not sampling.can_sample(more)
    assert sampling.can_sample(replace(more, teacher_url="http://127.0.0.1:9/v1"))
    assert sampling.can_sample(replace(more, teacher="gpt-4.1-mini"))


def test_an_empty_pool_is_left_out(settings):
    problems, chains = sampling.sampled(settings)
    wrong = [replace(c, answer="-1") if c.sample == 0 else c for c in chains]
    assert list(many_chains.by_count(settings, problems, wrong)) == ["chains_02"]


def test_one_chain_a_problem_is_simply_shown_again(settings):
    """Gold labels have no steps: nothing may be lost where nothing is drawn."""
    from socratic_utils.experiments import two_settings
    from socratic_utils.students.training.train import training_record

    settings = replace(settings, many=replace(settings.many, balanced=True))
    students = two_settings.students(*two_settings.first_chains(settings))
    supervision, pool = students["full_label"]
    bare = replace(pool, chains=tuple(replace(c, steps=()) for c in pool.chains))
    record = training_record(many_chains.train(settings, bare, supervision, 5))
    assert record["problems"] == len(pool.chains) and record["steps"] == 5


def test_p2s_recipe_draws_one_chain_of_a_problem_at_each_visit(settings):
    from collections import Counter

    settings = replace(settings, many=replace(settings.many, balanced=True, steps=6))
    problems, chains = sampling.sampled(settings)
    pool = many_chains.by_count(settings, problems, chains)["chains_02"]
    shown = many_chains.visits(settings, pool, settings.many.steps)
    having = {chain.problem_id for chain in pool.chains}
    visits = Counter(chain.problem_id for chain in shown.chains)
    assert set(visits) == having
    assert len(set(visits.values())) == 1  # all problems weigh the same
    assert len(shown.chains) >= 6 * settings.training.batch_size
    assert set(shown.chains) == set(pool.chains)
    from socratic_utils.students.training.train import training_record

    record = training_record(many_chains.train(settings, pool))
    assert record["losses"][-1]["step"] == 6
    assert record["problems"] == len(shown.chains)
