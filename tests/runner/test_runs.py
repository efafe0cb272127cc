"""The runs of a command, and the table of the paper's; toy notebooks, no model."""

import re

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.files import write_jsonl_rows
from socratic_utils.results.papers import socratic_cot
from socratic_utils.runner import cli, jobs, options
from socratic_utils.runner import runs as grid
from socratic_utils.runner.execute import find_notebooks
from tests.runner.test_cli import (  # noqa: F401 (three are fixtures)
    light_kernels,
    notebooks,
    outputs,
    toy,
)

GPT2 = "openai-community/gpt2"
ONE = ({"dataset": "gsm8k", "student": GPT2},)


@pytest.fixture
def two(monkeypatch, outputs):  # noqa: F811
    """A grid of two seeds, and a teacher that can be asked."""
    monkeypatch.setattr(grid, "CELLS", ONE)
    monkeypatch.setattr(grid, "SEEDS", 2)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(cli, "check_inputs", lambda *_, **__: None)  # no data, no GPU
    return outputs


def predict(settings, student, right, folder="", of=None, split="test", n=10,
            teacher="t"):  # fmt: skip
    """`n` rows on disk, the first `right` of them solved."""
    row = {"dataset": settings.dataset, "split": split, "student": student,
           "model": settings.student, "teacher": teacher, "seed": settings.seed,
           "truncated": False, "gold": "5",
           "settings": (of or settings).hash}  # fmt: skip
    path = settings.folder / "predictions" / folder / f"{split}-{student}.jsonl"
    write_jsonl_rows(path, [{**row, "id": f"p{i}", "correct": i < right}
                            for i in range(n)])  # fmt: skip


def load(**changes):
    return config.load("paper", **changes)


# --- the list -------------------------------------------------------------------------


def test_the_list_is_the_papers_table():
    small, large = ("gpt2", "gpt2-medium", "gpt2-large"), (
        "gpt2-medium", "gpt2-large", "gpt2-xl")  # fmt: skip
    wanted = {
        (dataset, f"openai-community/{student}", seed)
        for dataset, students in (
            ("gsm8k", small), ("strategyqa", large), ("multistep", small))
        for student in students
        for seed in (0, 1, 2)
    }  # fmt: skip
    runs = grid.runs({"scale": "paper"}, find_notebooks(), whole=True)
    settings = [run.settings for run in runs if not run.over]
    assert len(settings) == 27 and len(runs) == 36
    numbers = [[p.name[:2] for p in run.notebooks] for run in (runs[9], runs[27])]
    assert numbers == [["03", "04", "05"], ["07", "15"]]
    assert {(s.dataset, s.student, s.seed) for s in settings} == wanted
    assert [s.seed for s in settings] == sorted(s.seed for s in settings)
    assert [run.over for run in runs] == [0] * 27 + [3] * 9
    names = [s.folder.name for s in settings]
    assert len(set(names)) == 27
    assert names[0] == "paper" and names[-1] == "paper-multistep-gpt2-large-seed2"
    # Every cell of the table but the copied line has a run, and none has no cell.
    cells = {(c["dataset"], c["student_model"])
             for c in socratic_cot.cells_of("Table 2").to_dict("records")}  # fmt: skip
    own = {(socratic_cot.DATASETS[s.dataset], socratic_cot.model_in_paper(s.student))
           for s in settings}  # fmt: skip
    assert own == cells


def test_what_is_shared_is_in_every_run(notebooks):  # noqa: F811
    asked = {"scale": "paper", "teacher": "somebody", "test_limit": 5}
    runs = grid.runs(asked, sorted(notebooks.iterdir()), whole=True)
    assert {run.settings.teacher for run in runs} == {"somebody"}
    assert {run.settings.test_limit for run in runs} == {5}
    assert {(run.settings.seed, len(run.notebooks)) for run in runs} == {
        (0, 2), (1, 1), (2, 1)}  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "whole"),
    [
        (["paper"], True),
        (["paper", "--teacher", "x", "--test-limit", "5", "--max-cost", "3"], True),
        (["paper", "--dataset", "gsm8k"], False),
        (["paper", "--student", "a/b"], False),
        (["paper", "--seeds", "5"], True),
        (["paper", "--seed", "0"], False),
        (["paper", "--only", "3"], False),
        (["paper", "--train-limit", "7"], False),
        (["paper", "--reuse", "reference"], False),
        (["small"], False),
        ([], False),
    ],
)
def test_anything_that_narrows_makes_it_one_run(argv, whole):
    assert grid.is_whole(options.parser().parse_args(argv)) is whole


def test_seeds_train_the_main_table_and_the_results_come_last():
    def numbers(only=None, seeds=3):
        chosen = find_notebooks(only=only)
        found = grid.runs({"scale": "small"}, chosen, seeds=seeds, only=bool(only))
        return [(str(run).rpartition(", ")[2], " ".join(p.name[:2] for p in run.chosen))
                for run in found]  # fmt: skip

    assert numbers() == [
        ("seed 0", "00 01 02 03 04 05 07 14 15"), ("seed 1", "03 04 05"),
        ("seed 2", "03 04 05"), ("results of 3 seeds", "07 15"),
    ]  # fmt: skip
    assert numbers("06", 2) == [("seed 0", "06"), ("seed 1", "06"),
                                ("results of 2 seeds", "06")]  # fmt: skip
    assert numbers("6,10", 1) == [("seed 0", "06 10")]
    assert numbers("07") == numbers("07", 1) == [("seed 0", "07")]
    assert len(numbers(seeds=1)) == 1


def test_seeds_in_a_dry_run_say_their_hours(outputs, capsys):  # noqa: F811
    assert cli.main(["small", "--seeds", "5", "--dry-run"]) == 0
    said = capsys.readouterr().out
    minutes = {e.number: e.minutes for e in cli.schedule.NOTEBOOKS}
    training = sum(minutes[n] for n in ("03", "04", "05"))
    others = sum(minutes[n] for n in ("00", "01", "02", "07", "07", "14", "15", "15"))
    assert f"about {(5 * training + others) / 60:.1f} hours in all" in said
    assert "6 runs:" in said and "gradeschool: the plan of gradeschool" in said
    assert cli.main(["small", "--seeds", "2", "--train-limit", "9", "--dry-run"]) == 0
    assert "time unknown in all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--seed", "1"], "seeds 0 to N - 1: omit --seed"),
     (["--reuse", "reference"], "all committed seeds: omit --seeds")],
)  # fmt: skip
def test_seeds_beside_what_excludes_them(words, said, outputs, capsys):  # noqa: F811
    assert cli.main(["small", "--seeds", "5", *words]) == 2
    assert said in capsys.readouterr().err and not outputs.exists()
    for count in ("0", "-1", "1001"):
        assert cli.main(["small", "--seeds", count]) == 2
        assert "--seeds must be from 1 to 1000" in capsys.readouterr().err


# --- running --------------------------------------------------------------------------


def test_all_runs_and_then_their_table(two, notebooks, capsys):  # noqa: F811
    predict(load(), "cot", 2)
    predict(load(seed=1), "cot", 4)
    toy(notebooks, "07_results.ipynb", "print('of notebook 07')")
    assert cli.main(["paper"], notebooks) == 0
    said = capsys.readouterr().out
    assert said.index(f"run 1 of 3: gsm8k, {GPT2}, seed 0") < said.index("run 2 of 3")
    assert f"run 3 of 3: gsm8k, {GPT2}, results of 2 seeds" in said
    assert said.count("of notebook 07") == 2  # after the first seed, and at the end
    assert "    scale is paper seed is 0" in said
    copies = sorted(p.relative_to(two).as_posix() for p in two.rglob("*.ipynb"))
    assert copies == ["paper-seed1/notebooks/03_second.ipynb",
                      "paper/notebooks/00_first.ipynb",
                      "paper/notebooks/03_second.ipynb",
                      "paper/notebooks/07_results.ipynb"]  # fmt: skip
    tables = two / "paper" / "tables"
    kinds = {path.suffix for path in tables.glob("paper_grid.*")}
    assert kinds == {".csv", ".md", ".tex", ".caption"}
    table = pd.read_csv(tables / "paper_grid.csv")
    assert len(table) == 48  # the cells of P1, Table 2, that are its own
    [cell] = table[table["seeds"] > 0].to_dict("records")
    assert (cell["supervision"], cell["seeds"], cell["n"]) == ("CoT", 2, 10)
    assert cell["mean"] == 0.3 and cell["sd"] == pytest.approx(0.1414)
    assert cell["difference"] == pytest.approx(0.3 - 0.047)
    assert "GPT-2 Small" in said and "Wilson's" in said and "paper_grid.md" in said
    assert cell["ci_low"] < 0.3 < cell["ci_high"]
    page = (two / "paper" / "report.html").read_text("utf-8")
    assert "Socratic CoT, Table 2: mean" in page and "of notebook 07" in page


def test_one_seed_is_a_single_run(two, notebooks, capsys):  # noqa: F811
    assert cli.main(["paper", "--seed", "1"], notebooks) == 0
    assert "run 1 of" not in capsys.readouterr().out
    assert not list(two.rglob("paper_grid.*")) and not (two / "paper").exists()


def test_a_failure_says_how_to_go_on_and_running_again_does(two, tmp_path, capsys):
    folder = tmp_path / "nb"
    toy(folder, "03_a.ipynb", "if seed:\n    raise ValueError('no such thing')")
    predict(load(), "cot", 2)
    assert cli.main(["paper"], folder) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and "no such thing" in lines[0]
    assert lines[1] == (
        f"run_all: run 2 of 2 (gsm8k, {GPT2}, seed 1) failed: the same command "
        f"continues from there, and `./run_all.sh paper --dataset gsm8k --student "
        f"{GPT2} --seed 1 --only 03` is this run alone"
    )
    table = pd.read_csv(two / "paper" / "tables" / "paper_grid.csv")
    assert table["seeds"].sum() == 1
    toy(folder, "03_a.ipynb", "1")
    assert cli.main(["paper"], folder) == 0
    assert not capsys.readouterr().err


def test_a_failure_stops_all_later_runs(two, tmp_path, capsys):
    toy(tmp_path / "nb", "03_a.ipynb", "raise ValueError('no')")
    assert cli.main(["paper"], tmp_path / "nb") == 1
    assert "run 2" not in capsys.readouterr().out


def test_no_room_is_a_failure_too(two, notebooks, capsys, monkeypatch):  # noqa: F811
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(cli, "run_one", full)
    assert cli.main(["paper"], notebooks) == 1
    said = capsys.readouterr().err
    assert "run_all: no space left\nrun_all: run 1 of 2" in said


def test_a_dry_run_lists_the_runs_and_plans_each_dataset(
    outputs,  # noqa: F811
    notebooks,  # noqa: F811
    capsys,
    monkeypatch,
):
    own = ({"dataset": "gradeschool", "student": GPT2},
           {"dataset": "strategyqa", "student": f"{GPT2}-xl"})  # fmt: skip
    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    monkeypatch.setattr(grid, "CELLS", own)
    words = ["--test-limit", "5", "--teacher", "Qwen2.5-Coder-1.5B-Instruct"]
    assert cli.main(["paper", "--dry-run", *words], notebooks) == 0
    said = capsys.readouterr().out
    assert "6 runs" in said and re.search(r"seed 1 +notebooks 03\n", said)
    assert said.count("the plan of") == 2 and said.count("would run 03_second") == 2
    assert "train socratic_unified" in said
    assert "problems of strategyqa: train 1,832 (known size" in said
    assert "problems of gradeschool: train 640 (counted)" in said
    assert "hours of all runs and seeds" in said
    assert not outputs.exists()


def test_a_cluster_gets_every_training_once(monkeypatch, notebooks, outputs):  # noqa: F811
    asked = []
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(cli, "check_inputs", lambda *_, **__: None)
    monkeypatch.setattr(jobs, "jobs_of", lambda *given: asked.append(given) or [])
    monkeypatch.setattr(jobs, "run_on_ray", lambda found: None)
    monkeypatch.setattr(cli, "run_all", lambda *_: 0)
    for words, cells, seeds in (
        (["paper"], 9, [0, 1, 2]), (["paper", "--seeds", "2"], 9, [0, 1]),
        (["paper", "--seed", "1"], 1, [1]), (["small", "--seeds", "2"], 1, [0, 1]),
    ):  # fmt: skip
        asked.clear()
        assert cli.main([*words, "--engine", "ray"], notebooks) == 0
        assert [own for _, own in asked] == [seeds] * cells


# --- the table ------------------------------------------------------------------------


def cell(table, *key):
    return table.set_index(["dataset", "student_model", "supervision"]).loc[key]


def test_only_rows_of_these_settings_and_of_the_test_split_count(outputs):  # noqa: F811
    one, two = load(dataset="strategyqa", student=f"{GPT2}-xl"), load()
    predict(one, "gt_steps", 6)
    predict(one, "cot", 9, of=load(test_limit=5))  # an earlier run left it
    predict(one, "cot", 9, split="validation", folder="ablations")
    predict(two, "gt_steps", 1)
    table = grid.paper_grid([one, two])
    facts = cell(table, "StrategyQA", "GPT-2 XL", "GT Facts")
    assert facts["mean"] == 0.6 and facts["difference"] == pytest.approx(-0.063)
    assert facts["covered"] == "not judged: 10 of 229 problems, 1 of 3 seeds"
    assert cell(table, "GSM8K", "GPT-2 Small", "GT Steps")["mean"] == 0.1
    assert cell(table, "StrategyQA", "GPT-2 XL", "CoT")["seeds"] == 0
    assert table["seeds"].sum() == 2


def test_covered_by_the_seeds(outputs):  # noqa: F811
    runs = [load(seed=seed) for seed in (0, 1, 2)]
    for run, right in zip(runs, (130, 130, 0), strict=True):  # the paper: 4.70 %
        predict(run, "cot", right, n=1319)
        predict(run, "gt_steps", 660 + run.seed, n=1319)
    table = grid.paper_grid(runs)
    assert cell(table, "GSM8K", "GPT-2 Small", "CoT")["covered"] == "yes"
    assert cell(table, "GSM8K", "GPT-2 Small", "GT Steps")["covered"] == "no"
    fewer = cell(grid.paper_grid(runs[:2]), "GSM8K", "GPT-2 Small", "CoT")
    assert fewer["covered"] == "not judged: 2 of 3 seeds"
    assert fewer["difference"] == pytest.approx(130 / 1319 - 0.047, abs=1e-4)


@pytest.mark.parametrize(
    ("cut", "n", "said"),
    [
        ({"train_limit": 100}, 1319, "trained on 100 of 7,473 problems"),
        ({"test_limit": 20}, 20, "20 of 1,319 problems"),
        ({"train_limit": 9, "test_limit": 20}, 20,
         "trained on 9 of 7,473 problems, 20 of 1,319 problems"),
        ({"epochs": 1}, 1319, "another setting of training"),
    ],
)  # fmt: skip
def test_a_run_that_is_cut_down_covers_nothing(outputs, cut, n, said):  # noqa: F811
    runs = [load(seed=seed, **cut) for seed in (0, 1, 2)]
    for run in runs:
        predict(run, "cot", run.seed, n=n)
    found = cell(grid.paper_grid(runs), "GSM8K", "GPT-2 Small", "CoT")
    assert found["covered"] == f"not judged: {said}" and found["seeds"] == 3


def test_no_mean_over_unlike_seeds(outputs):  # noqa: F811
    runs = [load(), load(seed=1, teacher="other")]
    for one in runs:
        predict(one, "cot", 3, teacher=one.teacher)
    with pytest.raises(ValueError, match="give one teacher at a time"):
        grid.paper_grid(runs)


def test_socgt_is_one_row_of_the_ablations(outputs):  # noqa: F811
    one = load()
    predict(one, "iterative, gold questions", 7, "ablations")
    socgt = cell(grid.paper_grid([one]), "GSM8K", "GPT-2 Small", "Iterative SocGT")
    assert (socgt["seeds"], socgt["mean"]) == (1, 0.7)
    predict(one, "iterative, questions of the teacher", 4, "ablations")
    socgt = cell(grid.paper_grid([one]), "GSM8K", "GPT-2 Small", "Iterative SocGT")
    assert (socgt["seeds"], socgt["mean"]) == (1, 0.4)
