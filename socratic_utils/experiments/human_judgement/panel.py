"""Buttons and arrow keys for one judge, in a notebook (ipywidgets).

    JudgePanel(Judge("anna", pairs, folder)).show()

Arrow keys work while the mouse is over the panel.  Every choice is saved at once.
"""

import time

import ipywidgets as widgets
from ipyevents import Event
from IPython.display import display

from socratic_utils.results.formats import as_html

from .judgements import Judge

QUICKEST = 0.5  # seconds; an earlier second click cannot be about the new pair
KEYS = {"ArrowLeft": "left", "ArrowRight": "right", "ArrowDown": "same"}
LABELS = {"left": "← left", "same": "↓ cannot tell", "right": "right →"}
BOX = "border:1px solid #bbb;border-radius:6px;padding:8px;line-height:1.5"


class JudgePanel:
    """One pair at a time: the problem, two chains, three buttons, and the progress."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.problem, self.message, self.count = (widgets.HTML() for _ in range(3))
        half = widgets.Layout(width="50%", padding="4px")
        self.left, self.right = widgets.HTML(layout=half), widgets.HTML(layout=half)
        self.buttons = {c: widgets.Button(description=t) for c, t in LABELS.items()}
        for choice, button in self.buttons.items():
            button.on_click(lambda _, choice=choice: self.record(choice))
        self.progress = widgets.IntProgress(max=len(judge.pairs))
        # On top, so that the buttons do not move with the length of the text.
        top = widgets.HBox([*self.buttons.values(), self.progress, self.count])
        both = widgets.HBox([self.left, self.right])
        self.panel = widgets.VBox([top, self.message, self.problem, both])
        self._refresh()

    def show(self) -> None:
        """Display the panel and listen for keys, which needs a displayed widget."""
        display(self.panel)
        keys = {"watched_events": ["keydown"], "prevent_default_action": True}
        self.keys = Event(source=self.panel, **keys)
        self.keys.on_dom_event(self._pressed)

    def record(self, choice: str) -> None:
        """Record what a button or a key chooses; errors are shown under the buttons."""
        if time.monotonic() - self.judge.started < QUICKEST:
            return
        self.message.value = ""
        try:
            self.judge.record(choice)
        except (ValueError, OSError) as error:
            self.message.value = f"<b>{as_html(error)}</b>"
        self._refresh()

    def _pressed(self, event: dict) -> None:
        if event.get("key") in KEYS and self.judge.waiting and not event.get("repeat"):
            self.record(KEYS[event["key"]])

    def _refresh(self) -> None:
        waiting, total = self.judge.waiting, len(self.judge.pairs)
        self.progress.value = total - len(waiting)
        self.count.value = f"{self.progress.value} of {total}"
        for button in self.buttons.values():
            button.disabled = not waiting
        if not waiting:
            self.problem.value = f"All judged. Thank you, {as_html(self.judge.name)}!"
            self.left.value = self.right.value = ""
            return
        self.problem.value = f"<b>Problem.</b> {as_html(waiting[0].problem)}"
        sides = waiting[0].sides(self.judge.name)
        for box, side in zip((self.left, self.right), sides, strict=True):
            lines = as_html(side.text).replace("\n", "<br>")
            box.value = f'<div style="{BOX}">{lines}</div>'
