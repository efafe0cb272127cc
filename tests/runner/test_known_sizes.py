"""Plans without data: known sizes, mean lengths, and no network."""

import os
import socket
import time
from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.benchmarks import BENCHMARKS, load_problems
from socratic_utils.benchmarks.placeholders import TYPICAL
from socratic_utils.experiments.data import train_problems
from socratic_utils.problems import problem_text, sub_questions
from socratic_utils.runner import cli
from socratic_utils.runner.plan.teacher import data_line
from tests.helpers.published_rows import REAL_DATA, needs_real_data


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """No file of a benchmark, no cache of the hub, and no network."""

    def refuse(*_, **__):
        raise AssertionError("a plan asked the network")

    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path / "out"))


def test_every_benchmark_but_ours_has_typical_problems():
    assert set(TYPICAL) == set(BENCHMARKS) - {"gradeschool"}


def test_without_data_a_plan_has_as_many_problems_as_are_published(no_data):
    settings = config.load("paper", dataset="strategyqa", plan=True)
    problems = train_problems(settings)
    assert len(problems) == 1832 and len(sub_questions(problems[0])) == 3
    assert "train 1,832 (known size, mean lengths)" in data_line(settings)
    assert "train 640 (counted)" in data_line(config.load("smoke", plan=True))
    with pytest.raises(FileNotFoundError):  # only a plan has placeholders
        train_problems(replace(settings, plan=False))


@needs_real_data
@pytest.mark.parametrize("name", ["gsm8k", "strategyqa", "multistep", "svamp",
                                  "commonsense_qa", "openbookqa"])  # fmt: skip
def test_typical_problems_are_as_long_as_the_published_ones(name, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    problems = load_problems(name, "train")
    kind, text, number, _, solution, _ = TYPICAL[name]
    steps = [step for problem in problems for step in problem.steps]
    count = len(problems)
    assert kind == problems[0].kind
    mean = sum(len(problem_text(problem)) for problem in problems) / count
    assert text == pytest.approx(mean, abs=1)
    assert number == pytest.approx(len(steps) / count, abs=0.01)
    mean = sum(len(step.solution) for step in steps) / max(1, len(steps))
    assert solution == pytest.approx(mean, abs=1)


@pytest.mark.parametrize("words", [[], ["--dataset", "quarel"]])
def test_a_dry_run_of_paper_without_network_plans_in_seconds(no_data, capsys, words):
    started = time.perf_counter()
    assert cli.main(["paper", "--dry-run", *words]) == 0
    assert time.perf_counter() - started < 120  # of a busy machine; seconds when quiet
    said = capsys.readouterr().out
    assert "known size" in said and "hours on one GPU" in said
    assert "asks the teacher for at most" in said
    assert not os.path.exists(os.environ["SOCRATIC_OUTPUTS"])
