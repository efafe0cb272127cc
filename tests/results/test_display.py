"""One problem next to every student's output."""

import pandas as pd

from socratic_utils.metrics import line_marks
from socratic_utils.problems import Problem, Step
from socratic_utils.results import display
from socratic_utils.results.papers import with_ours

STEPS = (Step("", "3 * 4 = 12", "12"), Step("", "12 - 2 = 10", "10"))
PROBLEM = Problem("p", "toy", "test", "Mia buys <3> bags.", "10", steps=STEPS)


def lines(*texts):
    roles = {"Q": "question", "A": "solution", "T": "answer"}
    return [{"role": roles[text[0]], "text": text} for text in texts]


def test_solutions_are_marked_by_gold_steps_and_arithmetic():
    written = lines("Q: How many?", "A: She buys 4 * 3 = 12.", "A: 12 - 2 = 11.",
                    "A: 12 + 2 = 14.", "A: So many.", "The answer is 14.")  # fmt: skip
    assert line_marks(written, PROBLEM) == ["", "right", "wrong", "wrong", "", ""]
    bare = Problem("b", "toy", "test", "Which?", "10")
    assert line_marks(written[1:4], bare) == ["right", "wrong", "right"]
    assert line_marks(lines("A: It has 5 legs."), bare) == [""]


def test_students_stand_side_by_side(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "display", lambda html: shown.append(html.data))
    rows = [
        {"student": "cot", "correct": True,
         "lines": lines("A: 3 * 4 = 12.", "The answer is 10.")},
        {"student": "gt_steps", "correct": False, "lines": lines("The answer is 9.")},
    ]  # fmt: skip
    display.show_side_by_side(rows, PROBLEM)
    (html,) = shown
    assert "Mia buys &lt;3&gt; bags." in html
    assert "✓ A: 3 * 4 = 12." in html and "✓ The answer is 10." in html
    assert "✗ The answer is 9." in html and "Ground-truth steps" in html


def test_the_most_divisive_problem_comes_first():
    rows = [
        {"id": id, "correct": right}
        for id, verdicts in (("all", [1, 1]), ("some", [1, 0]), ("none", [0, 0]))
        for right in verdicts
    ]
    assert display.most_divisive_problems(rows)[0] == "some"


def test_scores_are_printed_with_n_and_interval(capsys):
    line = {"student": "cot", "share": 0.5, "n": 200, "accuracy": 0.09, "ci_low": 0.058,
            "ci_high": 0.138}  # fmt: skip
    display.print_scores(pd.DataFrame([line, {**line, "accuracy": None}]))
    display.print_scores(pd.DataFrame([line]), ["student", "share"])
    interval = "9.0 % of 200 (95 % interval 5.8 % to 13.8 %)"
    assert capsys.readouterr().out == f"cot: {interval}\ncot, 0.5: {interval}\n"
    pair = {"first": "before", "share": 0.5, "pairs": 4, "share_low": 0.15,
            "share_high": 0.85}  # fmt: skip
    display.print_scores(
        pd.DataFrame([pair]), ["first"], "share", n="pairs", interval="share"
    )
    assert "before: 50.0 % of 4 (95 %" in capsys.readouterr().out
    display.print_scores(pd.DataFrame())


def test_an_empty_table_names_the_command_that_makes_it(capsys):
    display.show_table(pd.DataFrame(), "./run_all.sh --only 10")
    said = capsys.readouterr().out
    assert said == "No rows with these settings; ./run_all.sh --only 10 makes them\n"


def test_a_caption_stands_above_and_context_is_grey(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "display", lambda html: shown.append(html.data))
    table = pd.DataFrame({"student": ["paper", "ours"], "ci_low": [0.1, 0.2]})
    table.attrs |= {"caption": "a < b", "grey": [1]}
    display.show_table(table)
    (html,) = shown
    assert html.index("a &lt; b") < html.index("<table")
    paper, ours = html.split("<tr>")[-2:]
    assert "color" not in paper and ours.count("color:#757575") == 2


def test_a_papers_table_without_ours_names_the_command(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "display", lambda html: shown.append(html.data))
    display.show_table(with_ours("socratic_cot_table5", []), "./run_all.sh --only 06")
    assert "Not run here: ./run_all.sh --only 06 adds our rows." in shown[0]


def test_source_is_shown_without_importing_its_module():
    """Which would import torch in notebooks that only show committed results."""
    from inspect import getsource

    from socratic_utils.filtering import judge
    from socratic_utils.students.training import trainer

    shown = display.show_source("filtering.right_answers.judge").data
    assert shown.strip() == getsource(judge).strip()
    shown = display.show_source("students.training.trainer.masked_loss").data
    assert shown.strip() == getsource(trainer.masked_loss).strip()
