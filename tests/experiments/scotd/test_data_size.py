"""Students of a share of the training problems."""

from socratic_utils.experiments import corpus, data, saved, stages
from socratic_utils.experiments.scotd import data_size
from socratic_utils.results.tables import scores_by
from socratic_utils.students.training.train import training_record


def test_shares_are_evenly_spaced():
    assert data.spread(list(range(10)), 5) == [0, 2, 4, 6, 8]
    assert data.spread(list(range(10)), 10) == list(range(10))
    assert data.spread([1, 2, 3], 1) == [1]


def test_a_share_is_trained_on_so_many_problems(settings):
    rows = stages.score_all(settings, data_size.arms(settings))
    table = scores_by(rows, ["student", "share"])
    assert [tuple(x) for x in table[["student", "share"]].values] == [
        ("answer_only", 0.5), ("answer_only", 1.0), ("cot", 0.5), ("cot", 1.0),
    ]  # fmt: skip
    assert set(table["n"]) == {settings.many.test_limit}
    records = [training_record(f) for f in (settings.folder / "students").iterdir()]
    sizes = sorted(r["problems"] for r in records if "answer_only" in r["name"])
    shared = len(corpus.shared_problems(settings))
    assert sizes == [shared // 2, shared]
    on_disk = saved.rows_on_disk(settings, data_size.EXPERIMENT)
    assert scores_by(on_disk, ["student", "share"]).equals(table)


def test_all_rows_are_in_the_folder_of_the_experiment(settings):
    """Rows of the main table may be of another training than those of a share."""
    assert saved.rows_on_disk(settings, data_size.EXPERIMENT) == []
    arms = data_size.arms(settings)
    assert {arm.experiment for arm in arms} == {data_size.EXPERIMENT}
    assert len({arm.file for arm in arms}) == len(arms) == 4
