"""P2's tables: ours beside the verified values, and when the two may be compared."""

from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.results.papers import scotd as second_paper
from socratic_utils.results.papers.socratic_cot import saved
from socratic_utils.results.tables import paper_table


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


def contrasts():
    sides = {"original": 0.9, "contrast": 0.8}
    scores = {f"{k}{e}": v + d for k, v in sides.items()
              for e, d in (("", 0), ("_low", -0.05), ("_high", 0.05))}  # fmt: skip
    return pd.DataFrame(
        [{"student": name, "pairs": 100, **scores}
         for name in ("answer_only", "cot", "gt_steps")]
    )  # fmt: skip


def test_fig_5_beside_the_papers():
    imdb = config.load("paper", dataset="imdb")
    found = second_paper.beside_contrast(imdb, contrasts()).set_index("student")
    assert found["paper"].dropna().to_dict() == {
        "answer_only, original": 0.961, "answer_only, contrast": 0.816,
        "cot, original": 0.955, "cot, contrast": 0.92,
    }  # fmt: skip
    line = found.loc["answer_only, contrast"]
    assert (line["n"], line["difference"], line["covered"]) == (100, -0.016, "yes")
    assert found.loc["cot, contrast", "covered"] == "no"
    assert "one chain a problem" in line["note"]
    assert found.loc["gt_steps, contrast", "note"] == "no such cell in the paper"
    tiny = replace(imdb, student="facebook/opt-125m")
    assert second_paper.beside_contrast(tiny, contrasts())["difference"].isna().all()
    here = second_paper.beside_contrast(config.load("small"), contrasts())
    assert here["paper"].isna().all()
    assert second_paper.beside_contrast(imdb, pd.DataFrame()).empty


def test_transfer_beside_the_papers(paper):
    rows = [
        {"student": name, "dataset": task, "id": str(i), "correct": i < 3}
        for task in ("sst2", "openbookqa")
        for name in ("before", "after_cot")
        for i in range(4)
    ]
    found = second_paper.beside_transfer(paper, rows).set_index(["task", "student"])
    line = found.loc["sst2", "after_cot"]
    assert (line["paper"], line["difference"]) == (0.796, -0.046)
    assert line["covered"] == "yes"
    assert "trained on commonsense_qa alone" in line["note"]
    assert found["paper"].notna().sum() == 1  # the baseline of P2 is another one
    assert found.loc[("openbookqa", "after_cot"), "note"] == "no such cell in the paper"
    far = config.load("paper", dataset="quarel")  # no task that the paper's learnt
    other = second_paper.beside_transfer(far, rows).set_index(["task", "student"])
    assert other.loc["sst2", "after_cot"]["paper"] == 0.796
    assert other["difference"].isna().all()
    assert second_paper.beside_transfer(paper, []).empty


def test_tables_of_other_notebooks_are_read_where_the_rows_are(settings):
    assert saved(settings, "contrast").empty
    folder = settings.folder / "tables"
    folder.mkdir(parents=True)
    (folder / "contrast.csv").write_text("student,pairs\ncot,3\n")
    assert saved(settings, "contrast")["pairs"].tolist() == [3]
    reused = config.load("small", reuse="reference")
    assert len(saved(reused, "contrast")) == 5


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
    drawn = second_paper.supervised(second_paper.sizes(settings))
    assert drawn["model"].nunique() == 2


def test_sizes_go_up_and_one_alone_is_not_drawn(settings):
    from socratic_utils.results import figures as plots

    names = ("facebook/opt-350m", "facebook/opt-1.3b", "facebook/opt-125m")
    for name in names:
        one = replace(settings, student=name)
        folder = one.folder / "tables"
        folder.mkdir(parents=True)
        lines = [f"gradeschool,{student},{name},0,9,3,0.3,0.1,0.6"
                 for student in ("few_shot_cot", "full_label", "full_cot")]  # fmt: skip
        head = "dataset,student,model,seed,n,correct,accuracy,ci_low,ci_high"
        (folder / "two_settings.csv").write_text("\n".join([head, *lines]))
        sizes = second_paper.sizes(one)
        if name == names[0]:
            assert second_paper.supervised(sizes).empty and len(sizes) == 3
    drawn = second_paper.supervised(sizes)
    assert drawn["model"].drop_duplicates().tolist() == [
        "facebook/opt-125m", "facebook/opt-350m", "facebook/opt-1.3b",
    ]  # fmt: skip
    assert set(drawn["student"]) == {"full_label", "full_cot"}
    axes = plots.sizes_figure(drawn).axes[0]
    ticks = [t.get_text().split("\n")[0] for t in axes.get_xticklabels()]
    assert ticks == ["opt-125m", "opt-350m", "opt-1.3b"]
    assert second_paper.supervised(second_paper.sizes(config.load("paper"))).empty
