"""A choice is read by its letter or its words; a letter out of range is no answer."""

import pytest

from socratic_utils.answers import answer_of, choice_in_reply, choice_of, parse_chain
from socratic_utils.problems import Problem

CHOICES = ("sea", "lake", "car", "car park", "a friend's house")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is (b).", "b"),
        ("The answer is B.", "b"),
        ("Boats sail there.\nThe answer is lake.", "b"),
        ("The answer is a lake.", "b"),  # an article, not choice a
        ("The answer is the Lake!", "b"),
        ("So the answer is: car park", "d"),  # not its car
        ("The answer is (a) sea.", "a"),
        ("The answer is a friend's house.", "e"),
        ("A sea is too large. The answer is (b) lake.", "b"),
        ("It is the lake, so (b)", "b"),  # no mark: the last letter
        ("The answer is b, not the sea.", "b"),
        ("The answer is B. The sea is too large.", "b"),
        ("The answer is sea or lake.", None),
        ("The answer is (a) or (b).", None),
        ("The answer is (a) sea or (b) lake.", None),
        ("The answer is either (A), (B) or (D).", None),
        ("Answer: most likely **(b)** and **(c)**", None),
        ("The answer is B or C", None),
        ("The answer is B or a friend's house.", "b"),  # an article
        ("The answer is (b) lake, better than (a) or (c)", "b"),
        ("Maybe (a) or (b).\nThe answer is (b) lake.", "b"),
        ("The answer is (f).", None),
        ("The answer is z.", None),
        ("The answer is somewhere else", None),
        ("It must be the lake", None),  # words count behind a mark only
        ("", None),
    ],
)
def test_choice_of(text, letter):
    assert choice_of(text, CHOICES) == letter


@pytest.mark.parametrize(
    "text",
    ["The answer is (a) or (b).", "The answer is (b).", "Answer: (b) lake and (c) car",
     "The answer is (a) and (b) are both right.", "The answer is (a) or (b) is right",
     "The answer is (a) 1.5 or (b) 2.5", "The answer is (a) the U.S. or (b) Canada",
     "The answer is (a) sea as usual or (b) lake",
     "The answer is (b) lake. It is wet and (a) is not.",
     "The answer is (b) because it is wet and (a) is not.",
     "The answer is lake.", "The answer is B or C.", "The answer is (z)."],
)  # fmt: skip
def test_students_and_teachers_are_parsed_alike(text):
    problem = Problem("p", "demo", "train", "Where?", "b", "choice", (), CHOICES)
    _, letter = parse_chain(f"Boats sail.\n{text}", "cot", "choice")
    reply = {"text": f"Boats sail.\n{text}", "finish_reason": "stop"}
    assert choice_in_reply(problem, reply, letter) == answer_of(
        text, problem, strict=True
    )


def test_strict_requires_an_answer_mark():
    assert choice_of("It is the lake, so (b)", CHOICES, strict=True) is None
    assert choice_of("The answer is lake.", CHOICES, strict=True) == "b"


def test_other_kinds_are_extracted_as_usual():
    problem = Problem("p", "demo", "test", "2 + 2?", "4")
    assert answer_of("2 + 2 = 4, so 4", problem) == "4"
    assert answer_of("2 + 2 = 4, so 4", problem, strict=True) is None


def test_words_in_a_reply_count_unless_it_was_cut_off():
    problem = Problem("p", "demo", "train", "Where?", "b", "choice", (), CHOICES)
    reply = {"text": "Boats.\nThe answer is lake", "finish_reason": "stop"}
    assert choice_in_reply(problem, reply, None) == "b"
    assert choice_in_reply(problem, {**reply, "finish_reason": "length"}, None) is None
    assert choice_in_reply(problem, reply, "z") is None  # a letter that no choice has
    assert choice_in_reply(problem, reply, "a") == "a"
    thought = "<think>Maybe the answer is lake.</think>\nI do not know."
    assert choice_in_reply(problem, {**reply, "text": thought}, None) is None
    both = "The answer is (a) or (b) lake."
    assert choice_in_reply(problem, {**reply, "text": both}, None) is None


def test_a_teacher_that_answers_in_words(tmp_path):
    """From a reply in the store to a chain with the letter of the choice."""
    from socratic_utils.teacher.teacher import Teacher

    problem = Problem("p", "demo", "train", "Where?", "b", "choice", (), CHOICES)
    teacher = Teacher("m", cache_dir=tmp_path, recorded=())
    [job] = teacher._jobs([problem], "cot", 0.0, 0)
    [stub] = job.stubs
    reply = {"text": "Boats.\nThe answer is lake.", "finish_reason": "stop"}
    teacher.store.add([stub | reply])
    [chain] = teacher.sample([problem], "cot")
    assert chain.answer == "b"


def test_a_cut_reply_of_one_paragraph_keeps_what_its_whole_sentences_say():
    problem = Problem("p", "demo", "train", "Where?", "b", "choice", (), CHOICES)
    for text, letter in (("So the answer is (b) lake. Moreover, boa", "b"),
                         ("Boats. The answer is (b) la", None)):  # fmt: skip
        reply = {"text": text, "finish_reason": "length"}
        assert choice_in_reply(problem, reply, None) == letter
