"""Number slots of Socratic CoT's ASDiv prompt: filled in, calculated, left alone."""

import pytest

from socratic_utils.answers import parse_chain
from socratic_utils.problems import Problem
from socratic_utils.teacher.prompts import asked_text, filled, load_prompt, read_as
from socratic_utils.teacher.teacher import Teacher


@pytest.mark.parametrize(
    "text, expected",
    [
        ("<<+ number0 number1>>", "9 + 4 = 13"),
        ("<</ number0 number1>> then <<* answer1 number1>>",
         "9 / 4 = 2.25 then 2.25 * 4 = 9"),
        ("number1 of number7 and answer1", "4 of number7 and answer1"),
        ("<<+ number0 number9>>", "<<+ 9 number9>>"),
        ("<</ number0 0>>", "<</ 9 0>>"),
        ("<<- 100 number0>>", "100 - 9 = 91"),
        ("<</ 1 3>> <</ 6 answer1>>", "1 / 3 = 1/3 6 / (1/3) = 18"),
        ("<<__import__('os') 1 2>>", "<<__import__('os') 1 2>>"),
    ],
)  # fmt: skip
def test_filled(text, expected):
    assert filled(text, ["9", "4"]) == expected


@pytest.mark.parametrize("style", ["socratic", "cot"])
def test_exemplars_are_right_once_they_are_filled(style):
    numbers = (["4", "12", "30", "6"], ["25", "3", "8", "19"], ["4", "20", "20"])
    exemplars = load_prompt("multistep", style).exemplars
    assert len(exemplars) == 3  # Socratic CoT, Table 6
    read = [
        parse_chain(filled(chain, own), style)[1]
        for (_, chain), own in zip(exemplars, numbers, strict=True)
    ]
    assert read == ["3", "30", "60"]


def test_the_teacher_reads_slots_and_students_read_numbers():
    problem = Problem(
        "multistep-train-0", "multistep", "train", "Ann has 9 pens and sells 4 .", "5",
        extra={"slots": "Ann has number0 pens and sells number1 .",
               "numbers": ["9", "4"]},
    )  # fmt: skip
    request = Teacher("t", recorded=()).request(problem, "socratic", 0.0, 0)
    assert request["messages"][-1]["content"] == f"Problem: {problem.extra['slots']}"
    assert read_as(problem, "cot", "<<- number0 number1>>") == "9 - 4 = 5"
    assert asked_text(problem, "questions") == problem.text
