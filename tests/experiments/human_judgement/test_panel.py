"""The panel, driven as the browser drives it: by messages (test_browser.py clicks)."""

import json

import pytest

from socratic_utils.experiments.human_judgement import (
    Judge,
    Pair,
    Side,
    read_judgements,
)
from socratic_utils.experiments.human_judgement import panel as panel_module
from socratic_utils.experiments.human_judgement.panel import JudgePanel

PAIRS = [
    Pair(f"p{i}", "toy", f"{i} < 5?", Side("sourceA", "A: x\nA: <b>", True),
         Side("sourceB", "A: y", False))
    for i in range(3)
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(panel_module, "QUICKEST", 0.0)


def send(panel, *actions):
    for action in actions:
        panel._handle_custom_msg(action, [])


def test_a_double_click_judges_one_pair(tmp_path, monkeypatch):
    monkeypatch.setattr(panel_module, "QUICKEST", 60.0)
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    panel.judge.started -= 61.0  # the pair has been read
    send(panel, "left", "left")
    assert panel.shown["judged"] == 1
    panel.judge.started -= 61.0
    send(panel, "undo", "undo")
    assert panel.shown["judged"] == 0


def test_choices_are_saved_and_the_panel_moves_on(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    first = panel.shown
    assert (first["problem"], first["judged"], first["total"]) == ("0 < 5?", 0, 3)
    assert {first["left"], first["right"]} == {"A: x\nA: <b>", "A: y"}
    send(panel, "left")
    assert panel.shown["judged"] == 1 and panel.shown["problem"] == "1 < 5?"
    send(panel, "right", "same")
    assert len(read_judgements(tmp_path)) == panel.shown["judged"] == 3
    assert read_judgements(tmp_path)[-1]["preferred"] == "same"
    assert "Thank you, anna" in panel.shown["problem"] and "left" not in panel.shown
    send(panel, "left")
    assert "anna has judged every pair" in panel.shown["message"]


def test_the_browser_does_not_know_who_wrote_a_chain_or_whether_it_is_right(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    sent = json.dumps(panel.get_state(["shown"]))
    assert "source" not in sent and "rue" not in sent
    assert "alse" not in sent.replace('"undo": false', "")


def test_undo_shows_the_last_pair_again(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    first = panel.shown
    assert not first["undo"]
    send(panel, "left")
    assert panel.shown["undo"]
    send(panel, "undo")
    assert panel.shown == first | {"message": panel.shown["message"]}
    assert "Choose again" in panel.shown["message"] and not read_judgements(tmp_path)
    send(panel, "undo")
    assert "no judgement of these pairs to undo" in panel.shown["message"]
    send(panel, "left", "left", "left", "undo")
    assert panel.shown["judged"] == 2 and panel.shown["problem"] == "2 < 5?"


def test_a_second_judge_of_the_name_is_told(tmp_path):
    panel = JudgePanel(Judge("anna", PAIRS, tmp_path))
    Judge("anna", PAIRS, tmp_path).record("left")
    send(panel, "left")
    assert "another judge is using the name anna" in panel.shown["message"]
    assert panel.shown["judged"] == 0
