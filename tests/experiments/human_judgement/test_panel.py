"""The panel, driven as the browser drives it: clicks and key events."""

import pytest

pytest.importorskip("ipywidgets")

from socratic_utils.experiments.human_judgement import (
    Judge,
    Pair,
    Side,
    read_judgements,
)
from socratic_utils.experiments.human_judgement import panel as panel_module
from socratic_utils.experiments.human_judgement.panel import JudgePanel

PAIRS = [
    Pair(f"p{i}", "toy", f"{i} < 5?", Side("a", "A: x\nA: <b>", True),
         Side("b", "A: y", False))
    for i in range(3)
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(panel_module, "QUICKEST", 0.0)


def test_a_double_click_judges_one_pair(tmp_path, monkeypatch):
    monkeypatch.setattr(panel_module, "QUICKEST", 60.0)
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    panel.judge.started -= 61.0  # the pair has been read
    panel.buttons["left"].click()
    panel.buttons["left"].click()
    assert panel.count.value == "1 of 3"


def test_clicks_and_keys_are_saved_and_the_panel_moves_on(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    assert "0 &lt; 5?" in panel.problem.value and panel.count.value == "0 of 3"
    assert "&lt;b&gt;" in panel.left.value + panel.right.value  # shown, not rendered
    panel.buttons["left"].click()
    assert panel.count.value == "1 of 3" and "1 &lt; 5?" in panel.problem.value
    panel._pressed({"type": "keydown", "key": "ArrowRight"})
    panel._pressed({"type": "keydown", "key": "ArrowDown", "repeat": True})  # held
    panel._pressed({"type": "keydown", "key": "x"})
    assert len(read_judgements(tmp_path)) == panel.progress.value == 2
    panel._pressed({"type": "keydown", "key": "ArrowDown"})
    assert read_judgements(tmp_path)[-1]["preferred"] == "same"
    assert "Thank you, anna" in panel.problem.value
    assert all(button.disabled for button in panel.buttons.values())
    panel._pressed({"type": "keydown", "key": "ArrowDown"})
    assert panel.message.value == ""


def test_a_second_judge_of_the_name_is_told(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    Judge("anna", PAIRS, tmp_path).record("left")
    panel.buttons["left"].click()
    assert "another judge is using the name anna" in panel.message.value
    assert panel.count.value == "0 of 3"
