"""No sub-question module (Table 5): the training pairs and the number of steps."""

from math import ceil

from socratic_utils.config import Training
from socratic_utils.problems import Chain, Problem, Step
from socratic_utils.students.supervision import SUPERVISIONS, as_long, sub_problems

PROBLEM = Problem("p", "toy", "train", "Mia buys 3 bags of 4 and eats 2.", "10")
STEPS = (
    Step("How many does she buy?", "3 * 4 = 12.", "12"),
    Step("How many are left?", "12 - 2 = 10.", "10"),
)
CHAIN = Chain("p", "socratic", STEPS, "10", "teacher")


def test_each_question_is_answered_by_the_chain_up_to_it():
    shown = [
        [
            (s.text, trained)
            for s, trained in SUPERVISIONS["no_subquestions"].transcript(problem, chain)
        ]
        for problem, chain in sub_problems([(PROBLEM, CHAIN)])
    ]
    problem = ("Problem: Mia buys 3 bags of 4 and eats 2.", False)
    assert shown == [
        [problem, ("Q: How many does she buy?", False), ("A: 3 * 4 = 12.", True),
         ("The answer is 12.", True)],
        [problem, ("A: 3 * 4 = 12.", True), ("A: 12 - 2 = 10.", True),
         ("The answer is 10.", True)],
    ]  # fmt: skip


def test_a_step_without_an_answer_gives_no_sub_problem():
    bare = Chain("p", "socratic", (Step("Who?", "Mia.", ""), STEPS[1]), "10", "teacher")
    assert len(sub_problems([(PROBLEM, bare)])) == 1


def test_it_trains_for_as_many_steps_as_the_answerer():
    for count in range(207, 900, 7):
        training = as_long(Training(epochs=2.0, batch_size=4), 207, count)
        assert ceil(training.epochs * ceil(count / 4)) == 104
