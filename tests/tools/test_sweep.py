"""The sweep: every supervision at equal cost, on a split that is not reported."""

import pandas as pd
import pytest

import tools.sweep
from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.experiments.corpus import shared_problems
from socratic_utils.experiments.data import hold_back
from socratic_utils.problems import Problem

PROBLEMS = [Problem(f"p-{i}", "toy", "train", f"{i}?", "1") for i in range(100)]
SMOKE = ["--scale", "smoke", "--rates", "1e-3", "2e-3"]


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """The tool, with a folder of its own for its table."""
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path / "out"))
    monkeypatch.setattr(tools.sweep, "project_root", lambda: tmp_path)
    return tools.sweep


@pytest.fixture
def sweep(tool, monkeypatch):
    """The tool, with a training that is only recorded."""
    monkeypatch.setattr(tool, "trained", [], raising=False)

    def score(settings, arm, validation):
        tool.trained.append((settings.training, arm.name, validation))
        rate = settings.training.learning_rate
        return {"accuracy": rate if arm.name == "cot" else -rate}

    monkeypatch.setattr(tool, "score", score)
    return tool


@pytest.fixture
def gsm8k(tmp_path, monkeypatch):
    """A folder with 30 training problems of GSM8K, which has no validation split."""
    from tests.helpers.published_rows import write_gsm8k

    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    write_gsm8k(tmp_path, [f"{i} pens?" for i in range(30)], "train")
    return load_problems("gsm8k")


def table(tmp_path):
    return pd.read_csv(tmp_path / "outputs" / "reference" / "sweep.csv")


def test_held_out_problems_are_not_trained_on():
    learnt, held = hold_back(PROBLEMS, 0.1, 20, last=True)
    assert (learnt, held) == (PROBLEMS[:80], PROBLEMS[80:])  # at least 20
    learnt, held = hold_back(PROBLEMS, 0.3, 20, last=True)
    assert (learnt, held) == (PROBLEMS[:70], PROBLEMS[70:])
    learnt, held = hold_back(PROBLEMS, 0.2)
    assert held == PROBLEMS[::5] and len(learnt) == 80
    assert not set(map(id, learnt)) & set(map(id, held))
    with pytest.raises(ValueError, match="20 of 20 training problems are to be held"):
        hold_back(PROBLEMS[:20], 0.1, 20)


def test_every_supervision_is_trained_at_every_point(sweep, tmp_path, capsys):
    sweep.main([*SMOKE, "--batch-sizes", "2", "4"])
    points = [(t.batch_size, t.learning_rate, name) for t, name, _ in sweep.trained]
    names = ["answer_only", "gt_steps", "cot", "socratic_unified", "socratic_iterative"]
    assert points == [(b, r, n) for b in (2, 4) for r in (1e-3, 2e-3) for n in names]
    rows = table(tmp_path)
    assert rows["supervision"].nunique() == 5 and "qg+qa" in set(rows["supervision"])
    assert rows["problems"].nunique() == rows["epochs"].nunique() == 1  # as many tokens
    said = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split(":")[0] for line in said] == ["batch_size 2", "batch_size 4"]
    assert "'cot': 0.002" in said[0] and "'qg': 0.001, 'qa': 0.001" in said[0]
    sweep.main([*SMOKE, "--batch-sizes", "4", "--supervisions", "qa", "cot"])
    assert len(sweep.trained) == 20  # which have rows
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_pair_is_trained_scored_and_deleted(tool, tmp_path, monkeypatch):
    learnt, settings = [], config.load("smoke")
    train = tool.train_student

    def recorded(base, pairs, supervision, recipe, *more):
        learnt.append((supervision.name, [p.id for p, _ in pairs], recipe))
        return train(base, pairs, supervision, recipe, *more)

    monkeypatch.setattr(tool, "train_student", recorded)
    short = load_problems("gradeschool", "validation")[:2]
    monkeypatch.setattr(tool, "validation_of", lambda _: short)
    tool.main(["--scale", "smoke", "--rates", "2e-3", "--supervisions", "cot", "qg"])
    shared = [problem.id for problem in shared_problems(settings)]
    assert [(name, ids) for name, ids, _ in learnt] == [
        ("cot", shared), ("qg", shared), ("qa", shared)]  # fmt: skip
    assert {recipe.learning_rate for *_, recipe in learnt} == {2e-3}
    rows = table(tmp_path).set_index("supervision")
    assert list(rows.index) == ["cot", "qg+qa"] and set(rows["n"]) == {2}
    assert (rows["problems"] == len(shared)).all() and (rows["tokens"] > 100).all()
    assert not list((tmp_path / "out").rglob("model.safetensors"))


def test_the_scales_own_validation_split(tool):
    own = load_problems("gradeschool", "validation")
    assert tool.validation_of(config.load("small")) == own


def test_without_a_validation_split_the_last_training_problems(
    sweep, gsm8k, tmp_path, capsys
):
    asked = ["--scale", "smoke", "--dataset", "gsm8k", "--train-limit", "30"]
    asked += ["--rates", "1e-4", "--supervisions", "gt_steps", "cot"]
    with pytest.raises(SystemExit):
        sweep.main(asked)
    assert "neither recorded nor cached" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        sweep.main([*asked, "--teacher", "none"])
    assert "neither gsm8k nor none has what it learns" in capsys.readouterr().err
    sweep.main([*asked[:-1], "--teacher", "none"])
    [(_, _, validation)] = sweep.trained
    assert validation == gsm8k[10:]
    assert table(tmp_path)["problems"].tolist() == [10]


def test_a_validation_split_that_is_reported_is_not_chosen_on(tool, monkeypatch):
    def read(settings, split):
        assert split == "train"
        return PROBLEMS

    monkeypatch.setattr(tool, "all_problems", read)
    for dataset in ("commonsense_qa", "sst2"):
        settings = config.load("paper", dataset=dataset)
        assert tool.validation_of(settings) == PROBLEMS[80:]


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--rates", "0"], "learning_rate must be above 0"),
        (["--batch-sizes", "0"], "batch_size must be above 0"),
        (["--supervisions", "qb"], "invalid choice: 'qb'"),
        (["--dataset", "svamp"], "SVAMP.json does not exist"),
        (["--dataset", "gsm9k"], "invalid choice: 'gsm9k'"),
        (["--scale", "huge"], "invalid choice: 'huge'"),
    ],
)
def test_bad_options_are_reported_before_training(sweep, gsm8k, capsys, asked, said):
    with pytest.raises(SystemExit):
        sweep.main(asked)
    assert said in capsys.readouterr().err and not sweep.trained
