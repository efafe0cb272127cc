"""The plan for a GPU: its arithmetic, by hand, and how it is printed."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments.arms import main_arms
from socratic_utils.experiments.data import train_problems
from socratic_utils.runner import cli
from socratic_utils.runner.plan.gpu import (
    CARDS,
    GPUS,
    ablation_plan,
    device_plan,
    gpu_plan,
    grid_plan,
    training_hours,
    transcripts_of,
)
from socratic_utils.students.base_models import SIZES
from socratic_utils.students.training.memory import training_fit

CARD = "A100 40 GB"


def paper(**changes):
    changes = {"dataset": "gradeschool", "train_limit": 40, "test_limit": 20} | changes
    return config.load("paper", teacher="Qwen2.5-Coder-1.5B-Instruct", **changes)


def test_hours_and_memory_by_hand():
    # 6 * 1e9 * 1e9 operations at 30 % of 312e12 a second: 64,103 seconds.
    assert training_hours(1e9, 1e9, CARD) == pytest.approx(64103 / 3600, rel=1e-4)
    # 18 bytes of 1,558 M parameters; 118 * 48 * 1600 * 400 bytes of activations and 10
    # * 50,257 * 300 of logits per sequence: 28.04 and 3.78 GB, into 0.9 * 40 GB.
    fit = training_fit(SIZES["gpt2-xl"], 400, 300, 32, 40e9)
    assert fit[:2] == (2, False) and fit.fits
    assert fit.needed == pytest.approx(28.04e9 + 2 * 3.776e9, rel=1e-3)


def test_every_card_says_what_it_does_with_a_student():
    rows = {row["card"]: row for row in device_plan(paper(student="x/gpt2-xl"))}
    assert set(rows) == set(CARDS)
    for card in ("T4 16 GB", "V100 16 GB", "RTX 4090 24 GB"):
        assert rows[card]["training"] == "too large"
    assert rows["T4 16 GB"]["precision"] == "float16"
    assert rows["H100 80 GB"]["training"].endswith(" of 32 at once")
    small = {row["card"]: row for row in device_plan(paper())}
    assert small["T4 16 GB"]["training"] == "32 of 32 at once"
    large = {row["card"]: row for row in device_plan(paper(student="x/gpt2-large"))}
    assert "gradient checkpointing" in large["T4 16 GB"]["training"]
    assert device_plan(paper(student="some/other")) == []


def test_of_equally_long_students_the_one_that_learns_most_tokens_counts():
    rows = {row["card"]: row for row in device_plan(paper())}
    models = {name for arm in main_arms(paper()) for name in arm.models}
    sizes = {transcripts_of(paper(student="", seed=0), name)[2:4] for name in models}
    assert len({longest for longest, _ in sizes}) < len(sizes)
    needed = [training_fit(SIZES["gpt2"], *size, 32, 80e9).needed for size in sizes]
    assert rows["H100 80 GB"]["GB"] == max(needed) / 1e9


def test_every_training_and_evaluation_has_a_row():
    rows = gpu_plan(paper())
    assert [row["what"] for row in rows] == [
        "train answer_only", "train gt_steps", "train cot", "train socratic_unified",
        "train qg", "train qa", "decode answer_only", "decode gt_steps", "decode cot",
        "decode socratic_unified", "decode socratic_iterative", "all, one seed",
    ]  # fmt: skip
    by_name = {row["what"]: row for row in rows}
    assert by_name["train gt_steps"]["sequences"] == 40
    assert by_name["decode cot"]["sequences"] == 60  # test, unseen and challenge
    parts = sum(row[CARD] for row in rows[:-1])
    assert rows[-1][CARD] == pytest.approx(parts)
    assert by_name["train answer_only"][CARD] < by_name["train qa"][CARD]


def test_a_larger_student_takes_longer_and_more_memory():
    small, large = (gpu_plan(paper(student=f"openai-community/{name}"))
                    for name in ("gpt2", "gpt2-large"))  # fmt: skip
    ratio = large[0][CARD] / small[0][CARD]
    assert ratio == pytest.approx(774 / 124)
    assert large[-1]["gigabytes"] > small[-1]["gigabytes"]
    twice = replace(paper(), training=replace(paper().training, epochs=20.0))
    assert gpu_plan(twice)[0]["million tokens"] == pytest.approx(
        2 * small[0]["million tokens"], abs=0.011
    )


def test_a_dry_run_of_paper_prints_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    words = ["--dataset", "gradeschool", "--teacher", "Qwen2.5-Coder-1.5B-Instruct"]
    assert cli.main(["paper", "--dry-run", *words]) == 0
    said = capsys.readouterr().out
    assert "train socratic_unified" in said and "sequences at once" in said
    assert "decode iterative, predicted steps" in said
    assert cli.main(["paper", "--dry-run", *words, "--student", "a/b"]) == 0
    assert "the size of a/b is not known" in capsys.readouterr().out
    assert cli.main(["small", "--dry-run"]) == 0
    assert "A100" not in capsys.readouterr().out


def test_a_grid_has_the_hours_of_all_its_runs():
    runs = [paper(student=f"openai-community/{name}", seed=seed)
            for seed in (0, 1) for name in ("gpt2", "gpt2-large")]  # fmt: skip
    rows = grid_plan(runs)
    assert [row.get("student") for row in rows] == ["gpt2", "gpt2-large", None]
    assert [row.get("seeds") for row in rows] == [2, 2, None]
    for gpu in GPUS:
        one = 2 * gpu_plan(runs[0])[-1][gpu] + ablation_plan(runs[0])[-1][gpu]
        assert rows[0][gpu] == pytest.approx(one)
        assert rows[2][gpu] == pytest.approx(sum(r[gpu] for r in rows[:2]))
    assert grid_plan([paper(student="some/other")]) == []


def test_the_ablations_trainings_and_evaluations_are_planned_too():
    rows = ablation_plan(paper())
    names = [row["what"] for row in rows]
    assert len(names) == len(set(names))
    assert {"train planner_equations", "train no_subquestions",
            "decode iterative, gold questions"} <= set(names)  # fmt: skip
    assert not {"train qg", "train qa", "train cot"} & set(names)  # the main table's
    by_name = {row["what"]: row for row in rows}
    # Every sub-problem is a sequence, for as many steps as the question answerer has.
    steps = sum(len(p.steps) for p in train_problems(paper()))
    assert by_name["train no_subquestions"]["sequences"] == steps
    assert by_name["train qg_guided_steps"]["sequences"] == 40
    assert by_name["decode cot, calculator"]["sequences"] == 20
    assert rows[-1][CARD] == pytest.approx(sum(row[CARD] for row in rows[:-1]))
    assert ablation_plan(paper(student="some/other")) == []
