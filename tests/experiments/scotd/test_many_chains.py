"""Students of many chains: pools, equal training, votes, what is skipped."""

from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, data, saved, stages, trainings
from socratic_utils.experiments.scotd import few_shot_or_supervised, many_chains
from socratic_utils.filtering.right_answers import KEPT, judge
from socratic_utils.students.training.train import training_record


def record_of(settings, arm):
    return training_record(trainings.train(settings, arm)[0])


def test_the_recorded_chains_have_likelihoods(settings):
    problems, chains = data.sampled(settings)
    count = settings.many.counts[-1]
    assert len(problems) == settings.many.problems
    ids = [problem.id for problem in problems for _ in range(count)]
    assert [chain.problem_id for chain in chains] == ids
    assert all(chain.logprob < 0 and chain.tokens > 0 for chain in chains)


def test_small_has_eight_chains_of_its_problems():
    settings = config.load("small")
    problems, chains = data.sampled(settings)
    assert len(problems) == 120 and len(chains) == 8 * 120
    assert not data.sampling_plan(settings).requests


def test_pools_hold_right_chains_only_and_grow(settings):
    by_id = {problem.id: problem for problem in data.sampled(settings)[0]}
    names = [arm.pool for arm in many_chains.arms(settings)][:-1]
    assert names == ["chains_01", "chains_02"]
    first, second = (set(corpus.pool_of(settings, n)[1].chains) for n in names)
    assert first < second
    assert all(judge(by_id[c.problem_id], c) == KEPT for c in second)
    assert all(chain.sample == 0 for chain in first)
    assert corpus.filters_of(data.sampled(settings)[1]) == [
        "filter_random", "filter_diversity", "filter_likelihood",
        "filter_open_endedness",
    ]  # fmt: skip
    for arm in many_chains.filter_arms(settings):
        chains = corpus.pool_of(settings, arm.pool)[1].chains
        assert set(chains) <= second and len(chains) < len(second)


def test_pools_with_wrong_chains_are_larger(settings):
    right, everything = (
        set(corpus.pool_of(settings, name)[1].chains)
        for name in ("chains_02", "all_chains_02")
    )
    assert right < everything
    with pytest.raises(ValueError, match="unknown pool 'chains_x'"):
        corpus.pool_of(settings, "chains_x")


def test_every_pool_is_trained_for_the_same_number_of_steps(settings):
    for arm in many_chains.arms(settings)[:2]:
        record = record_of(settings, arm)
        assert record["losses"][-1]["step"] == settings.many.steps
        assert record["problems"] == len(corpus.pool_of(settings, arm.pool)[1].chains)


def test_scores_and_votes_are_loaded_from_disk(settings, caplog):
    caplog.set_level("INFO")
    arm = many_chains.whole_pool(settings)
    rows = stages.score(settings, arm)
    assert len(rows) == settings.many.test_limit
    voting = many_chains.with_votes(settings, arm)
    drawn = stages.score(settings, voting)
    assert {row["id"] for row in drawn} <= {row["id"] for row in rows}
    votes = many_chains.vote_table(settings, drawn)
    assert votes[["student", "votes", "n"]].to_numpy().tolist() == [
        ["chains_02", 1, 3], ["chains_02", 2, 3]
    ]  # fmt: skip
    path = saved.predictions_path(settings, voting, "test")
    assert path.name == "gradeschool-test-chains_02-votes.jsonl"
    assert len(path.read_text("utf-8").splitlines()) == 6
    caplog.clear()
    assert stages.score(settings, arm) == rows
    assert stages.score(settings, voting) == drawn
    assert caplog.text.count("rows loaded from disk") == 2


def test_more_numbers_of_votes_cost_nothing(settings, caplog):
    """Only the last is sampled: rows on disk, and those committed, stay as they are."""
    caplog.set_level("INFO")
    voting = many_chains.with_votes(settings, many_chains.arms(settings)[0])
    stages.score(settings, voting)
    last = replace(settings, many=replace(settings.many, votes=(2,)))
    caplog.clear()
    rows = stages.score(last, voting)
    assert many_chains.vote_table(last, rows)["votes"].tolist() == [2]
    assert "rows loaded from disk" in caplog.text
    assert config.load("paper").many.votes == (1, 5, 10, 20, 30)


COMMITTED_VOTES = config.load("small", reuse="reference").reference / "tables/votes.csv"


@pytest.mark.skipif(not COMMITTED_VOTES.exists(), reason="no votes are committed")
def test_committed_votes_are_those_of_the_committed_rows():
    small = config.load("small", reuse="reference")
    voting = many_chains.with_votes(small, many_chains.arms(small)[0])
    found = many_chains.vote_table(small, stages.score(small, voting))
    table = pd.read_csv(COMMITTED_VOTES)
    own = table[table["student"] == "chains_01"].set_index("votes")
    for row in found.to_dict("records"):
        if row["votes"] in own.index:
            assert row["correct"] == own["correct"][row["votes"]]


def test_a_student_of_labels_on_the_same_problems(settings):
    ids = {problem.id for problem in many_chains.voted_problems(settings)}
    assert len(ids) == settings.many.vote_limit
    assert (
        few_shot_or_supervised.label_only(settings, ids) is None
    )  # nothing is trained for it
    assert not (settings.folder / "students").exists()
    arms = {arm.name: arm for arm in few_shot_or_supervised.arms(settings)}
    rows = stages.score(settings, arms["full_label"])
    found = few_shot_or_supervised.label_only(settings, ids)
    assert (found["student"], found["n"]) == ("full_label", len(ids))
    assert found["correct"] == sum(row["correct"] for row in rows if row["id"] in ids)
    assert few_shot_or_supervised.label_only(settings, ids | {"another"}) is None
    assert few_shot_or_supervised.label_only(settings, set()) is None


def test_rows_of_figures_are_greedy_and_in_order(settings):
    many = replace(settings.many, counts=(1, 8))
    settings = replace(settings, many=many)
    row = {"id": "1", "correct": True, "seed": 0, "split": "test"}
    rows = [
        {**row, "student": name}
        for name in ("filter_random", "chains_08", "filter_diversity", "chains_01")
    ]
    rows += [{**row, "student": "chains_08, votes", "sample": 0, "correct": False}]
    table = many_chains.chains_table(settings, rows)
    assert table[["student", "chains", "n", "accuracy"]].to_numpy().tolist() == [
        ["greedy", 1, 1, 1.0], ["greedy", 8, 1, 1.0],
    ]  # fmt: skip
    assert many_chains.chains_table(settings, []).empty
    shown = many_chains.voted_problems(settings)[0].id
    votes = pd.DataFrame([{"student": "chains_08", "votes": 2, "n": 9, "accuracy": 0}])
    rows[1]["id"] = shown
    with pytest.raises(ValueError, match="not on the same problems"):
        many_chains.chains_table(settings, rows, votes)


def test_filters_and_the_whole_pool_are_scored_in_one_experiment(settings):
    again = many_chains.whole_pool(settings, many_chains.FILTERED)
    arms = [again, *many_chains.filter_arms(settings)]
    assert {arm.experiment for arm in arms} == {many_chains.FILTERED}
    whole = many_chains.whole_pool(settings)
    assert replace(again, experiment=whole.experiment) == whole


def test_the_teachers_votes(settings):
    problems, chains = data.sampled(settings)
    one, two = many_chains.teacher_votes(settings, problems, chains)
    first = zip(problems, chains[::2], strict=True)
    right = sum(judge(problem, chain) == KEPT for problem, chain in first)
    assert (one["votes"], one["n"], one["correct"]) == (1, len(problems), right)
    assert two["votes"] == 2


def test_rows_for_the_figure_are_of_the_same_problems(settings):
    ids = [problem.id for problem in data.test_problems(settings)]
    assert len(ids) > settings.many.vote_limit
    rows = [
        {"student": student, "id": name, "correct": number == 0, "seed": 0,
         "split": "test"}
        for student in ("chains_01", "chains_02")
        for number, name in enumerate(ids)
    ]  # fmt: skip
    votes = pd.DataFrame(
        [{"student": student, "votes": count, "n": 3, "accuracy": count / 10}
         for student in ("chains_01", "chains_02") for count in (1, 2)]
    )  # fmt: skip
    table = many_chains.chains_table(settings, rows, votes)
    assert table[["student", "chains", "n"]].to_numpy().tolist() == [
        ["greedy", 1, 3], ["2 votes", 1, 3], ["greedy", 2, 3], ["2 votes", 2, 3],
    ]  # fmt: skip
    assert table["accuracy"].tolist() == [0.3333, 0.2, 0.3333, 0.2]


def test_without_likelihoods_three_filters_are_left(settings, capsys, monkeypatch):
    problems, chains = data.sampled(settings)
    plain = [replace(chain, logprob=None) for chain in chains]
    monkeypatch.setattr(corpus, "sampled", lambda settings: (problems, plain))
    assert "filter_likelihood" not in corpus.filters_of(plain)
    arms = many_chains.filter_arms(settings)
    assert len(many_chains.with_chains(settings, arms)) == 3
    assert "likelihood filter is skipped" in capsys.readouterr().out
    assert not corpus.pool_of(settings, "filter_likelihood")[1].chains  # as for jobs


def test_which_teachers_have_no_chains(monkeypatch):
    """Published teachers; a recorded one on other problems, whatever key there is."""
    settings = config.load("smoke", dataset="commonsense_qa", teacher="palm-540b")
    assert not data.can_sample(settings)
    monkeypatch.setenv("OPENAI_API_KEY", "some")
    settings = config.load("smoke")
    more = replace(settings, many=replace(settings.many, counts=(1, 50)))
    assert data.can_sample(settings) and not data.can_sample(more)
    assert data.can_sample(replace(more, teacher_url="http://127.0.0.1:9/v1"))
    assert data.can_sample(replace(more, teacher="gpt-4.1-mini"))


def test_an_empty_pool_is_skipped(settings, monkeypatch):
    problems, chains = data.sampled(settings)
    wrong = [replace(c, answer="-1") if c.sample == 0 else c for c in chains]
    monkeypatch.setattr(corpus, "sampled", lambda settings: (problems, wrong))
    found = many_chains.with_chains(settings, many_chains.arms(settings)[:2])
    assert [arm.name for arm in found] == ["chains_02"]


def test_one_chain_per_problem_is_simply_shown_again(settings, monkeypatch):
    """Gold labels have no steps: nothing may be lost where nothing is drawn."""
    settings = replace(settings, many=replace(settings.many, balanced=True))
    arms = {arm.name: arm for arm in few_shot_or_supervised.arms(settings)}
    problems, pool = corpus.pool_of(settings, "gold_labels")
    bare = replace(pool, chains=tuple(replace(c, steps=()) for c in pool.chains))
    monkeypatch.setattr(trainings, "pool_of", lambda *_: (problems, bare))
    record = record_of(settings, replace(arms["full_label"], balanced=True, steps=5))
    assert record["problems"] == len(pool.chains) and record["steps"] == 5


def test_scotd_draws_one_chain_of_a_problem_at_each_visit(settings):
    settings = replace(settings, many=replace(settings.many, balanced=True, steps=6))
    arm = many_chains.whole_pool(settings)
    pool = corpus.pool_of(settings, arm.pool)[1]
    pairs, _ = trainings.TrainingJob(settings, arm, "cot").pairs_and_recipe
    visits = Counter(problem.id for problem, _ in pairs)
    assert set(visits) == {chain.problem_id for chain in pool.chains}
    assert len(set(visits.values())) == 1  # all problems weigh the same
    assert len(pairs) >= 6 * settings.training.batch_size
    assert {chain for _, chain in pairs} == set(pool.chains)
    record = record_of(settings, arm)
    assert record["losses"][-1]["step"] == 6
    assert record["problems"] == len(pairs)


def test_the_largest_pool_the_other_way_is_another_training(settings):
    *_, whole, other = many_chains.arms(settings)
    assert (whole.name, other.name) == ("chains_02", "pool_balanced")
    flat, balanced = (
        trainings.TrainingJob(settings, arm, "cot").pairs_and_recipe[0]
        for arm in (whole, other)
    )
    assert len(flat) != len(balanced)
    turned = replace(settings, many=replace(settings.many, balanced=True))
    assert many_chains.arms(turned)[-1].name == "pool_flat"


def test_flat_and_balanced_pools_are_compared_once_both_are_on_disk(settings):
    assert many_chains.compare_ways(settings) == []
    stages.score_all(settings, many_chains.arms(settings)[1:])
    [line] = many_chains.compare_ways(settings)
    assert line["setting"] == "many chains, balanced pool"
    assert line["n"] == settings.many.test_limit


def test_chains_of_a_problem_are_listed_with_their_verdicts(settings):
    problems, chains = data.sampled(settings)
    table = many_chains.chain_table(problems[1], chains)
    assert table["sample"].tolist() == list(range(settings.many.counts[-1]))
    own = [chain for chain in chains if chain.problem_id == problems[1].id]
    assert table["verdict"].tolist() == [judge(problems[1], c) for c in own]
    right = many_chains.right_chains(problems, chains)
    assert right["problems"].sum() == len(problems)
    total = (right["right chains"] * right["problems"]).sum()
    assert total == len(corpus.pool_of(settings, "chains_02")[1].chains)


def test_what_filters_have_in_common_is_counted(settings):
    arms = many_chains.filter_arms(settings)
    shared = many_chains.overlaps(settings, arms).set_index("student")
    for arm in arms:
        assert shared.loc[arm.name, arm.name] == len(
            corpus.pool_of(settings, arm.pool)[1].chains
        )
    assert (shared == shared.T).all(axis=None)
    problem, choices = many_chains.choices_of_one_problem(settings, arms)
    _, right = corpus.pool_of(settings, "chains_02")
    assert len(choices) == sum(c.problem_id == problem.id for c in right.chains)
    assert (choices[[arm.name for arm in arms]] == "yes").any().all()
