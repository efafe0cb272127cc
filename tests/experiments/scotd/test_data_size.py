"""Students of a share of the training problems."""

from dataclasses import replace

from socratic_utils.experiments import corpus, data, saved, stages
from socratic_utils.experiments.scotd import data_size
from socratic_utils.experiments.trainings import TrainingJob
from socratic_utils.results.tables import scores_by
from socratic_utils.students.training.train import training_record


def test_shares_are_evenly_spaced(settings):
    arm = data_size.arms(settings)[0]
    ids = [p.id for p in corpus.shared_problems(settings)]
    for share in (1e-6, 0.5, 1.0):  # at least one problem
        job = TrainingJob(settings, replace(arm, share=share), arm.models[0])
        count = max(1, round(share * len(ids)))
        learnt = {problem.id for problem, _ in job.pairs_and_recipe[0]}
        assert learnt == {*data.spread(ids, count)}


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
