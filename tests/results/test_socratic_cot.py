"""Socratic CoT: which of our rows answers to which cell, and when it is compared."""

import pandas as pd
import pytest

from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.experiments.socratic_cot.prompting import WAYS
from socratic_utils.metrics.question_quality import COLUMNS
from socratic_utils.results.papers import paper_table, socratic_cot

XL = "openai-community/gpt2-xl"
SMALL = "openai-community/gpt2"


def rows_of(student, dataset="gsm8k", model=SMALL, n=1319, right=132, seeds=3):
    """All test problems of GSM8K, three seeds: as much as the paper has."""
    row = {"dataset": dataset, "split": "test", "student": student, "model": model,
           "teacher": "t"}  # fmt: skip
    return [{**row, "id": str(i), "seed": seed, "correct": i < right + 5 * seed}
            for seed in range(seeds) for i in range(n)]  # fmt: skip


def ours(table, *students, scale="paper", **changes):
    """Our rows in a table by their names, each with its filled cells; the caption."""
    rows = [row for student in students for row in rows_of(student, **changes)]
    found = socratic_cot.beside(f"socratic_cot_{table}", rows, scale)
    lines = {}
    for line in found.to_dict("records"):
        if "ours" in line["student_model"]:
            key = line.pop("dataset"), line.pop("student_model")
            lines[key] = {name: cell for name, cell in line.items() if cell != "–"}
    return lines, found.attrs["caption"]


# --- Table 2 --------------------------------------------------------------------------


def test_with_all_problems_and_seeds_a_score_is_judged():
    lines, caption = ours("table2", "cot", "gt_steps", right=62)
    cells = lines["GSM8K", "ours (n = 1,319, 3 seeds)"]
    assert cells["CoT"].startswith("5.1 (") and not cells["CoT"].endswith("†")
    assert "grey" not in caption and "judged" not in caption and "†" not in caption
    lines, caption = ours("table2", "cot", right=500)
    assert lines["GSM8K", "ours (n = 1,319, 3 seeds)"]["CoT"].endswith("†")
    assert "†: the interval does not contain the paper's value" in caption


def test_the_caption_says_that_the_papers_pair_is_guided_though_nothing_is_compared():
    guided = "the paper's Iterative SocCoT includes the equation guide"
    for scale in ("small", "paper"):
        caption = ours("table2", socratic_cot.PAIR, n=9, scale=scale)[1]
        assert guided.lower() in caption.lower()
    caption = ours("table2", socratic_cot.PAIR, dataset="gradeschool", n=9)[1]
    assert "reads no guide; on GSM8K the paper's reads predicted equations" in caption
    assert "guide" not in ours("table2", "cot", dataset="gradeschool", n=9)[1]


def test_svamp_of_the_paper_is_multistep():
    lines, caption = ours("table2", "cot", dataset="multistep", n=237, seeds=1)
    assert list(lines) == [("SVAMP", "ours (n = 237)")]
    assert "Not judged: 1 of 3 seeds" in caption
    assert "1,065 training problems, the paper has 761 of them" in caption


@pytest.mark.parametrize(("model", "reason"), [(SMALL, "other split"),
                         ("SmolLM2", "other split and model")])  # fmt: skip
def test_svamp_itself_is_another_split(model, reason):
    lines, caption = ours("table2", "cot", dataset="svamp", model=model, n=9, seeds=1)
    [(dataset, name)] = lines
    assert dataset == "svamp" and name.endswith(": ours (n = 9)")
    assert f"Ours are not compared: {reason}." in caption


def test_facts_are_the_gold_steps_of_strategyqa():
    run = {"n": 9, "seeds": 1}
    lines, _ = ours("table2", "gt_steps", dataset="strategyqa", model=XL, **run)
    assert [*lines["StrategyQA", "ours (n = 9)"]] == ["GT Facts"]
    assert [*ours("table2", "gt_steps", **run)[0]["GSM8K", "ours (n = 9)"]] == [
        "GT Steps"
    ]


@pytest.mark.parametrize(
    ("student", "dataset", "model", "note"),
    [
        ("iterative, questions of the teacher", "gsm8k", SMALL, "the LLM's"),
        ("iterative, gold questions", "gsm8k", SMALL, "with gold questions"),
        ("iterative, teacher answers gold questions", "strategyqa", XL,
         "provided questions"),
    ],
)  # fmt: skip
def test_socgt(student, dataset, model, note):
    lines, caption = ours("table2", student, dataset=dataset, model=model, n=9)
    [cells] = lines.values()
    assert [*cells] == ["Iterative SocGT"] and note in caption


def test_one_meaning_of_socgt_per_cell():
    nearest, other = socratic_cot.SOCGT["gsm8k"]
    both = rows_of(nearest, n=9, right=1, seeds=1)
    both += rows_of(other, n=9, right=9, seeds=1)
    table = socratic_cot.beside("socratic_cot_table2", both, "paper")
    assert table.loc[1, "Iterative SocGT"].startswith("11.1")


@pytest.mark.parametrize(
    ("student", "dataset"),
    [
        ("iterative, gold questions", "strategyqa"),  # another meaning there
        ("iterative, teacher answers gold questions", "gsm8k"),
        ("iterative, both oracles", "gsm8k"),
    ],
)
def test_no_other_row_is_socgt(student, dataset):
    assert ours("table2", student, dataset=dataset, n=9)[0] == {}


def test_our_rows_of_socgt_are_ablations():
    names = {ablation.name for ablation in ablations.ABLATIONS}
    assert {name for group in socratic_cot.SOCGT.values() for name in group} <= names
    arms = socratic_cot.NAMES["arms"]
    others = {*arms["socratic_cot_table5"], *arms["socratic_cot_fig6"]}
    mains = {*others, *socratic_cot.QUESTIONS} - names
    assert mains == {socratic_cot.PAIR, "gt_steps"}
    assert set(arms["socratic_cot_table3"]) == set(WAYS)
    for name, columns in arms.items():
        assert {*columns.values()} <= {*paper_table(name).columns}


def test_a_size_that_the_paper_lacks_is_another_model():
    lines, caption = ours("table2", "cot", model=XL, n=9)
    assert list(lines) == [("GSM8K", "GPT-2 XL: ours (n = 9, 3 seeds)")]
    assert "not compared: other model." in caption


def test_all_runs_stand_in_the_shape_of_table_2():
    cell = {"dataset": "SVAMP", "student_model": "GPT-2 Large", "supervision": "CoT"}
    scores = {"seeds": 3, "n": 237.0, "mean": 0.2, "ci_low": 0.15, "ci_high": 0.25}
    grid = pd.DataFrame(
        [
            {**cell, **scores, "covered": "yes"},
            {**cell, "supervision": "Answer Only", "seeds": 0},
        ]
    )
    table = socratic_cot.grid_beside(grid)
    last = table.iloc[-1]
    assert last["CoT"] == "20.0 (15.0–25.0)" and last["Answer Only"] == "–"
    assert last["student_model"] == "ours (n = 237, 3 seeds)"


# --- Tables 3 and 5, Figure 6 ---------------------------------------------------------


def test_without_questions_and_with_guides():
    arms = [socratic_cot.PAIR, "no sub-question module", "iterative, gold steps",
            "iterative, predicted equations", "gt_steps"]  # fmt: skip
    lines, caption = ours("table5", *arms, n=30, right=3, seeds=1)
    cells = lines["GSM8K", "ours (n = 30)"]
    assert [*cells] == ["No sub-question module", "Iterative"]
    assert cells["Iterative"].startswith("10.0 (") and "guide" in caption
    lines, caption = ours("fig6", *arms, n=30, right=3, seeds=1)
    assert [*lines["GSM8K", "ours (n = 30)"]] == ["GT Steps", "No guide", "Guide"]
    assert "planner" in caption


def test_a_default_is_shown_on_the_problems_of_its_ablations():
    rows = rows_of(socratic_cot.PAIR, n=9, right=5, seeds=1)
    rows += rows_of("no sub-question module", n=3, right=1, seeds=1)
    table = socratic_cot.beside("socratic_cot_table5", rows, "paper")
    [line] = table[table["student_model"].str.contains("ours")].to_dict("records")
    assert line["student_model"] == "ours (n = 3)"
    assert line["Iterative"].startswith("100.0 (")


@pytest.mark.parametrize("dataset", ["strategyqa", "multistep"])
def test_only_gsm8k_is_compared(dataset):
    lines, caption = ours("table5", "no sub-question module", dataset=dataset, n=9)
    assert len(lines) == 1 and "not compared: other dataset." in caption
    assert ours("table5", "cot", n=9)[0] == {}


def test_a_prompted_teacher_is_another_model():
    lines, caption = ours("table3", *WAYS, model="gpt-4.1-mini", n=9, seeds=1)
    assert {key: [*cells] for key, cells in lines.items()} == {
        ("GSM8K", "gpt-4.1-mini: ours (n = 9)"): list(WAYS)
    }
    assert "gpt-4.1-mini" in caption and "not compared: other model." in caption


# --- Table 4 --------------------------------------------------------------------------


def quality(*lines, **changes):
    run = {"dataset": "gsm8k", "student": "openai-community/gpt2-large"} | changes
    table = pd.DataFrame(lines, columns=COLUMNS)
    return socratic_cot.questions_beside(table, **run, scale="paper")


def test_quality_of_questions():
    table = quality(
        (socratic_cot.PAIR, 1319, 50.0, None, 0.45, 0.4, 0.5),
        ("iterative, predicted equations", 1319, 60.0, 0.8, 0.7, 0.6, 0.79),
        ("iterative, questions upfront", 1319, 60.0, 0.8, 0.7, 0.6, 0.79),
        ("iterative, gold equations", 9, 60.0, 0.8, 0.7, 0.6, 0.79),
    )
    assert table.drop(columns="student_model").to_numpy().tolist() == [
        ["none", "51.5", "0.78", "0.42"],
        ["ours (n = 1,319)", "50.0", "–", "0.45 (0.40–0.50)"],
        ["equations", "58.8", "0.81", "0.80"],
        ["ours (n = 1,319)", "60.0", "0.80", "0.70 (0.60–0.79)"],
        ["gold equations (an upper bound): ours (n = 9)", "60.0", "0.80",
         "0.70 (0.60–0.79)"],
    ]  # fmt: skip
    assert not table.attrs["grey"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"student": "openai-community/gpt2"}, "other model"),
        ({"dataset": "multistep"}, "other dataset"),
    ],
)
def test_quality_elsewhere_is_context(changes, reason):
    table = quality((socratic_cot.PAIR, 100, 50.0, 0.8, 0.45, 0.4, 0.5), **changes)
    assert len(table.attrs["grey"]) == 1
    assert f"not compared: {reason}." in table.attrs["caption"]


# --- gains ----------------------------------------------------------------------------


def test_the_papers_arrows_are_shares_of_the_new_value():
    gains = socratic_cot.gains()
    assert gains["of_new_%"].tolist() == [21.6, 38.1, 33.1, 13.7, 5.4, -4.3, 41.6]
    assert gains["of_old_%"].tolist() == [27.5, 61.7, 49.5, 15.9, 5.7, -4.1, 71.3]
    assert gains["printed_%"].tolist() == [20, 38, 33, 13, 5, -4, 41]
    cut = gains["of_new_%"].astype(int) == gains["printed_%"]
    assert gains[~cut]["model"].tolist() == ["GPT-2 Small"]  # notebook 07 says so


def test_our_gains_are_relative_both_ways():
    main = pd.DataFrame(
        {"split": "test", "student": name, "accuracy": share}
        for name, share in (("cot", 0.2), (socratic_cot.PAIR, 0.25))
    )
    elsewhere = main.assign(split="challenge", accuracy=0.9)
    [line] = socratic_cot.own_gains(pd.concat([main, elsewhere])).to_dict("records")
    assert (line["old"], line["of_new_%"], line["of_old_%"]) == ("cot", 20.0, 25.0)
    assert socratic_cot.own_gains(main[:1]).empty
    with pytest.raises(ValueError, match="several lines"):
        socratic_cot.own_gains(pd.concat([main, main.assign(accuracy=0.5)]))
