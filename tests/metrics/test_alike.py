"""Like beside like: every table restricts unlike rows, refuses or labels them."""

import pandas as pd
import pytest

from socratic_utils.experiments.socratic_cot.ablations import paired_line
from socratic_utils.metrics.alike import alike, blocks
from socratic_utils.metrics.contrast_sets import contrast_table
from socratic_utils.metrics.question_quality import quality_table
from socratic_utils.problems import Problem, Step
from socratic_utils.results import figures, tables
from socratic_utils.results.papers import scotd, socratic_cot

GREEDY, SAMPLED = {"temperature": 0.0}, {"temperature": 0.7}
STEPS = (Step("How many?", "5.", "5"),)
PROBLEMS = [
    Problem(f"p{i}", "toy", "test", "2 + 3?", "5", steps=STEPS) for i in range(10)
]


def rows_of(student="cot", right=(), count=10, **changes):
    """Rows of problems p0, p1, ... of which those in `right` are solved."""
    row = {"dataset": "toy", "split": "test", "student": student, "model": "tiny",
           "teacher": "t", "seed": 0, "truncated": False, "decoding": GREEDY,
           "steps_gold": 1, "unseen": True, "variant": "reordered", "share": 1.0,
           "step": 9, "part": "reported", "gold": "5",
           "lines": [{"role": "question", "text": "Q: How many?"}],
           } | changes  # fmt: skip
    return [{**row, "id": f"p{i}", "correct": i in right, "correct_strict": False}
            for i in range(count)]  # fmt: skip


TABLES = {
    "main": tables.main_table,
    "paired": tables.paired_table,
    "strict": tables.strict_table,
    "by_steps": tables.by_steps,
    "by_group": tables.by_group,
    "errors": lambda rows: tables.error_table(rows, PROBLEMS),
    "errors_by_steps": lambda rows: tables.errors_by_steps(rows, PROBLEMS),
    "data_size": lambda rows: tables.scores_by(rows, ["student", "share"]),
    "questions": lambda rows: quality_table(rows, PROBLEMS),
    "scotd": lambda rows: pd.DataFrame(scotd.scores(rows)),
    "contrast": lambda rows: contrast_table(rows, {f"p{i}": "p9" for i in range(9)}),
}
WITHOUT_COLUMN = sorted(set(TABLES) - {"main"})
ONE_OF_EACH = {"model": "large", "seed": 1, "teacher": "another", "dataset": "other"}


HAVE_DATASET = {"strict", "by_steps", "by_group", "errors", "errors_by_steps"}


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column) for table in WITHOUT_COLUMN for column in ONE_OF_EACH
     if column != "seed" and not (column == "dataset" and table in HAVE_DATASET)],
)  # fmt: skip
def test_two_arms_of_unlike_runs_are_refused(table, column):
    """A table without a column that tells them apart may not hold both."""
    unlike = rows_of("cot") + rows_of("gt_steps", **{column: ONE_OF_EACH[column]})
    with pytest.raises(ValueError, match=f"give one {column} at a time"):
        TABLES[table](unlike)


@pytest.mark.parametrize("table", sorted(set(WITHOUT_COLUMN) - {"paired"}))
def test_two_seeds_are_refused_where_they_are_not_paired(table):
    with pytest.raises(ValueError, match="give one seed at a time"):
        TABLES[table](rows_of("cot") + rows_of("cot", seed=1))


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"scotd"}))
def test_greedy_and_sampled_arms_are_refused(table):
    with pytest.raises(ValueError, match="give one decoding at a time"):
        TABLES[table](rows_of("cot") + rows_of("gt_steps", decoding=SAMPLED))


@pytest.mark.parametrize(
    "table", sorted(set(TABLES) - {"scotd", "contrast", "questions", "errors_by_steps"})
)
def test_other_problems_are_dropped_with_a_warning_and_n_is_shown(table):
    unlike = rows_of("cot", {0, 9}) + rows_of("gt_steps", {1}, count=6)
    unlike = [row | {"correct_strict": not row["correct"]} for row in unlike]
    with pytest.warns(UserWarning, match="not the same problems: 4 of 16 rows"):
        found = TABLES[table](unlike)
    shown = found["n"] if "n" in found else found["wrong"] + (found["student"] != "")
    assert set(shown) == {6}


def test_the_default_is_restricted_to_the_problems_of_its_ablation():
    """17 % of 200 beside 20 % of 60 are 25 % and 20 % of the same 60."""
    default = rows_of("default", {*range(15), *range(60, 79)}, count=200)
    ablated = rows_of("default, changed", set(range(12)), count=60)
    with pytest.warns(UserWarning, match="not the same problems"):
        table = tables.main_table(default + ablated)
    assert table["n"].tolist() == [60, 60]
    assert table["accuracy"].tolist() == [0.25, 0.2]
    whole, same = blocks(default + ablated)
    assert [len(whole), len(same)] == [200, 120]


def test_seeds_are_paired_where_both_have_them():
    both = rows_of("a", {0}) + rows_of("a", {0, 1}, seed=1) + rows_of("b", {0})
    with pytest.warns(UserWarning, match="10 of 30 rows"):
        table = tables.paired_table(both)
    assert table.iloc[0].tolist() == ["a", "b", 0, 0, 1.0, 10]


def test_arms_without_a_common_problem_are_refused():
    other = [row | {"id": f"x{row['id']}"} for row in rows_of("b")]
    with pytest.raises(ValueError, match="no problem in common"):
        tables.main_table(rows_of("a") + other)


def test_gold_steps_and_a_teachers_chains_may_stand_side_by_side():
    rows = rows_of("gt_steps", teacher="gold") + rows_of("cot", teacher="t")
    assert len(tables.paired_table(rows + rows_of("few", teacher="exemplars"))) == 3


def test_a_line_of_two_splits_or_of_a_problem_twice_is_refused():
    names = ["student", "share"]
    challenge = [r | {"id": f"c{r['id']}"} for r in rows_of("cot", split="challenge")]
    with pytest.raises(ValueError, match="one split"):
        tables.scores_by(rows_of("cot") + challenge, names)
    with pytest.raises(ValueError, match="predicted twice"):
        tables.scores_by(rows_of("cot") * 2, names)
    assert len(alike(rows_of("cot") + challenge, ["student", "split"])) == 20


def test_votes_stand_beside_greedy_decoding_on_the_same_problems():
    voted = [
        {**row, "student": "s, votes", "decoding": SAMPLED, "sample": i, "gold": "1",
         "extracted": "1", "logprob": -1.0}
        for row in rows_of(count=3) for i in range(2)
    ]  # fmt: skip
    whole, greedy, votes = scotd.scores(rows_of("s", {0, 9}) + voted)
    assert (whole["n"], greedy["n"], votes["n"]) == (10, 3, 3)
    assert (whole["correct"], greedy["correct"], votes["correct"]) == (2, 1, 3)


def test_table_2_has_the_students_on_the_problems_of_socgt_too():
    socgt = rows_of("iterative, gold questions", {0, 1}, count=4, dataset="gsm8k")
    rows = rows_of("socratic_iterative", {0, 9}, dataset="gsm8k")
    other = rows_of("cot, calculator", count=2, dataset="gsm8k")  # in no cell
    every = [*rows, *socgt, *other]
    table = socratic_cot.beside("socratic_cot_table2", every, "small")
    ours = table[table["student_model"].str.contains("ours")]
    columns = ["student_model", "Iterative SocCoT", "Iterative SocGT"]
    assert ours[columns].replace(r" \(\d.*", "", regex=True).to_numpy().tolist() == [
        ["tiny: ours (n = 10)", "20.0", "–"], ["tiny: ours (n = 4)", "25.0", "50.0"],
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["model", "teacher", "seed", "decoding"])
def test_an_ablation_of_another_run_than_its_default_is_refused(column):
    changes = {**ONE_OF_EACH, "decoding": SAMPLED}
    with pytest.raises(ValueError, match=f"one {column} at a time"):
        paired_line("changed", rows_of(**{column: changes[column]}), rows_of())
    assert paired_line("changed", rows_of("b", {1}), rows_of())["n"] == 10


def test_contrast_pairs_are_those_that_every_student_has():
    base_of = {"p1": "p0", "p3": "p2"}
    few = [row for row in rows_of("gt_steps", {0}) if row["id"] != "p3"]
    table = contrast_table(rows_of("cot", {0, 1, 2}) + few, base_of)
    assert [(line["student"], line["pairs"]) for line in table] == [
        ("cot", 1), ("gt_steps", 1)]  # fmt: skip


MAIN = tables.main_table(rows_of("cot", {0}))


def test_seeds_of_unlike_runs_are_not_averaged():
    one = rows_of("cot", {0})
    unlike = {"seed": 2, "teacher": "other"}, {"seed": 4, "model": "large"}
    rows = [*one, *rows_of("cot", {0, 1, 2}, seed=1)]
    rows += [row for change in unlike for row in rows_of("cot", {0}, **change)]
    table = tables.over_seeds(rows).sort_values("seeds", ascending=False)
    assert table["seeds"].tolist() == [2, 1, 1]
    assert table["accuracy"].tolist() == [0.2, 0.1, 0.1]
    with pytest.warns(UserWarning, match="not the same problems"):
        fewer = tables.over_seeds([*one, *rows_of("cot", {0}, count=6, seed=1)])
    assert fewer[["n", "seeds"]].values.tolist() == [[6, 2]]


def test_figures_refuse_unlike_scores():
    steps = tables.by_steps(rows_of("cot") + rows_of("gt_steps"))
    with pytest.raises(ValueError, match="occurs twice"):
        figures.accuracy_by(pd.concat([steps, steps]), "steps_gold")
    with pytest.raises(ValueError, match="differ in n"):
        figures.accuracy_by(steps.assign(n=[10, 60]), "steps_gold")
    chains = pd.DataFrame([{"student": "greedy", "chains": 1, **MAIN.iloc[0, 6:11]}])
    with pytest.raises(ValueError, match="another n"):
        figures.chains_figure(chains, label_only={"n": 60})
    errors = tables.error_table(rows_of("cot"), PROBLEMS)
    with pytest.raises(ValueError, match="occurs twice"):
        figures.error_figure(pd.concat([errors, errors]))
    both = pd.concat([MAIN, MAIN.assign(teacher="other")])
    ticks = figures.accuracy_figure(both).axes[0].get_yticklabels()
    assert [t.get_text() for t in ticks] == [
        "CoT, teacher t\n(n = 10)", "CoT, teacher other\n(n = 10)"]  # fmt: skip
