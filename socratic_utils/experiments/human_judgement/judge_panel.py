"""Buttons and keys for one judge, in a notebook (ipywidgets).

    JudgePanel(Judge("anna", pairs, folder)).show()

Left, right and down arrow say "left", "right" and "same" while the mouse is over the
panel.  All that is said goes through `judging.Judge`, so it is on disk at once, and the
panel can be shown again at any time: it goes on where the judge was.
"""

from __future__ import annotations

import time
from html import escape

import ipywidgets as widgets
from ipyevents import Event
from IPython.display import display

from .judging import Judge, JudgingError, Side

QUICKEST = 0.5  # seconds; a second click that comes sooner is not about the new pair
KEYS = {"ArrowLeft": "left", "ArrowRight": "right", "ArrowDown": "same"}
LABELS = {"left": "← left", "same": "↓ cannot tell", "right": "right →"}
BOX = "border:1px solid #bbb;border-radius:6px;padding:8px;line-height:1.5"


class JudgePanel:
    """One pair at a time: the problem, two chains, three buttons, and how many left."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.problem, self.message = widgets.HTML(), widgets.HTML()
        half = widgets.Layout(width="50%", padding="4px")
        self.left, self.right = widgets.HTML(layout=half), widgets.HTML(layout=half)
        self.buttons = {c: widgets.Button(description=t) for c, t in LABELS.items()}
        for choice, button in self.buttons.items():
            button.on_click(lambda _, choice=choice: self.say(choice))
        self.progress = widgets.IntProgress(max=len(judge.pairs))
        self.count = widgets.Label()
        self.panel = widgets.VBox(
            [  # the buttons above, so that they stay where they are
                widgets.HBox([*self.buttons.values(), self.progress, self.count]),
                self.message,
                self.problem,
                widgets.HBox([self.left, self.right]),
            ]
        )
        self._refresh()

    def show(self) -> None:
        """Put the panel under the cell; only what is shown can be listened to."""
        display(self.panel)
        self.keys = Event(
            source=self.panel, watched_events=["keydown"], prevent_default_action=True
        )
        self.keys.on_dom_event(self._pressed)

    def say(self, choice: str) -> None:
        """What a button or a key says; a problem is told under the buttons."""
        if time.monotonic() - self.judge.started < QUICKEST:
            return
        try:
            self.judge.say(choice)
        except (JudgingError, OSError) as error:
            self.message.value = f"<b>{escape(str(error))}</b>"
            return
        self.message.value = ""
        self._refresh()

    def _pressed(self, event: dict) -> None:
        if event.get("key") in KEYS and self.judge.waiting and not event.get("repeat"):
            self.say(KEYS[event["key"]])

    def _refresh(self) -> None:
        shown, waiting = self.judge.shown(), len(self.judge.waiting)
        done = len(self.judge.pairs) - waiting
        self.progress.value, self.count.value = done, f"{done} of {done + waiting}"
        for button in self.buttons.values():
            button.disabled = shown is None
        if shown is None:
            self.problem.value = f"All judged. Thank you, {escape(self.judge.name)}!"
            self.left.value = self.right.value = ""
            return
        pair, left, right = shown
        self.problem.value = f"<b>Problem.</b> {escape(pair.problem)}"
        self.left.value, self.right.value = _box(left), _box(right)


def _box(side: Side) -> str:
    lines = "<br>".join(escape(line) for line in side.text.splitlines())
    return f'<div style="{BOX}">{lines}</div>'
