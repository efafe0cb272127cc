"""The registry: students, their models, labels, colours and order."""

import subprocess
import sys

import pytest

from socratic_utils.students.supervision import (
    OTHER_COLOURS,
    STUDENTS,
    SUPERVISIONS,
    colour_of,
    label_of,
)
from socratic_utils.teacher.prompts import FROM_QUESTIONS, FROM_STEPS, STYLES


def test_students_stand_in_the_papers_order():
    assert list(STUDENTS) == [
        "answer_only", "gt_steps", "cot", "socratic_unified", "socratic_iterative",
    ]  # fmt: skip


def test_every_student_is_made_of_known_supervisions():
    named = {name for s in STUDENTS.values() for name in s.supervisions}
    assert named <= set(SUPERVISIONS)
    assert all(name == s.name for name, s in (SUPERVISIONS | STUDENTS).items())


def test_every_corpus_of_a_teacher_is_a_style_of_its_prompts():
    corpora = {supervision.corpus for supervision in SUPERVISIONS.values()}
    ours = {"gold", "questions_then_facts"}
    assert corpora - ours == {*STYLES, FROM_STEPS, FROM_QUESTIONS}


def test_every_student_is_trained_by_one_notebook():
    groups = "baseline", "unified", "iterative"
    trained = {g: [n for n, own in STUDENTS.items() if own.group == g] for g in groups}
    assert sum(trained.values(), []) == list(STUDENTS)
    assert trained["baseline"] == ["answer_only", "gt_steps", "cot"]


def test_labels_and_colours_are_different():
    students = STUDENTS.values()
    assert len({s.label for s in students}) == len(students)
    colours = {s.colour for s in students}
    assert len(colours) == len(students) and not colours & set(OTHER_COLOURS)


@pytest.mark.parametrize(
    "name, label",
    [
        ("cot", "CoT"),
        ("cot, calculator", "CoT, calculator"),
        ("qa", "Question answerer (QA)"),
        ("no_subquestions", "No subquestions"),
        ("few_shot_cot", "Few-shot CoT"),
        ("few_shot_08, votes", "Few-shot, 8 chains, votes"),
        ("chains_01", "1 chain"),
        ("filter_open_endedness", "Filter open-endedness"),
    ],
)
def test_a_label_is_the_registrys_or_made_readable(name, label):
    assert label_of(name) == label


def test_other_names_get_the_remaining_colours_in_order():
    names = ["cot", "x", "y"]
    found = [colour_of(name, names) for name in names]
    assert found == [STUDENTS["cot"].colour, *OTHER_COLOURS[:2]]
    many = [f"arm {i}" for i in range(6)]
    assert colour_of(many[5], many) == OTHER_COLOURS[0]


def test_the_registry_is_light():
    """Tables and `--help` read it, and neither needs torch or matplotlib."""
    code = (
        "import sys, socratic_utils.students.supervision as s; "
        "assert not {'torch', 'transformers', 'matplotlib'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
