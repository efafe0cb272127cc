"""The right answers of notebook 05, computed from a run; docstrings are hints."""

from socratic_utils.experiments import data, saved, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.exercises import scratch
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.results.tables import error_table

PAIR = main_arm("socratic_iterative")


def outputs(settings):
    """The pair's rows on the test split; ValueError if there are none."""
    split = data.test_splits(settings)[0]
    rows = [row for row in saved.main_rows(settings) if row["split"] == split]
    if rows := [row for row in rows if row["student"] == PAIR.name]:
        return rows
    raise ValueError("the iterative student has no rows on disk")


def answer_1(settings):
    """`first_error(row, problem).kind` is "wrong question", another kind, or "none" for
    a right answer, which does not count. The problem has the id `row["id"]`."""
    table = error_table(outputs(settings), data.reported_problems(settings))
    line = table[table["error"] == "wrong question"]
    if not line["wrong"].sum():
        raise ValueError("the pair has no wrong output that can be compared")
    return float((line["count"] / line["wrong"]).iloc[0])


def answer_2(settings):
    """`stages.score(trial, arm)` returns the rows with gold questions. Compare them
    with the rows of `test` that have the same ids: the arm has fewer problems."""
    problems = ablations.problems_of(settings)
    arm = next(a for a in ablations.ABLATIONS if a.name == "iterative, gold questions")
    if not ablations.possible(settings, arm, problems):
        raise ValueError("this benchmark has no gold questions")
    limits = (settings.many.test_limit,)
    arm = PAIR.changed(arm.name, models=arm.models, questions="gold", limits=limits)
    gold = stages.score(scratch(settings), arm)
    ids = {row["id"] for row in gold}
    own = [row for row in outputs(settings) if row["id"] in ids]
    return tuple(sum(r["correct"] for r in rows) / len(rows) for rows in (own, gold))


def answer_3(settings):
    """Give the arm a name, then `models=(..., "qa")` and `sees_solutions=True`. Which
    key of `SUPERVISIONS` names a question generator that is shown solutions?"""
    models = ("qg_sees_solutions", "qa")
    wanted = PAIR.changed("", models=models, sees_solutions=True).meaning()
    return lambda arm: arm.meaning() == wanted
