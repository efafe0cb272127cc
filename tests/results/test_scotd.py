"""SCoTD: ours beside the published values, and when the two are compared."""

from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.experiments.stages import saved_table
from socratic_utils.results.papers import paper_table, scotd


def score(student, accuracy=0.5, low=0.4, high=0.6):
    return {"student": student, "n": 100, "correct": 50, "accuracy": accuracy,
            "ci_low": low, "ci_high": high}  # fmt: skip


def run(settings):
    """What a comparison has to know of a run."""
    return {"dataset": settings.dataset, "teacher": settings.teacher,
            "comparable": scotd.is_papers(settings)}  # fmt: skip


def compared(settings, table, ours):
    [line] = scotd.compare_table(table, [ours], **run(settings)).to_dict("records")
    return line


@pytest.fixture
def paper():
    return config.load("paper", dataset="commonsense_qa")


def test_scotds_recipe_is_the_default_on_its_benchmarks(paper):
    training = paper.training
    assert paper.student == scotd.STUDENT
    assert training.learning_rate == 2e-5 and training.batch_size == 32
    assert paper.many.steps == 20_000 and paper.many.balanced
    assert training.warmup_share * paper.many.steps == 500
    assert training.max_grad_norm == 0.5 and training.adam_epsilon == 1e-5
    flat = config.load("paper", dataset="commonsense_qa", balanced=False)
    assert scotd.is_papers(paper) and not scotd.is_papers(flat)
    other = config.load("paper")
    assert other.student == "openai-community/gpt2"  # Socratic CoT's stay
    assert other.training.max_grad_norm == 1.0 and other.training.adam_epsilon == 1e-8


def test_comparable_at_paper_scale_only(paper):
    line = compared(paper, "table2b", score("full_cot", 0.69, 0.66, 0.72))
    assert line["paper"] == 0.682 and line["difference"] == 0.008
    assert line["covered"] == "yes"
    part = compared(replace(paper, train_limit=10), "table2b", score("full_cot"))
    assert part["difference"] is None  # not the paper's data
    greedy = compared(paper, "table2b", score("few_shot_cot"))
    assert greedy["paper"] is None  # the paper has it by vote
    small = replace(paper, scale="small")
    line = compared(small, "table2b", score("full_cot"))
    assert line["paper"] == 0.682 and line["difference"] is None
    assert line["note"] == "other student, data or recipe: context only"


def test_another_benchmark_has_no_value():
    settings = config.load("small")
    line = compared(settings, "table2a", score("no_cot"))
    assert line["paper"] is None and line["note"] == "not a benchmark of the paper"


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
    assert compared(paper, table, score(student))["paper"] == value


def test_every_cell_is_in_its_file(paper):
    for table in ("table2a", "table2b", "table3a", "table3b"):
        cells = scotd.students_in(table)
        assert len(cells) in (3, 4, 6, 10)
        shown = scotd.compare_table(
            table, [score(name) for name in cells], **run(paper)
        )
        assert shown["paper"].notna().all(), table
    assert paper_table("scotd_fig5").shape == (2, 4)


def contrasts():
    sides = {"original": 0.9, "contrast": 0.8}
    scores = {f"{k}{e}": v + d for k, v in sides.items()
              for e, d in (("", 0), ("_low", -0.05), ("_high", 0.05))}  # fmt: skip
    return pd.DataFrame(
        [{"student": name, "pairs": 100, **scores}
         for name in ("answer_only", "cot", "gt_steps")]
    )  # fmt: skip


def test_figure_5_beside_the_papers():
    imdb = config.load("paper", dataset="imdb")
    found = scotd.compare_contrast(contrasts(), **run(imdb)).set_index("student")
    assert found["paper"].dropna().to_dict() == {
        "answer_only, original": 0.961, "answer_only, contrast": 0.816,
        "cot, original": 0.955, "cot, contrast": 0.92,
    }  # fmt: skip
    line = found.loc["answer_only, contrast"]
    assert (line["n"], line["difference"], line["covered"]) == (100, -0.016, "yes")
    assert found.loc["cot, contrast", "covered"] == "no"
    assert "one chain per problem" in line["note"]
    assert found.loc["gt_steps, contrast", "note"] == "no such cell in the paper"
    tiny = replace(imdb, student="facebook/opt-125m")
    assert scotd.compare_contrast(contrasts(), **run(tiny))["difference"].isna().all()
    here = scotd.compare_contrast(contrasts(), **run(config.load("small")))
    assert here["paper"].isna().all()
    assert scotd.compare_contrast(pd.DataFrame(), **run(imdb)).empty


def test_transfer_beside_the_papers(paper):
    rows = [
        {"student": name, "dataset": task, "id": str(i), "correct": i < 3}
        for task in ("sst2", "openbookqa")
        for name in ("before", "after_cot")
        for i in range(4)
    ]
    found = scotd.compare_transfer(rows, **run(paper)).set_index(["task", "student"])
    line = found.loc["sst2", "after_cot"]
    assert (line["paper"], line["difference"]) == (0.796, -0.046)
    assert line["covered"] == "yes"
    assert "trained on commonsense_qa alone" in line["note"]
    assert found["paper"].notna().sum() == 1  # the paper's baseline is another one
    assert found.loc[("openbookqa", "after_cot"), "note"] == "no such cell in the paper"
    far = config.load("paper", dataset="quarel")  # no task that the paper's learnt
    other = scotd.compare_transfer(rows, **run(far)).set_index(["task", "student"])
    assert other.loc["sst2", "after_cot"]["paper"] == 0.796
    assert other["difference"].isna().all()
    assert scotd.compare_transfer([], **run(paper)).empty


def test_tables_of_other_notebooks_are_read_where_the_rows_are(settings):
    assert saved_table(settings, "contrast").empty
    folder = settings.folder / "tables"
    folder.mkdir(parents=True)
    (folder / "contrast.csv").write_text("student,pairs\ncot,3\n")
    assert saved_table(settings, "contrast")["pairs"].tolist() == [3]
    reused = config.load("small", reuse="reference")
    assert len(saved_table(reused, "contrast")) == 5


def test_samples_vote():
    row = {"student": "s", "id": "1", "gold": "4", "correct": False}
    rows = [
        {**row, "sample": i, "extracted": answer, "logprob": -1.0}
        for i, answer in enumerate(["4", "5", "4"])
    ]
    [found] = scotd.scores(rows)
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
        (folder / "few_shot_or_supervised.csv").write_text(text)
        reused = one.folder.with_name(one.folder.name + "-reused") / "tables"
        reused.mkdir(parents=True)
        (reused / "few_shot_or_supervised.csv").write_text(text)
    elsewhere = replace(settings, dataset="gsm8k").folder / "tables"
    elsewhere.mkdir(parents=True)
    (elsewhere / "few_shot_or_supervised.csv").write_text(
        text.replace("gradeschool", "gsm8k")
    )
    for one in (settings, other):
        models = scotd.sizes(one)["model"].tolist()
        assert sorted(models) == ["facebook/opt-125m", "tiny"]
    drawn = scotd.supervised(scotd.sizes(settings))
    assert drawn["model"].nunique() == 2


def test_sizes_go_up_and_one_alone_is_not_drawn(settings):
    from socratic_utils.results import figures

    names = ("facebook/opt-350m", "facebook/opt-1.3b", "facebook/opt-125m")
    for name in names:
        one = replace(settings, student=name)
        folder = one.folder / "tables"
        folder.mkdir(parents=True)
        lines = [f"gradeschool,{student},{name},0,9,3,0.3,0.1,0.6"
                 for student in ("few_shot_cot", "full_label", "full_cot")]  # fmt: skip
        head = "dataset,student,model,seed,n,correct,accuracy,ci_low,ci_high"
        (folder / "few_shot_or_supervised.csv").write_text("\n".join([head, *lines]))
        sizes = scotd.sizes(one)
        if name == names[0]:
            assert scotd.supervised(sizes).empty and len(sizes) == 3
    drawn = scotd.supervised(sizes)
    assert drawn["model"].drop_duplicates().tolist() == [
        "facebook/opt-125m", "facebook/opt-350m", "facebook/opt-1.3b",
    ]  # fmt: skip
    assert set(drawn["student"]) == {"full_label", "full_cot"}
    axes = figures.accuracy_by(drawn, "model").axes[0]
    ticks = [t.get_text().split("\n")[0] for t in axes.get_xticklabels()]
    assert ticks == ["opt-125m", "opt-350m", "opt-1.3b"]
    assert scotd.supervised(scotd.sizes(config.load("paper"))).empty
