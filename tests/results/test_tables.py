"""Tables: exact columns, hand-counted cells, and what is written to disk."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from socratic_utils.metrics import comparison
from socratic_utils.problems import Problem, Step
from socratic_utils.results import figures
from socratic_utils.results import tables as results
from socratic_utils.results.formats import (
    SMOKE,
    format_cell,
    head,
    to_html,
    to_latex,
    to_markdown,
)
from socratic_utils.results.papers import paper_table
from socratic_utils.results.papers.socratic_cot import beside, column_of
from socratic_utils.students.supervision import STUDENTS, Student

MAIN = "dataset split student model teacher seed n correct accuracy ci_low ci_high"
PAIRED = "student_a student_b only_a only_b p_value n"
PROBLEMS = [
    Problem(f"p{i}", "gradeschool", "test", "2 + 3?", "5",
            steps=(Step("How many are there?", "There are 2 + 3 = 5.", "5"),))
    for i in range(10)
]  # fmt: skip


def rows_of(student, right, split="test", **changes):
    """Ten rows; problem i is solved if i is in `right`."""
    fixed = {
        "dataset": "gradeschool", "split": split, "student": student, "model": "tiny",
        "teacher": "t", "seed": 0, "truncated": False, "steps_gold": 1, "family": "f",
        "unseen": None, "variant": None, "gold": "5",
        "lines": [{"role": "solution", "text": "There are 2 + 3 = 6."}],
    }  # fmt: skip
    return [
        {**fixed, "id": f"p{i}", "correct": i in right, "correct_strict": i in right}
        | changes
        for i in range(10)
    ]


@pytest.fixture
def rows():
    """Unordered on purpose: five students, A right on 0-4, unified on 2-8."""
    right = {
        "socratic_unified": range(2, 9), "cot": range(5), "my_ablation": (),
        "socratic_iterative": range(10), "answer_only": (0,), "gt_steps": range(5),
    }  # fmt: skip
    challenge = rows_of("cot", {1}, "challenge", variant="number_added", unseen=True)
    return challenge + [r for s, ids in right.items() for r in rows_of(s, ids)]


def test_main_table(rows):
    rows[-1]["truncated"] = True  # of gt_steps, the last group
    table = results.main_table(rows)
    assert list(table.columns) == [*MAIN.split(), "truncated"]
    assert list(table["student"]) == [*STUDENTS, "my_ablation", "cot"]
    assert list(table["split"]) == ["test"] * 6 + ["challenge"]
    cot = table[table["student"] == "cot"].iloc[0]
    numbers = list(cot[["n", "correct", "accuracy", "ci_low", "ci_high", "truncated"]])
    assert numbers == [10, 5, 0.5, 0.2366, 0.7634, 0.0]
    assert table[table["student"] == "gt_steps"]["truncated"].item() == 0.1
    with pytest.raises(ValueError, match="predicted twice"):
        results.main_table(rows + rows[:1])
    empty = results.main_table([])
    assert list(empty.columns) == [*MAIN.split(), "truncated"]
    assert empty.attrs["caption"] == ""


def test_the_caption_says_what_guessing_would_score(rows):
    golds = dict(zip((f"p{i}" for i in range(10)), "5557777788", strict=True))
    asked = [row | {"gold": golds[row["id"]]} for row in rows if row["split"] == "test"]
    changed = [row for row in rows if row["split"] == "challenge"]
    words = ("Guessing the most frequent gold answer would score 50.0 % (test), "
             "100.0 % (challenge).")  # fmt: skip
    assert results.main_table(changed + asked).attrs["caption"] == words


def test_a_new_student_stands_in_the_order_of_the_registry(rows, monkeypatch):
    new = Student("final_step", "Final step", "#123456", ("qa",), "baseline", "CoT")
    monkeypatch.setitem(STUDENTS, new.name, new)
    rows = rows_of("another", ()) + rows_of("final_step", {0}) + rows
    names = [*STUDENTS, "another", "my_ablation"]
    main = results.main_table(rows)
    assert list(main[main["split"] == "test"]["student"]) == names
    pairs = results.paired_table(rows)
    assert list(dict.fromkeys(pairs["student_a"])) == names[:-1]
    assert list(dict.fromkeys(results.by_steps(rows)["student"]))[:6] == names[:6]
    errors = results.error_table(rows, PROBLEMS)
    assert list(dict.fromkeys(errors["student"]))[:6] == names[:6]
    assert column_of(new.name, "gsm8k") == "CoT"  # the registry's
    figure = figures.accuracy_figure(main)
    assert new.colour in {line.get_color() for line in figure.axes[0].lines}
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels[5] == "Final step\n(n = 10)"
    assert figures.accuracy_by(results.by_steps(rows), "steps_gold")


def test_paired_table(rows):
    table = results.paired_table(rows)
    assert list(table.columns) == PAIRED.split()
    assert len(table) == 15  # 6 students
    pair = table[(table.student_a == "cot") & (table.student_b == "socratic_unified")]
    # cot alone: 0, 1; unified alone: 5, 6, 7, 8; 2 of 6: p = 2 * (1 + 6 + 15) / 64
    assert pair.iloc[0, 2:].tolist() == [2, 4, 0.6875, 10]
    assert list(results.paired_table(rows, "challenge").columns) == PAIRED.split()
    with pytest.raises(ValueError, match="one model"):
        results.paired_table(rows + rows_of("cot", (), model="large"))
    with pytest.raises(ValueError, match="one dataset"):
        results.paired_table(rows + rows_of("cot", (), dataset="gsm8k", seed=1))
    with pytest.warns(UserWarning, match="not the same problems"):
        fewer = results.paired_table(rows_of("cot", {0}) + rows_of("b", {1})[:1])
    assert fewer.iloc[0].tolist() == ["cot", "b", 1, 0, 1.0, 1]


def test_paired_table_pairs_seeds():
    a = rows_of("cot", {0}) + rows_of("cot", {0, 1}, seed=1)
    b = rows_of("gt_steps", {0}) + rows_of("gt_steps", {0}, seed=1)
    assert results.paired_table(a + b).iloc[0, 2:4].tolist() == [0, 1]


def test_strict_table(rows):
    assert results.strict_table(rows).empty
    for row in rows:
        if row["student"] == "cot" and row["id"] in ("p0", "p1"):
            row["correct_strict"] = False
    table = results.strict_table(rows)
    assert table["split"].tolist() == ["test", "challenge"]
    assert table.iloc[0, 3:].tolist() == [10, 5, 3, 0.5, 0.3]


def test_by_steps_and_groups(rows):
    for row in rows_of("cot", {0}, id="x", steps_gold=12)[:1]:
        rows.append(row)
    rows += rows_of("cot", {0}, id="y", steps_gold=2)[:1]
    rows += rows_of("cot", {0}, id="z", steps_gold=0)[:1]
    table = results.by_steps(rows)
    cot = table[(table["student"] == "cot") & (table["split"] == "test")]
    assert cot["steps_gold"].tolist() == [1, 2, 12]
    assert cot["n"].tolist() == [10, 1, 1]
    groups = results.by_group(rows)
    assert groups["variant"].tolist() == ["number_added"]
    assert groups["accuracy"].tolist() == [0.1]


def test_error_table(rows):
    table = results.error_table(rows, PROBLEMS)
    cot = table[(table["student"] == "cot") & (table["split"] == "test")]
    wrong = cot[cot["error"] == "wrong arithmetic"].iloc[0]
    assert wrong[["wrong", "count", "share", "step"]].tolist() == [5, 5, 1.0, 1.0]
    assert cot["count"].sum() == 5
    perfect = table[table["student"] == "socratic_iterative"]
    assert perfect["count"].sum() == 0 and perfect["share"].isna().all()
    with pytest.raises(KeyError):
        results.error_table(rows, PROBLEMS[:3])


@pytest.mark.parametrize("kind", ["yes_no", "choice"])
def test_only_numeric_answers_have_first_errors(rows, kind):
    others = [replace(problem, kind=kind) for problem in PROBLEMS]
    assert results.error_table(rows, others).empty
    assert results.errors_by_steps(rows, others).empty


def test_errors_by_steps():
    known = [
        Problem(f"p{i}", "gradeschool", "test", "2 + 3?", "5",
                steps=PROBLEMS[0].steps * (1 + (i > 5)))
        for i in range(10)
    ]  # fmt: skip
    rows = [{**row, "steps_gold": len(p.steps)}
            for row, p in zip(rows_of("cot", {0, 9}), known, strict=True)]  # fmt: skip
    rows[1]["lines"] = []  # wrote nothing
    rows += [{**row, "steps_gold": 0} for row in rows_of("gt_steps", ())]
    table = results.errors_by_steps(rows, known)
    assert table["student"].tolist() == ["cot", "cot"]  # without steps: skipped
    assert table["steps_gold"].tolist() == [1, 2]
    assert table["n"].tolist() == [6, 4] and table["wrong"].tolist() == [5, 3]
    assert table["wrong arithmetic"].tolist() == [4, 3]
    assert table["no chain"].tolist() == [1, 0]
    assert table["wrong question"].sum() == 0
    assert results.errors_by_steps([], known).empty
    with pytest.raises(KeyError):
        results.errors_by_steps(rows, known[:3])


def test_paper_values():
    paper = paper_table("socratic_cot_table2").set_index(["dataset", "student_model"])
    assert paper.index.is_unique
    assert paper.notna().sum().sum() == 49  # the cells of Table 2 that are no dash
    assert paper.loc[("GSM8K", "GPT-2 Small"), "Iterative SocGT"] == 6.44
    assert paper.loc[("GSM8K", "GPT-2 Large"), "Iterative SocCoT"] == 17.89
    assert paper.loc[("StrategyQA", "GPT-2 XL"), "GT Facts"] == 66.30
    assert paper.loc[("SVAMP", "GPT-2 Large"), "CoT"] == 23.60
    assert {s.paper for s in STUDENTS.values()} < set(paper.columns)


def table2(rows, scale="paper", cut=""):
    """Our rows in Table 2 and its caption."""
    table = beside("socratic_cot_table2", rows, scale, cut)
    ours = table["student_model"].str.contains("ours")
    assert list(table.columns) == list(paper_table("socratic_cot_table2").columns)
    assert (~ours).sum() == 10  # the paper's rows stay
    return table[ours], table.attrs["caption"]


def test_ours_below_table_2():
    model = "openai-community/gpt2-medium"
    rows = rows_of("cot", {0}, dataset="gsm8k", model=model)
    rows += rows_of("socratic_iterative", (), dataset="gsm8k", model=model)
    rows += rows_of("cot", {0}, "validation", dataset="gsm8k", model=model)
    ours, caption = table2(rows)
    assert len(ours) == 1 and ours.index == [2]  # below GPT-2 Medium on GSM8K
    [line] = ours.to_dict("records")
    assert (line["dataset"], line["student_model"]) == ("GSM8K", "ours (n = 10)")
    assert line["CoT"] == "10.0 (1.8–40.4)" and line["Answer Only"] == "–"
    assert line["Iterative SocCoT"] == "0.0 (0.0–27.8)"
    assert "Not judged: 10 of 1,319 problems, 1 of 3 seeds" in caption
    assert "guide" in caption and "grey" not in caption
    assert not beside("socratic_cot_table2", rows, "paper").attrs["grey"]
    table = beside("socratic_cot_table2", rows, "paper", "trained on 9 of 99")
    assert table.attrs["grey"] == [2]
    assert "not compared: trained on 9 of 99." in table.attrs["caption"]


@pytest.mark.parametrize(
    ("dataset", "model", "scale", "place", "reason"),
    [
        ("gradeschool", "SmolLM2", "small", 10, "other dataset and model"),
        ("gsm8k", "SmolLM2", "small", 4, "other model"),
        ("gradeschool", "gpt2", "small", 10, "other dataset"),
        ("gsm8k", "gpt2", "small", 1, "another scale, so another recipe"),
        ("gsm8k", "gpt2", "smoke", 1, SMOKE),
    ],
)
def test_not_comparable_is_grey_and_said_once(dataset, model, scale, place, reason):
    rows = rows_of("cot", {0}, dataset=dataset, model=model)
    rows += rows_of("gt_steps", {0}, dataset=dataset, model=model)
    table = beside("socratic_cot_table2", rows, scale)
    assert table.attrs["grey"] == [place] == list(table2(rows, scale)[0].index)
    assert table.attrs["caption"].count(f"not compared: {reason}.") == 1


def test_other_students_have_no_place():
    rows = rows_of("my_ablation", {0}, dataset="gsm8k", model="gpt2")
    assert table2(rows)[0].empty


def test_save_tables(rows, tmp_path):
    tables = results.save_tables(rows, PROBLEMS, tmp_path, "smoke")
    assert {*tables} == {*results.CAPTIONS, "paired_challenge"} - {"seeds"}
    for name in tables:
        assert "mean nothing" in (tmp_path / f"{name}.caption").read_text()
        assert "mean nothing" in (tmp_path / f"{name}.md").read_text()
        check_latex((tmp_path / f"{name}.tex").read_text())
    assert len(list(tmp_path.iterdir())) == 4 * len(tables)  # no temporary file stays
    header = (tmp_path / "paired.csv").read_text().splitlines()[0]
    assert header == PAIRED.replace(" ", ",")
    again = pd.read_csv(tmp_path / "main.csv")
    pd.testing.assert_frame_equal(again, tables["main"], check_dtype=False)
    results.save_table(tables["main"], tmp_path, "main", "Ours.", "small")
    assert (tmp_path / "main.caption").read_text() == "Ours.\n"
    for name in ("../main", "a/b", "", "main.csv"):
        with pytest.raises(ValueError, match="file|name"):
            results.save_table(tables["main"], tmp_path, name, "")


def check_latex(text):
    """In form: balanced braces and environments, equal columns, signs escaped."""
    body = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert body.count("{") == body.count("}")
    assert re.findall(r"\\begin\{(\w+)", text) == ["table", "tabular"]
    assert re.findall(r"\\end\{(\w+)", text) == ["tabular", "table"]
    for rule in ("toprule", "midrule", "bottomrule"):
        assert text.count(rf"\{rule}") == 1
    width = len(re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1])
    cells = [line for line in body.splitlines() if "&" in line]
    assert cells and {line.count("&") for line in cells} == {width - 1}
    free = re.sub(r"\\label\{[^}]*\}", "", body)
    assert not re.search(r"[%_#$^~<>]", free)


HOSTILE = pd.DataFrame(
    {"name_": ["a|b & 50% $x_1$ {#} \\ ^~", "<script>alert(1)</script>"],
     "accuracy": [0.345, math.nan], "p_value": [1e-9, 0.5]}
)  # fmt: skip


def test_hostile_cells():
    latex = to_latex(HOSTILE, "100 % of_it", "x")
    check_latex(latex)
    assert r"50\% \$x\_1\$ \{\#\} \textbackslash{} \textasciicircum{}" in latex
    assert r"34.5 \% & \textless{}0.0001" in latex
    markdown = to_markdown(HOSTILE, "c").splitlines()
    assert markdown[4].startswith(r"| a\|b & 50%") and "| 34.5 % |" in markdown[4]
    page = to_html(HOSTILE)
    assert "<script" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("paper", 0.0505, "5.05 %"), ("difference", -0.0312, "-3.1 points"),
        ("p_value", 0.04999, "0.0500"), ("n", 200.0, "200"),
        ("seconds", 12.345, "12.35"), ("note", None, ""), ("accuracy", math.nan, ""),
        ("unseen", True, "True"),
        ("mean", 79.6, "79.6"),  # a percentage already, not 7960.0 %
    ],
)  # fmt: skip
def test_cells_are_formatted_by_column(column, value, text):
    assert format_cell(column, value) == text


def test_an_interval_stands_behind_its_score_and_empty_columns_are_left_out():
    names = ["only_a", "note", "difference", "ci_low", "ci_high"]
    lines = [(1, "", 0.05, -0.01, 0.11), (2, "", None, None, None)]
    table = pd.DataFrame(lines, columns=names)
    *_, first, second = to_markdown(table, "c").splitlines()
    heads = to_markdown(table, "c").splitlines()[2]
    assert heads == "| Only first right | Difference (95 % interval) |"
    assert first == "| 1 | +5.0 points (-1.0 to +11.0) |" and second == "| 2 |  |"
    assert head("with_distractor") == "With distractor" and head("p_holm") == "p (Holm)"


def test_arms_are_compared_with_their_defaults_on_what_both_have():
    rows = seeds_of("cot", {0}, {0, 1}, {0}) + seeds_of("x", {0, 1}, {0, 1})
    rows += [row for row in seeds_of("y", {5}) if row["id"] in ("p5", "p6")]
    pairs = [("one", "x", "cot"), ("two", "y", "cot"), ("two", "none", "cot")]
    table = results.differences(rows, pairs)
    assert table["arm"].tolist() == ["x", "y"]
    x, y = table.to_dict("records")
    assert (x["n"], x["seeds"], x["difference"]) == (10, 2, 0.05)
    assert x["by_seed"] == "10.0 0.0" and x["ci_low"] < 0 < x["ci_high"]
    assert (y["group"], y["n"], y["seeds"], y["difference"]) == ("two", 2, 1, 0.5)
    assert results.differences([], pairs).empty
    with pytest.raises(ValueError, match="model"):
        results.differences([*rows, *seeds_of("z", {1}, model="large")],
                            [("one", "z", "cot")])  # fmt: skip


def test_an_arm_decoded_from_its_defaults_trainings_is_compared_by_training():
    rows = seeds_of("cot", {0, 1, 2}, {5}, {0}) + seeds_of("same", {0, 1, 2}, {5}, {0})
    rows += seeds_of("tool", {0, 1, 2, 3}, {5, 6}, {0, 1})  # one more in every training
    rows += seeds_of("help", {0, 1, 2, 9}, {5, 9, 8, 7}, {0, 9, 8})  # one, three, two
    pairs = [("one", name, "cot") for name in ("same", "tool", "help")]
    anew = results.differences(rows, pairs)
    found = results.differences(rows, pairs, ["same", "tool", "help"])
    same, tool, more = found.to_dict("records")
    assert (same["difference"], same["ci_low"], same["ci_high"]) == (0, 0, 0)
    assert (tool["difference"], tool["by_seed"]) == (0.1, "10.0 10.0 10.0")
    assert (more["difference"], more["by_seed"]) == (0.2, "10.0 30.0 20.0")
    # What is gained varies, pooled over the two arms that gain anything.
    gains = []
    for gained in ([{3}, {6}, {1}], [{9}, {9, 8, 7}, {9, 8}]):
        right = np.array([[i in own for i in range(10)] for own in gained], float)
        ids = tuple(f"p{i}" for i in range(10))
        gains.append(comparison.Verdicts(right, (0, 1, 2), ids, ids))
    for line, own in zip((tool, more), gains, strict=True):
        expected = comparison.contrast([1], [own], gains)
        assert line["ci_low"] == pytest.approx(expected.low, abs=1e-4)
        assert expected.low != comparison.contrast([1], [own]).low
    assert (found["ci_low"] >= anew["ci_low"]).all()


def seeds_of(student, *right, **changes):
    changes |= {"family": None}
    return [row for seed, ids in enumerate(right)
            for row in rows_of(student, ids, seed=seed, **changes)]  # fmt: skip


def test_mean_and_deviation_over_seeds():
    rows = seeds_of("cot", {0}, {0, 1}, {0, 1, 2}) + seeds_of("gt_steps", range(5))
    cot, gold = results.over_seeds(rows).to_dict("records")[::-1]
    assert (cot["seeds"], cot["n"], cot["by_seed"]) == (3, 10, "10.0 20.0 30.0")
    assert (cot["accuracy"], cot["sd"], cot["min"], cot["max"]) == (0.2, 0.1, 0.1, 0.3)
    assert 0 <= cot["ci_low"] < 0.1 and 0.3 < cot["ci_high"] < 0.8
    single = [gold[name] for name in ("seeds", "accuracy", "ci_low", "ci_high")]
    assert single == [1, 0.5, 0.2366, 0.7634] and math.isnan(gold["sd"])  # Wilson's
    none = results.over_seeds(seeds_of("cot", (), (), ())).iloc[0]
    assert (none["ci_low"], none["ci_high"]) == (0, 0.2775)
    assert results.over_seeds([]).empty
    with pytest.raises(ValueError, match="predicted twice"):
        results.over_seeds([*rows, *rows[:1]])
    steps = results.by_steps(rows, results.over_seeds)
    assert steps[["steps_gold", "seeds"]].values.tolist() == [[1, 1], [1, 3]]


def test_one_more_seed_lies_within_what_the_committed_ones_predict():
    committed = seeds_of("cot", {0, 1}, {1, 2}, {2, 3}, {0, 3})
    committed += seeds_of("gt_steps", *[range(9)] * 4) + seeds_of("answer_only", {1})
    new = [row for student in ("answer_only", "gt_steps", "cot", "socratic_unified")
           for row in rows_of(student, {4}, seed=7)]  # fmt: skip
    table = results.reproduction_table(new, committed).set_index("student")
    assert list(table.index) == ["gt_steps", "cot"]  # the others have too few seeds
    cot, gold = table.loc["cot"], table.loc["gt_steps"]
    assert (cot["seed"], cot["accuracy"], cot["seeds"], cot["mean"]) == (7, 0.1, 4, 0.2)
    assert cot["from"] < 0.1 < 0.2 < cot["to"] and cot["within"] == "yes"
    assert (gold["from"], gold["to"], gold["within"]) == (0.9, 0.9, "no")
    assert results.reproduction_table(new, []).empty
    few = [row for row in new if row["id"] != "p3"]  # other test problems
    assert results.reproduction_table(few, committed).empty


def test_sizes_stand_together():
    rows = [row for model in ("hub/gpt2-large", "hub/gpt2", "hub/no-such", "gpt2-xl")
            for row in seeds_of("cot", {0}, {1, 2}, model=model)]  # fmt: skip
    table = results.by_size(results.over_seeds(rows))
    names = ["hub/gpt2", "hub/gpt2-large", "gpt2-xl", "hub/no-such"]
    assert list(table["model"]) == names
    assert set(table["seeds"]) == {2}
    assert results.by_size(results.over_seeds([])).empty
    axes = figures.accuracy_by(table, "model").axes[0]
    ticks = [label.get_text().split("\n")[0] for label in axes.get_xticklabels()]
    assert ticks == ["gpt2", "gpt2-large", "gpt2-xl", "no-such"]
