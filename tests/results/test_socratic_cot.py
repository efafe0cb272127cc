"""Socratic CoT: which of our rows answers to which cell, and when it is compared."""

import pandas as pd
import pytest

from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.experiments.socratic_cot.prompting import WAYS
from socratic_utils.metrics.question_quality import COLUMNS
from socratic_utils.results.papers import socratic_cot

XL = "openai-community/gpt2-xl"
# All test problems of GSM8K; one of the three seeds.
SCORES = {"n": 1319, "correct": 132, "accuracy": 0.1, "ci_low": 0.08, "ci_high": 0.12}
ONE_SEED = "not judged: 1 of 3 seeds"


def main(student, dataset="gsm8k", model="openai-community/gpt2", **changes):
    line = {"dataset": dataset, "split": "test", "student": student, "model": model}
    return pd.DataFrame([line | SCORES | changes])


def table2(*words, **changes):
    return socratic_cot.compare_main(main(*words, **changes), "paper").to_dict(
        "records"
    )


# --- Table 2 --------------------------------------------------------------------------


def test_svamp_of_the_paper_is_multistep():
    [line] = table2("cot", "multistep", accuracy=0.06, ci_low=0.04, ci_high=0.08)
    assert (line["paper_dataset"], line["paper"]) == ("SVAMP", 0.0535)
    assert line["difference"] == pytest.approx(0.0065) and line["covered"] == ONE_SEED
    assert line["note"] == "1,065 training problems, the paper has 761 of them"


def test_svamp_itself_is_another_split():
    lines = table2("cot", "svamp")
    assert [line["paper"] for line in lines] == [0.0535, 0.173, 0.236]  # context
    assert {line["note"] for line in lines} == {"other split: not comparable"}
    assert all(pd.isna(line["covered"]) for line in lines)
    assert all(pd.isna(line["difference"]) for line in lines)
    lines = table2("cot", "svamp", "SmolLM2")
    assert {line["note"] for line in lines} == {"other split and model: not comparable"}


def test_facts_are_the_gold_steps_of_strategyqa():
    [line] = table2("gt_steps", "strategyqa", XL, accuracy=0.66, ci_high=0.7)
    assert (line["paper_supervision"], line["paper"]) == ("GT Facts", 0.663)
    assert line["covered"] == ONE_SEED and line["difference"] == pytest.approx(-0.003)
    [line] = table2("gt_steps")
    assert (line["paper_supervision"], line["paper"]) == ("GT Steps", 0.0505)


@pytest.mark.parametrize(
    ("student", "dataset", "model", "value", "note"),
    [
        ("iterative, questions of the teacher", "gsm8k", "gpt2", 0.0644, "the LLM's"),
        ("iterative, gold questions", "gsm8k", "gpt2", 0.0644, "gold questions"),
        ("iterative, teacher answers gold questions", "strategyqa", XL, 0.6356,
         "provided questions"),
    ],
)  # fmt: skip
def test_socgt(student, dataset, model, value, note):
    [line] = table2(student, dataset, model)
    assert line["paper_supervision"] == "Iterative SocGT" and line["paper"] == value
    assert note in line["note"] and line["covered"] == ONE_SEED


@pytest.mark.parametrize(
    ("student", "dataset"),
    [
        ("iterative, gold questions", "strategyqa"),  # another meaning there
        ("iterative, teacher answers gold questions", "gsm8k"),
        ("iterative, both oracles", "gsm8k"),
        ("iterative, gold questions", "multistep"),  # no such cell, so context
    ],
)
def test_no_other_row_is_socgt(student, dataset):
    assert all(pd.isna(line["covered"]) for line in table2(student, dataset))


def test_our_rows_of_socgt_are_ablations():
    names = {ablation.name for ablation in ablations.ABLATIONS}
    assert {name for group in socratic_cot.SOCGT.values() for name in group} <= names
    others = pd.concat(socratic_cot.cells_of(w) for w in ("Table 5", "Figure 6"))
    others = {*others["ours"].dropna(), *socratic_cot.QUESTIONS}
    assert others - names == {socratic_cot.PAIR}
    assert set(socratic_cot.cells_of("Table 3")["ours"]) == set(WAYS)


def test_a_size_that_the_paper_lacks_is_another_model():
    lines = table2("cot", "gsm8k", XL)
    assert len(lines) == 3
    assert {line["note"] for line in lines} == {"other model: not comparable"}


def test_another_scale_is_another_recipe():
    [note] = set(socratic_cot.compare_main(main("cot"), "small")["note"])
    assert note == "another scale, so another recipe: not comparable"


# --- Tables 3 and 5, Figure 6 ---------------------------------------------------------


def ablated(*students, prompting=None, **changes):
    tables = pd.concat(main(student, **changes) for student in students)
    prompting = pd.DataFrame() if prompting is None else prompting
    found = socratic_cot.compare_ablations(
        tables, prompting, dataset="gsm8k", teacher="gpt-4.1-mini", scale="paper"
    )
    return found.to_dict("records")


def test_without_questions_and_with_guides():
    lines = ablated(
        socratic_cot.PAIR, "no sub-question module", "iterative, gold steps",
        "iterative, predicted equations", "gt_steps",
    )  # fmt: skip
    found = [(x["where"], x["student"], x["paper"], x["covered"]) for x in lines]
    assert found == [
        ("Table 5", socratic_cot.PAIR, 0.0598, ONE_SEED),
        ("Table 5", "no sub-question module", 0.027, ONE_SEED),
        ("Figure 6", socratic_cot.PAIR, 0.051, ONE_SEED),
        ("Figure 6", "iterative, predicted equations", 0.0598, ONE_SEED),
    ]
    assert "guide" in lines[0]["note"] and not lines[1]["note"]
    assert lines[2]["difference"] == pytest.approx(0.049) and not lines[2]["note"]
    assert "planner" in lines[3]["note"]


def test_lines_of_other_problems_are_refused():
    tables = pd.concat([main(socratic_cot.PAIR), main("iterative, gold steps", n=60)])
    with pytest.raises(ValueError, match="lines of different n"):
        socratic_cot.compare_ablations(
            tables, pd.DataFrame(), dataset="gsm8k", teacher="t", scale="paper"
        )


def test_only_gsm8k_is_compared():
    for dataset in ("strategyqa", "multistep"):
        lines = ablated("no sub-question module", dataset=dataset)
        assert len(lines) == 3 and all(pd.isna(line["covered"]) for line in lines)
        assert {line["note"] for line in lines} == {"other dataset: not comparable"}
    assert ablated("cot") == []


def test_a_prompted_teacher_is_another_model():
    prompting = pd.DataFrame({"prompt": way, **SCORES, "p_value": 1.0} for way in WAYS)
    lines = ablated("cot", prompting=prompting)
    assert [line["student"] for line in lines] == list(WAYS)
    assert [line["paper"] for line in lines] == [0.275, 0.471]
    assert {line["note"] for line in lines} == {"other model: not comparable"}
    assert {line["model"] for line in lines} == {"gpt-4.1-mini"}
    assert {line["where"] for line in lines} == {"Table 3"}


# --- Table 4 --------------------------------------------------------------------------


def quality(*lines, **changes):
    run = {"dataset": "gsm8k", "student": "openai-community/gpt2-large"} | changes
    table = pd.DataFrame(lines, columns=COLUMNS)
    found = socratic_cot.compare_questions(table, **run, scale="paper")
    return found.to_dict("records")


def test_quality_of_questions():
    lines = quality(
        (socratic_cot.PAIR, 1319, 50.0, None, 0.45, 0.4, 0.5),
        ("iterative, predicted equations", 1319, 60.0, 0.8, 0.7, 0.6, 0.79),
        ("iterative, questions upfront", 1319, 60.0, 0.8, 0.7, 0.6, 0.79),
    )
    assert [(x["measure"], x["paper_value"]) for x in lines[:3]] == [
        ("BLEU", 51.5), ("BERTScore F1", 0.78), ("#Q", 0.42)]  # fmt: skip
    assert (lines[0]["gap"], lines[2]["gap"]) == (-1.5, 0.03)
    assert pd.isna(lines[1]["gap"]) and lines[2]["covered"] == "yes"
    assert pd.isna(lines[0]["covered"])  # BLEU has no interval
    assert "BERTScore is not available" in lines[1]["note"] and not lines[0]["note"]
    assert [x["paper_value"] for x in lines[3:]] == [58.8, 0.81, 0.8]
    assert lines[4]["gap"] == -0.01 and lines[5]["covered"] == "no"
    assert len(lines) == 6  # questions upfront are not in the paper
    *_, few = quality((socratic_cot.PAIR, 100, 50.0, 0.8, 0.45, 0.4, 0.5))
    assert (few["gap"], few["covered"]) == (0.03, "not judged: 100 of 1,319 problems")


def test_gold_equations_are_an_upper_bound():
    line, *_ = quality(("iterative, gold equations", 9, 60.0, 0.8, 0.7, 0.6, 0.79))
    assert line["gap"] == 1.2 and "upper bound" in line["note"]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"student": "openai-community/gpt2"}, "other model: not comparable"),
        ({"dataset": "multistep"}, "other dataset: not comparable"),
    ],
)
def test_quality_elsewhere_is_context(changes, note):
    *_, line = quality((socratic_cot.PAIR, 100, 50.0, 0.8, 0.45, 0.4, 0.5), **changes)
    assert pd.isna(line["gap"]) and pd.isna(line["covered"]) and line["note"] == note
    assert line["paper_value"] == 0.42


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
