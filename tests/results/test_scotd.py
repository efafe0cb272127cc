"""SCoTD: ours beside the published values, and when the two are compared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.experiments.scotd.few_shot_or_supervised import comparison
from socratic_utils.results.papers import paper_table, scotd


def score(student, accuracy=0.5, low=0.4, high=0.6, **changes):
    return {"student": student, "n": 100, "correct": 50, "accuracy": accuracy,
            "ci_low": low, "ci_high": high, **changes}  # fmt: skip


def beside(settings, table, *scores):
    """Our rows of a table, and the whole table."""
    found = scotd.beside(table, scores, **comparison(settings))
    names = found.columns[: 1 if table == "fig5" else 2]
    ours = found[found[names[-1]].str.contains("ours")]
    return [dict(zip(found, line, strict=True)) for line in ours.to_numpy()], found


@pytest.fixture
def paper():
    return config.load("paper", dataset="commonsense_qa")


def test_comparable_at_paper_scale_only(paper):
    [line], table = beside(paper, "table2b", score("full_cot", 0.69, 0.66, 0.72))
    assert line["CSQA"] == "69.0 (66.0–72.0)" and line["QuaRel"] == "–"
    assert (line["labels"], line["method"]) == ("full", "ours (n = 100)")
    assert table.iloc[4]["CSQA"] == "68.2"  # the paper's, above
    assert "not compared" not in table.attrs["caption"] and not table.attrs["grey"]
    [line], table = beside(paper, "table2b", score("full_cot", 0.75, 0.7, 0.8))
    assert line["CSQA"].endswith("†") and "†: the interval" in table.attrs["caption"]
    for other in (replace(paper, train_limit=10), replace(paper, scale="small")):
        _, table = beside(other, "table2b", score("full_cot"))
        assert table.attrs["grey"] == [5]
        assert table.attrs["caption"].count("other student, data or recipe") == 1
    assert beside(paper, "table2b", score("few_shot_cot"))[0] == []  # it has votes


def test_another_benchmark_has_a_column_of_its_own():
    settings = config.load("small")
    [line], table = beside(settings, "table2a", score("no_cot"))
    assert list(table.columns)[-1] == "gradeschool" and line["CSQA"] == "–"
    assert line["method"] == "No CoT: ours (n = 100)"
    assert line["model"] == settings.student.rpartition("/")[2]
    assert "not compared: not a benchmark of the paper" in table.attrs["caption"]


@pytest.mark.parametrize(
    ("table", "student", "value"),
    [
        ("table2a", "greedy_cot", "17.9"),
        ("table2b", "few_shot_scotd, votes", "64.7"),
        ("table3a", "full_scotd, votes", "66.8"),
        ("table3b", "few_shot_05", "58.3"),
        ("table3b", "few_shot_30, votes", "64.7"),
        ("table3b", "few_shot_01", "53.0"),
    ],
)
def test_ours_stands_below_its_cell(paper, table, student, value):
    _, found = beside(paper, table, score(student))
    is_ours = found.map(lambda cell: cell.startswith("50.0 (40.0–60.0)"))
    [[row, column]] = np.argwhere(is_ours.to_numpy())
    assert found.iloc[row - 1, column] == value


def test_numbers_of_chains_that_the_paper_lacks_stand_in_their_order(paper):
    scores = [score("few_shot_02"), score("few_shot_08"), score("few_shot_01")]
    lines, table = beside(paper, "table3b", *scores)
    assert list(table.columns)[2:5] == ["1 chain", "2 chains", "5 chains"]
    assert [line["8 chains"] for line in lines if line["8 chains"] != "–"]
    assert "no such cell in the paper" in table.attrs["caption"]


def test_every_arm_has_a_row(paper):
    for table, count in (("table2a", 3), ("table2b", 6), ("table3a", 4)):
        arms = paper_table(f"scotd_{table}")["ours"].dropna().tolist()
        lines, _ = beside(paper, table, *map(score, arms))
        assert len(lines) == len(arms) == count


def test_figure_5_below_the_papers():
    sides = {"original": 0.9, "contrast": 0.8}
    ends = {f"{k}{e}": v + d for k, v in sides.items()
            for e, d in (("", 0), ("_low", -0.05), ("_high", 0.05))}  # fmt: skip
    scores = scotd.sides(pd.DataFrame([{"student": name, "pairs": 100, **ends}
                         for name in ("answer_only", "cot", "gt_steps")]))  # fmt: skip
    imdb = config.load("paper", dataset="imdb")
    lines, table = beside(imdb, "fig5", *scores)
    assert table["student"].tolist() == [
        "Label-Only", "ours (n = 100)", "SCoTD", "ours (n = 100)"]  # fmt: skip
    assert [line["contrast"] for line in lines] == ["80.0 (75.0–85.0)",
                                                    "80.0 (75.0–85.0)†"]  # fmt: skip
    assert "One chain per problem" in table.attrs["caption"]
    tiny = replace(imdb, student="facebook/opt-125m")
    for other, reason in ((tiny, "other student"),
                          (config.load("small"), "not a benchmark")):  # fmt: skip
        assert reason in beside(other, "fig5", *scores)[1].attrs["caption"]
    assert scotd.sides(pd.DataFrame()) == []
    assert beside(imdb, "fig5")[0] == []


def test_transfer_below_the_papers(paper):
    rows = [
        {"student": name, "dataset": task, "id": str(i), "correct": i < 3}
        for task in ("sst2", "openbookqa")
        for name in ("before", "after_cot")
        for i in range(4)
    ]
    lines, table = beside(paper, "transfer", *scotd.across(rows))
    assert table.iloc[0].tolist() == ["ANLI + CSQA + OBQA", "SCoTD", "79.6", "–"]
    assert [line["method"] for line in lines] == [
        "before: ours (n = 4)", "after cot: ours (n = 4)"]  # fmt: skip
    assert {line["sst2"][:4] for line in lines} == {"75.0"}
    assert "trained on one task alone" in table.attrs["caption"]
    assert beside(paper, "transfer", *scotd.across([]))[0] == []


def test_samples_vote():
    row = {"student": "s", "id": "1", "gold": "4", "correct": False}
    rows = [
        {**row, "sample": i, "extracted": answer, "logprob": -1.0}
        for i, answer in enumerate(["4", "5", "4"])
    ]
    [found] = scotd.scores(rows)
    assert (found["n"], found["correct"]) == (1, 1)
