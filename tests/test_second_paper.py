"""P2's tables: ours beside the verified values, and when the two may be compared."""

from dataclasses import replace

import pytest

from socratic_utils import config, second_paper
from socratic_utils.results import paper_table


def score(student, accuracy=0.5, low=0.4, high=0.6):
    return {"student": student, "n": 100, "correct": 50, "accuracy": accuracy,
            "ci_low": low, "ci_high": high}  # fmt: skip


def beside(settings, table, ours):
    [line] = second_paper.beside(settings, table, [ours]).to_dict("records")
    return line


@pytest.fixture
def paper():
    return config.load("paper", dataset="commonsense_qa")


def test_p2s_recipe_is_the_default_on_its_benchmarks(paper):
    training = paper.training
    assert paper.student == second_paper.STUDENT
    assert training.learning_rate == 2e-5 and training.batch_size == 32
    assert paper.many.steps == 20_000 and paper.many.balanced
    assert training.warmup_share * paper.many.steps == 500
    assert training.max_grad_norm == 0.5 and training.adam_epsilon == 1e-5
    flat = config.load("paper", dataset="commonsense_qa", balanced=False)
    assert second_paper.is_papers(paper) and not second_paper.is_papers(flat)
    p1s = config.load("paper")
    assert p1s.student == "openai-community/gpt2"  # P1's stay
    assert p1s.training.max_grad_norm == 1.0 and p1s.training.adam_epsilon == 1e-8


def test_comparable_at_paper_scale_only(paper):
    line = beside(paper, "table2b", score("full_cot", 0.69, 0.66, 0.72))
    assert line["paper"] == 0.682 and line["difference"] == 0.008
    assert line["covered"] == "yes"
    part = beside(replace(paper, train_limit=10), "table2b", score("full_cot"))
    assert part["difference"] is None  # not the paper's data
    greedy = beside(paper, "table2b", score("few_shot_cot"))
    assert greedy["paper"] is None  # P2 has it by vote
    small = replace(paper, scale="small")
    line = beside(small, "table2b", score("full_cot"))
    assert line["paper"] == 0.682 and line["difference"] is None
    assert line["note"] == "other student, data or recipe: context only"


def test_another_benchmark_has_no_value():
    settings = config.load("small")
    line = beside(settings, "table2a", score("no_cot"))
    assert line["paper"] is None and line["note"] == "no benchmark of the paper"


@pytest.mark.parametrize(
    ("table", "student", "value"),
    [
        ("table2a", "greedy_cot", 0.179),
        ("table2b", "few_shot_scotd, votes", 0.647),
        ("table3a", "full_scotd, votes", 0.668),
        ("table3b", "few_shot_05", 0.583),
        ("table3b", "few_shot_30, votes", 0.647),
        ("table3b", "few_shot_01", 0.53),
    ],
)
def test_cells(paper, table, student, value):
    assert beside(paper, table, score(student))["paper"] == value


def test_every_cell_is_in_its_file(paper):
    for table, cells in second_paper.CELLS.items():
        shown = second_paper.beside(paper, table, [score(name) for name in cells])
        assert shown["paper"].notna().all(), table
    assert paper_table("p2_fig5").shape == (2, 3)


def test_samples_vote():
    row = {"student": "s", "id": "1", "gold": "4", "correct": False}
    rows = [
        {**row, "sample": i, "extracted": answer, "logprob": -1.0}
        for i, answer in enumerate(["4", "5", "4"])
    ]
    [found] = second_paper.scores(rows)
    assert (found["n"], found["correct"]) == (1, 1)


def test_runs_of_other_students_have_folders_of_their_own(settings):
    other = replace(settings, student="facebook/opt-125m")
    assert other.folder.name == "smoke-opt-125m"
    assert replace(settings, seed=3).folder.name == "smoke-seed3"
    for one in (settings, other):
        folder = one.folder / "tables"
        folder.mkdir(parents=True)
        line = f"gradeschool,full_cot,{one.student},0"
        text = f"dataset,student,model,seed\n{line}\n"
        (folder / "two_settings.csv").write_text(text)
        reused = one.folder.with_name(one.folder.name + "-reused") / "tables"
        reused.mkdir(parents=True)
        (reused / "two_settings.csv").write_text(text)
    elsewhere = replace(settings, dataset="gsm8k").folder / "tables"
    elsewhere.mkdir(parents=True)
    (elsewhere / "two_settings.csv").write_text(text.replace("gradeschool", "gsm8k"))
    for one in (settings, other):
        models = second_paper.sizes(one)["model"].tolist()
        assert sorted(models) == ["facebook/opt-125m", "tiny"]
