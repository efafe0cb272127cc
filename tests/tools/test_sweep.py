"""The sweep: the split it selects on, checked before anything is trained."""

import importlib.util

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.experiments.data import hold_back
from socratic_utils.files import project_root
from socratic_utils.problems import Problem

PROBLEMS = [Problem(f"p-{i}", "toy", "train", f"{i}?", "1") for i in range(100)]


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """The tool, with its own folder and a training that is only recorded."""
    path = project_root() / "tools" / "sweep.py"
    spec = importlib.util.spec_from_file_location("sweep", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.trained = []

    def score(settings, supervision, folder, problems, validation):
        tool.trained.append((settings, problems, validation))
        return {"accuracy": settings.training.learning_rate}

    monkeypatch.setattr(tool, "project_root", lambda: tmp_path)
    monkeypatch.setattr(tool, "score", score)
    return tool


@pytest.fixture
def gsm8k(tmp_path, monkeypatch):
    """A folder with 30 training problems of GSM8K, which has no validation split."""
    from tests.helpers.published_rows import write_gsm8k

    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    write_gsm8k(tmp_path, [f"{i} pens?" for i in range(30)], "train")
    return load_problems("gsm8k")


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


def test_the_scales_own_validation_split(sweep):
    sweep.main(["--rates", "1e-4", "1e-3", "--epochs", "1", "2", "--sizes", "5", "7"])
    assert [len(problems) for _, problems, _ in sweep.trained] == [5, 5, 5, 7]
    settings, problems, validation = sweep.trained[-1]
    assert problems == load_problems("gradeschool", "train", 7)
    assert validation == load_problems("gradeschool", "validation")
    assert (settings.train_limit, settings.training.learning_rate) == (7, 1e-3)


def test_without_a_validation_split_the_last_training_problems(sweep, gsm8k, tmp_path):
    asked = ["--rates", "1e-4", "--epochs", "1", "--sizes", "10"]
    sweep.main(["--scale", "paper", *asked])
    sweep.main(["--scale", "small", "--dataset", "gsm8k", *asked])
    for settings, problems, validation in sweep.trained:
        assert settings.dataset == "gsm8k"
        assert (problems, validation) == (gsm8k[:10], gsm8k[10:])
    table = pd.read_csv(tmp_path / "outputs" / "reference" / "sweep.csv")
    assert list(table["dataset"]) == ["gsm8k", "gsm8k"]


def test_a_validation_split_that_is_reported_is_not_chosen_on(sweep, monkeypatch):
    def load(name, split):
        assert split == "train"
        return PROBLEMS

    monkeypatch.setattr(sweep, "load_problems", load)
    for dataset in ("commonsense_qa", "sst2"):
        settings = config.load("paper", dataset=dataset)
        assert sweep.problems_of(settings) == (PROBLEMS[:80], PROBLEMS[80:])


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--dataset", "gsm8k", "--sizes", "11"], "--sizes must be from 1 to 10"),
        (["--dataset", "gsm8k", "--sizes", "0"], "--sizes must be from 1 to 10"),
        (["--dataset", "svamp"], "SVAMP.json does not exist"),
        (["--dataset", "gsm9k"], "invalid choice: 'gsm9k'"),
        (["--scale", "huge"], "invalid choice: 'huge'"),
    ],
)
def test_bad_options_are_reported_before_training(sweep, gsm8k, capsys, asked, said):
    with pytest.raises(SystemExit):
        sweep.main(asked)
    assert said in capsys.readouterr().err and not sweep.trained
