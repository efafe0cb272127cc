"""A language model as a judge: the same pairs, the same file, marked "model".

    ask_model(Teacher("gpt-4.1-mini").endpoint, pairs, folder)

P2 asked people only.  A model's word is cheap and has habits of its own (it likes long
answers, and those on the left), so its lines are never mixed with people's.  A pair
that is judged is not asked for again.  Not covered: its cost is in no budget.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .endpoint import Endpoint
from .judging import CHOICES, Judge, Pair

INSTRUCTION = """Two students explain how they solve a problem. Which explanation is \
the better one: clear, to the point, every step right? Do not care for length or order.

Problem: {problem}

Left:
{left}

Right:
{right}

Answer with one word: left, right or same."""


def ask_model(endpoint: Endpoint, pairs: Sequence[Pair], folder: str | Path) -> Judge:
    """Let a model judge all pairs; a reply that is no choice leaves its pair out.

    Raises TeacherError when the endpoint does not answer; what was said before is kept.
    """
    name = re.sub(r"[^\w.-]+", " ", endpoint.model).strip()[:40]
    judge = Judge(name, pairs, Path(folder), kind="model")
    unread = 0
    for pair in judge.waiting:
        alone = Judge(name, [pair], Path(folder), kind="model")
        _, left, right = alone.shown()
        told = INSTRUCTION.format(
            problem=pair.problem, left=left.text, right=right.text
        )
        choice = read_choice(endpoint.ask(_request(endpoint, told))[0]["text"])
        if choice is None:
            unread += 1
        else:
            alone.say(choice)
    if unread:
        print(f"{unread} replies name neither left nor right nor same; left out")
    return Judge(name, pairs, Path(folder), kind="model")


def read_choice(reply: str) -> str | None:
    """The one choice that a reply names; None where it names none or several."""
    words = set(re.findall(r"[a-z]+", reply.lower()))
    named = [choice for choice in CHOICES if choice in words]
    return named[0] if len(named) == 1 else None


def _request(endpoint: Endpoint, text: str) -> dict:
    asked = {"messages": [{"role": "user", "content": text}]}
    if endpoint.api == "completion":
        asked = {"prompt": text}
    return {"model": endpoint.model, **asked, "temperature": 0.0, "max_tokens": 10,
            "seed": 0}  # fmt: skip
