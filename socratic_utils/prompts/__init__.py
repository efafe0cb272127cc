"""Prompts for the teacher: text files with hand-written exemplars.

A file `<dataset>.<style>.txt` (or `default.<style>.txt` for any other dataset) holds an
instruction and exemplars, divided by lines that start with `===`; lines that start
with `#` before the first `===` are comments.  `style` is "socratic" (sub-questions and
solutions, P1 section 3.1) or "cot" (solutions only).

    >>> prompt = load_prompt("gradeschool", "cot")
    >>> [message["role"] for message in prompt.messages("Ann has 2 pens. ...")]
    ['system', 'user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'user']

Not covered: parsing what comes back (`parsing`) and asking (`teacher`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from ..runs import content_hash

STYLES = ("socratic", "cot")


@dataclass(frozen=True)
class Prompt:
    """An instruction and exemplars; `hash` goes into every row it leads to."""

    name: str
    instruction: str
    exemplars: tuple[tuple[str, str], ...]

    @cached_property
    def hash(self) -> str:
        return content_hash([self.instruction, self.exemplars])

    def messages(self, problem_text: str) -> list[dict[str, str]]:
        """The chat messages that ask for one problem: exemplars as earlier turns."""
        turns = [{"role": "system", "content": self.instruction}]
        for text, chain in self.exemplars:
            turns.append({"role": "user", "content": f"Problem: {text}"})
            turns.append({"role": "assistant", "content": chain})
        turns.append({"role": "user", "content": f"Problem: {problem_text}"})
        return turns


    def text(self, problem_text: str) -> str:
        """The same as one text, for completion models: it ends where a chain begins."""
        shown = [f"Problem: {text}\n{chain}" for text, chain in self.exemplars]
        return "\n\n".join([self.instruction, *shown, f"Problem: {problem_text}\n"])


@cache
def load_prompt(dataset: str, style: str) -> Prompt:
    """The prompt of a dataset, or the default one.  ValueError on an unknown style."""
    if style not in STYLES:
        raise ValueError(f"style must be one of {STYLES}, not {style!r}")
    folder = resources.files(__package__)
    name = f"{dataset}.{style}.txt"
    if not (folder / name).is_file():
        name = f"default.{style}.txt"
    return parse_prompt(name, (folder / name).read_text("utf-8"))


def parse_prompt(name: str, text: str) -> Prompt:
    """Read a prompt file's text.  ValueError names the file and what is missing."""
    sections: list[tuple[str, str]] = []
    for block in ("\n" + text).split("\n=== ")[1:]:
        title, _, body = block.partition("\n")
        sections.append((title.strip(), body.strip()))
    titles = [title for title, _ in sections]
    pairs = (len(titles) - 1) // 2
    if titles != ["instruction"] + ["problem", "chain"] * pairs:
        raise ValueError(
            f"{name}: expected '=== instruction', then pairs of '=== problem' and "
            f"'=== chain', found {titles}"
        )
    bodies = [body for _, body in sections]
    return Prompt(name, bodies[0], tuple(zip(bodies[1::2], bodies[2::2], strict=True)))
