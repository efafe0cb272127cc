"""Stages: limits, reuse, what is skipped."""

import shutil
from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, data, saved, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.scotd import prompted_student
from socratic_utils.files import project_root, record_settings, write_jsonl_rows
from socratic_utils.problems import read_rows
from socratic_utils.students.supervision import STUDENTS


def test_a_limited_test_split_is_evenly_spaced():
    settings = config.load("small", test_limit=10)
    problems = data.test_problems(settings)
    assert [p.id[-4:] for p in problems] == [f"{30 * i:04d}" for i in range(10)]


def test_only_gradeschool_has_a_challenge_split():
    assert data.test_splits(config.load("small")) == ["test", "unseen", "challenge"]
    assert data.test_splits(config.load("small", dataset="gsm8k")) == ["test"]


def test_rows_are_loaded_from_disk_and_made_again_when_the_decoding_changes():
    settings = config.load("smoke", train_limit=4, test_limit=2)
    arm = main_arm("answer_only")
    first = stages.score(settings, arm)
    path = saved.predictions_path(settings, arm, "test")
    written = path.stat().st_mtime_ns
    assert stages.score(settings, arm) == first
    assert path.stat().st_mtime_ns == written
    changed = config.load("smoke", train_limit=4, test_limit=2, max_tokens=5)
    again = stages.score(changed, arm)
    assert path.stat().st_mtime_ns != written
    assert [row["tokens"] for row in again] == [5, 5]
    assert saved.main_rows(changed) == again
    assert saved.main_rows(config.load("smoke", test_limit=3)) == []
    other = config.load("smoke", train_limit=6, test_limit=2, max_tokens=5)
    assert saved.main_rows(other) == []
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")  # cut off by a kill
    assert [row["output"] for row in stages.score(changed, arm)] == [
        row["output"] for row in again
    ]
    assert path.with_suffix(".bad").exists()


def test_rows_are_made_again_when_the_student_changes():
    """A student's hash is part of its rows' hash: old rows are never reused."""
    settings = config.load("smoke", train_limit=4, test_limit=2)
    arm = main_arm("gt_steps")
    before = stages.score(settings, arm)
    changed = replace(settings, training=replace(settings.training, learning_rate=2e-3))
    after = stages.score(changed, arm)
    assert {row["inputs"] for row in before}.isdisjoint(r["inputs"] for r in after)


def test_rows_that_depend_on_no_seed_are_decoded_once(settings, caplog):
    """Of a student that is prompted, not trained; a trained one is another per seed."""
    caplog.set_level("INFO")
    one, two = (replace(settings, test_limit=2, seed=seed) for seed in (0, 1))
    prompted = prompted_student.arms(one)
    untrained, votes = prompted[1], replace(prompted[2], limits=(1,))
    for arm in (untrained, votes, main_arm("answer_only")):
        first = stages.score(one, arm)
        caplog.clear()
        second = stages.score(two, arm)
        loaded = "rows loaded from disk" in caplog.text
        assert loaded is (arm == untrained)
        assert {row["seed"] for row in second} == {1}
        assert {row["settings"] for row in second} == {two.hash}
        kept = [row["inputs"] for row in (first[0], second[0])]
        assert (kept[0] == kept[1]) is loaded
        assert saved.rows_on_disk(two, arm.experiment, arm.file) == second
        assert stages.score(two, arm) == second  # from its own folder


def test_what_only_names_an_arm_is_not_in_its_meaning():
    arm = main_arm("cot")
    named = replace(arm, name="x", experiment="y", default="z", slow=True, limits=(3,),
                    columns=(("a", 1),))  # fmt: skip
    assert named.meaning() == arm.meaning()
    for changed in (
        {"calculator": True}, {"pool": "chains_01"}, {"share": 0.5}, {"samples": 2},
        {"questions": "gold"}, {"guide": "steps"}, {"checkpoint": 3}, {"steps": 2},
    ):  # fmt: skip
        assert replace(arm, **changed).meaning() != arm.meaning()


def test_rows_that_were_never_committed_are_one_sentence():
    settings = config.load("smoke", reuse="reference")
    with pytest.raises(FileNotFoundError, match="run without --reuse"):
        stages.score(settings, main_arm("cot"))


def test_committed_rows_are_not_shown_under_other_settings():
    other = config.load("small", reuse="reference", test_limit=50, epochs=3.0)
    with pytest.raises(
        ValueError,
        match="has another test_limit, training: leave it",
    ):
        stages.start(other, "03_baselines")


@pytest.mark.skipif(
    not (project_root() / "outputs" / "reference" / "small").is_dir(),
    reason="no run of small is committed yet",
)
def test_the_committed_reference_is_whole_and_reusable():
    """Every student on both splits, one row a problem, and the tables of those rows."""
    settings = config.load("small", reuse="reference")
    assert settings.reference == project_root() / "outputs" / "reference" / "small"
    for split, size in (("test", 300), ("unseen", 200), ("challenge", 201)):
        ids = [p.id for p in data.test_problems(settings, split)]
        assert len(ids) == size
        for student in STUDENTS:
            rows = stages.score(settings, main_arm(student), split)
            assert [row["id"] for row in rows] == ids
            assert all(row["model"] == settings.student for row in rows)


def test_the_compressed_rows_of_a_later_seed_are_reused(settings):
    reused = config.load("small", reuse="reference", seed=1)
    rows = stages.score(reused, main_arm("cot"), "test")
    own = [row for row in saved.rows_on_disk(reused) if row["split"] == "test"]
    assert rows == [row for row in own if row["student"] == "cot"] and len(rows) == 300
    assert {row["seed"] for row in rows} == {1}
    path = reused.folder / "predictions" / "gradeschool-test-cot.jsonl"
    assert [row for _, row in read_rows(path)] == rows  # as text, in the run's folder


def test_the_shipped_recording_serves_the_small_scale_without_an_endpoint():
    settings = config.load("small")
    for style in ("cot", "socratic"):
        result = corpus.filtered(settings, style)
        assert len(result.kept) + len(result.dropped) == 640
        assert {a.chain.source for a in result.attempts} == {settings.teacher}


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Writes the rows of a run, of which so many of ten are right."""
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))

    def write(right, of=None, **changes):
        one = config.load("small", **changes)
        row = {"dataset": one.dataset, "split": "test", "student": "cot", "teacher": "",
               "model": one.student, "seed": one.seed, "truncated": False,
               "gold": "5", "settings": (of or one).hash}  # fmt: skip
        rows = [{**row, "id": str(i), "correct": i < right} for i in range(10)]
        path = one.folder / "predictions" / "gradeschool-test-cot.jsonl"
        write_jsonl_rows(path, rows)
        record_settings(of or one)
        return rows

    return write


def test_runs_beside_this_one_differ_in_seed_or_student(beside):
    rows = beside(2)
    beside(4, seed=1)
    beside(9, train_limit=9)
    for changes in ({}, {"seed": 1}):
        beside(5, student="a/gpt2", **changes)
    for seed in (0, 1):
        [line] = saved.seeds_table(config.load("small", seed=seed)).to_dict("records")
        assert (line["seeds"], line["mean"]) == (2, pytest.approx(0.3))
    both = saved.with_seeds(config.load("small"), rows[3:])
    assert len(both) == 14 and {row["seed"] for row in both[7:]} == {1}
    sizes = saved.sizes_table(config.load("small"))
    found = sizes[["model", "seeds", "accuracy"]].values.tolist()
    assert found == [["a/gpt2", 2, 0.5], ["SmolLM2-135M-Instruct", 2, 0.3]]
    # Runs with other settings than this one's are no seeds of it.
    beside(4, seed=1, of=config.load("small", seed=1, epochs=9.0))
    assert saved.seeds_table(config.load("small"))["seeds"].tolist() == [1]


def test_sizes_are_compared_on_the_first_reported_split(beside):
    rows, settings = beside(2), config.load("small")
    path = settings.folder / "predictions" / "gradeschool-challenge-cot.jsonl"
    write_jsonl_rows(path, [r | {"split": "challenge", "correct": False} for r in rows])
    assert saved.sizes_table(settings)["accuracy"].tolist() == [0.2]


def test_a_run_is_compared_with_committed_seeds_of_its_settings(
    beside, tmp_path, monkeypatch, capsys
):
    """Which are other runs, copied."""
    reference = tmp_path / "checkout" / "outputs" / "reference"
    monkeypatch.setattr(config, "project_root", lambda: tmp_path / "checkout")
    settings = config.load("small", seed=5)
    rows = beside(6, seed=5)

    def said():
        assert saved.reproduction(settings, rows).empty
        return capsys.readouterr().out

    assert "no run of these settings is committed" in said()
    for seed in range(3):
        beside(3 + seed, seed=seed)
        one = config.load("small", seed=seed)
        assert seed == 0 or f"{seed} committed seeds predict no range" in said()
        shutil.copytree(one.folder, reference / one.name)
    [line] = saved.reproduction(settings, rows).to_dict("records")
    assert (line["seed"], line["seeds"], line["mean"]) == (5, 3, pytest.approx(0.4))
    assert line["within"] == "yes"
    other = config.load("small", seed=5, epochs=9.0, max_cost=3)
    assert saved.reproduction(other, rows).empty
    assert "have another training" in capsys.readouterr().out
    reused = config.load("small", reuse="reference")
    assert saved.reproduction(reused, rows).empty
    assert "its rows are the committed ones" in capsys.readouterr().out


def test_saved_tables_are_those_of_the_run(settings, monkeypatch, tmp_path):
    assert saved.saved_table(settings, "questions").empty
    for name in ("smoke", "reference"):
        folder = tmp_path / name / "tables"
        folder.mkdir(parents=True)
        (folder / "questions.csv").write_text(f"student\n{name}\n")
    own = saved.saved_table(settings, "questions")
    assert own["student"].tolist() == ["smoke"]
    monkeypatch.setattr(config.Settings, "reference", tmp_path / "reference")
    reused = saved.saved_table(replace(settings, reuse="reference"), "questions")
    assert reused["student"].tolist() == ["reference"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"seed": 3, "teacher": "t", "test_limit": 9, "student": "a/b"}, ""),
        ({"train_limit": 100}, "trained on 100 of 7,473 problems"),
        ({"train_limit": 8000}, ""),
        ({"epochs": 1.0, "max_steps": 2}, "another setting of training and decoding"),
    ],
)
def test_what_a_run_lacks_of_its_scales_own_training(changes, said):
    assert saved.cut_down(config.load("paper", **changes)) == said
    small = config.load("small", dataset="gsm8k", **changes)
    assert "trained on" not in saved.cut_down(small)  # its own limit is 100


def test_the_arithmetic_prompt_is_not_sent_for_benchmarks_of_choices():
    for dataset in config.SCOTD_DATASETS:
        assert corpus.styles(config.load("paper", dataset=dataset)) == ["cot"]
    for dataset in ("gradeschool", "strategyqa", "multistep"):
        found = corpus.styles(config.load("small", dataset=dataset, teacher="a model"))
        assert found == ["cot", "socratic"]
