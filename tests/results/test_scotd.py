"""SCoTD: ours beside the published values, and when the two are compared."""

from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.experiments.scotd.few_shot_or_supervised import comparison
from socratic_utils.results.papers import paper_table, scotd


def score(student, accuracy=0.5, low=0.4, high=0.6):
    return {"student": student, "n": 100, "correct": 50, "accuracy": accuracy,
            "ci_low": low, "ci_high": high}  # fmt: skip


def compared(settings, table, ours):
    [line] = scotd.compare_table(table, [ours], **comparison(settings)).to_dict(
        "records"
    )
    return line


@pytest.fixture
def paper():
    return config.load("paper", dataset="commonsense_qa")


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
        cells = paper_table(f"scotd_{table}")["ours"].dropna().tolist()
        assert len(cells) in (3, 4, 6, 10)
        shown = scotd.compare_table(
            table, [score(name) for name in cells], **comparison(paper)
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
    found = scotd.compare_contrast(contrasts(), **comparison(imdb)).set_index("student")
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
    assert (
        scotd.compare_contrast(contrasts(), **comparison(tiny))["difference"]
        .isna()
        .all()
    )
    here = scotd.compare_contrast(contrasts(), **comparison(config.load("small")))
    assert here["paper"].isna().all()
    assert scotd.compare_contrast(pd.DataFrame(), **comparison(imdb)).empty


def test_transfer_beside_the_papers(paper):
    rows = [
        {"student": name, "dataset": task, "id": str(i), "correct": i < 3}
        for task in ("sst2", "openbookqa")
        for name in ("before", "after_cot")
        for i in range(4)
    ]
    found = scotd.compare_transfer(rows, **comparison(paper)).set_index(
        ["task", "student"]
    )
    line = found.loc["sst2", "after_cot"]
    assert (line["paper"], line["difference"]) == (0.796, -0.046)
    assert line["covered"] == "yes"
    assert "trained on commonsense_qa alone" in line["note"]
    assert found["paper"].notna().sum() == 1  # the paper's baseline is another one
    assert found.loc[("openbookqa", "after_cot"), "note"] == "no such cell in the paper"
    far = config.load("paper", dataset="quarel")  # no task that the paper's learnt
    other = scotd.compare_transfer(rows, **comparison(far)).set_index(
        ["task", "student"]
    )
    assert other.loc["sst2", "after_cot"]["paper"] == 0.796
    assert other["difference"].isna().all()
    assert scotd.compare_transfer([], **comparison(paper)).empty


def test_samples_vote():
    row = {"student": "s", "id": "1", "gold": "4", "correct": False}
    rows = [
        {**row, "sample": i, "extracted": answer, "logprob": -1.0}
        for i, answer in enumerate(["4", "5", "4"])
    ]
    [found] = scotd.scores(rows)
    assert (found["n"], found["correct"]) == (1, 1)
