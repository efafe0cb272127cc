"""The filter: every reason, and resampling (Socratic CoT, section 3.3)."""

import json

import pytest

from socratic_utils.filtering.right_answers import (
    REASONS,
    Filtered,
    has_false_equation,
    judge,
    keep_if_correct,
)
from socratic_utils.problems import Chain, Problem, Step


def problem(name="p", answer="6", kind="number"):
    return Problem(name, "toy", "train", "2 boxes of 3 pens: how many?", answer, kind)


def chain(answer, *solutions, name="p", sample=0):
    steps = tuple(Step("How many?", solution, "") for solution in solutions)
    return Chain(name, "socratic", steps, answer, "toy", sample)


@pytest.mark.parametrize(
    "reason, answer, solutions",
    [
        ("kept", "6", ["2 * 3 = 6 pens."]),
        ("kept", "6.0", ["2 * 3 = 6 pens."]),
        ("kept", "6", ["2 * 3 = 7 pens."]),  # the filter looks at the final answer only
        ("kept", "6", ["She has six."]),
        ("no final answer", None, ["2 * 3 = 6 pens."]),
        ("no final answer", None, []),
        ("no steps", "6", []),
        ("no steps", "7", []),
        ("wrong arithmetic", "7", ["2 * 3 = 7 pens."]),
        ("wrong arithmetic", "9", ["2 * 3 = 6 pens.", "6 + 2 = 9 pens."]),
        ("wrong reasoning", "5", ["2 + 3 = 5 pens."]),
        ("wrong reasoning", "5", ["She has five."]),
        ("wrong reasoning", "3.33", ["10 / 3 = 3.33 pens."]),
    ],
)
def test_judge(reason, answer, solutions):
    assert judge(problem(), chain(answer, *solutions)) == reason
    assert reason in REASONS


def test_kept_chains_may_contain_a_false_equation():
    kept = chain("6", "2 * 3 = 7 pens.")
    assert judge(problem(), kept) == "kept" and has_false_equation(kept)
    assert not has_false_equation(chain("6", "2 * 3 = 6 pens.", "So six."))


def test_judge_other_kinds():
    asked = problem(answer="yes", kind="yes_no")
    assert judge(asked, chain("yes", "Ice floats.")) == "kept"
    assert judge(asked, chain("no", "Ice sinks.")) == "wrong reasoning"


class Scripted:
    """A teacher that gives each problem's answers in turn, and notes what was asked."""

    def __init__(self, **answers):
        self.answers, self.calls = answers, []

    def sample(self, problems, style, n=1, temperature=0.0, first_sample=0):
        names = [p.id for p in problems]
        self.calls.append((names, style, temperature, first_sample))
        return [
            chain(self.answers[name][first_sample], "2 * 3 = 6", name=name,
                  sample=first_sample)
            for name in names
        ]  # fmt: skip


PROBLEMS = [problem(name) for name in ("a", "b", "c", "d")]


def scripted():
    return Scripted(
        a=["5", "5", "5", "6"],  # right at the last attempt
        b=["6"],  # right at once
        c=["5", None, "5", "5"],  # never right
        d=["5", "6"],
    )


def test_keep_if_correct():
    teacher = scripted()
    result = keep_if_correct(PROBLEMS, teacher, "socratic")
    assert [(c.problem_id, c.sample) for c in result.kept] == [
        ("a", 3),
        ("b", 0),
        ("d", 1),
    ]
    assert result.dropped == ("c",) and result.acceptance == 0.75
    assert len(result.attempts) == 4 + 3 + 2 + 2
    assert result.reasons() == {"kept": 3, "wrong reasoning": 7, "no final answer": 1}


def test_only_wrong_chains_are_resampled():
    teacher = scripted()
    keep_if_correct(PROBLEMS, teacher, "cot")
    assert teacher.calls == [
        (["a", "b", "c", "d"], "cot", 0.0, 0),
        (["a", "c", "d"], "cot", 0.7, 1),
        (["a", "c"], "cot", 0.7, 2),
        (["a", "c"], "cot", 0.7, 3),
    ]


@pytest.mark.parametrize(
    "resamples, kept", [(0, "b"), (1, "bd"), (2, "bd"), (3, "abd")]
)
def test_the_number_of_resamples(resamples, kept):
    teacher = scripted()
    result = keep_if_correct(PROBLEMS, teacher, "cot", max_resamples=resamples)
    assert "".join(c.problem_id for c in result.kept) == kept
    assert len(teacher.calls) == resamples + 1
    assert sorted(kept + "".join(result.dropped)) == list("abcd")


def test_nothing_is_resampled_when_all_are_right():
    teacher = Scripted(a=["6"], b=["6"])
    result = keep_if_correct(PROBLEMS[:2], teacher, "cot")
    assert len(teacher.calls) == 1
    assert result.dropped == () and result.acceptance == 1.0


def test_no_problems():
    assert keep_if_correct([], None, "cot") == Filtered((), (), ())
    assert Filtered((), (), ()).acceptance == 0.0


def test_rows_of_attempts_can_be_written():
    result = keep_if_correct(PROBLEMS, scripted(), "cot")
    row = json.loads(json.dumps(result.attempts[0].row()))
    assert row["reason"] == "wrong reasoning" and row["problem_id"] == "a"
    assert row["steps"] == [{"question": "How many?", "solution": "2 * 3 = 6",
                             "answer": ""}]  # fmt: skip
