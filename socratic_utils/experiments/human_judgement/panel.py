"""Buttons and arrow keys for one judge, in a notebook (an anywidget).

`panel.js` shows the texts and sends back what a judge clicks or presses.  The keys work
while the panel has the focus, and none of them reaches JupyterLab.
"""

import time
from pathlib import Path

import anywidget
from traitlets import Dict

from socratic_utils.files import visible

from .judgements import Judge

QUICKEST = 0.5  # seconds; an earlier second click cannot be about the new pair


class JudgePanel(anywidget.AnyWidget):
    """One pair at a time: the problem, two chains, four buttons, and the progress."""

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")
    shown = Dict().tag(sync=True)  # what the browser knows: no source, nothing correct

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge
        self.on_msg(lambda _, action, __: self.act(action))
        self._refresh()

    def act(self, action: str) -> None:
        """Record "left", "right" or "same", or "undo"; errors are shown."""
        if time.monotonic() - self.judge.started < QUICKEST:
            return
        message = ""
        try:
            if action == "undo":
                self.judge.undo()
                message = "Your last choice is deleted. Choose again."
            else:
                self.judge.record(action)
        except (ValueError, OSError) as error:
            message = str(error)
        self._refresh(message)

    def _refresh(self, message: str = "") -> None:
        judge, waiting, total = self.judge, self.judge.waiting, len(self.judge.pairs)
        done = f"All judged. Thank you, {judge.name}! Now run the cells below."
        texts = {"message": message, "problem": done}
        if waiting:
            left, right = (side.text for side in waiting[0].sides(judge.name))
            texts |= {"problem": waiting[0].problem, "left": left, "right": right}
        shown = {name: visible(text) for name, text in texts.items()}
        counts = {"judged": total - len(waiting), "total": total}
        self.shown = shown | counts | {"undo": judge.last is not None}
