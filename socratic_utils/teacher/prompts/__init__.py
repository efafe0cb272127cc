"""Prompts for the teacher: text files with hand-written exemplars.

A file `<dataset>.<style>.txt`, or `default.<style>.txt` for any other dataset, holds an
instruction and exemplars, divided by lines that start with `===`.  The styles:

    socratic                  sub-questions and solutions (Socratic CoT section 3.1)
    cot                       solutions only
    socratic_from_steps       socratic, given the gold steps or facts
    socratic_from_questions   socratic, given the gold sub-questions
    questions                 sub-questions only (first stage in Socratic CoT, Table 3)

The prompt for ASDiv (Table 6) hides a problem's numbers in *slots*; the teacher writes
equations in prefix notation, one operation of two operands each:

    >>> filled("A1: He has <<- number0 number1>> pens.", ["9", "4"])
    'A1: He has 9 - 4 = 5 pens.'
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from socratic_utils.answers import calculate, format_number
from socratic_utils.files import content_hash
from socratic_utils.problems import Problem, problem_text, sub_questions

STYLES = ("socratic", "cot")
FROM_STEPS, FROM_QUESTIONS = "socratic_from_steps", "socratic_from_questions"
QUESTIONS = "questions"
ALL_STYLES = (*STYLES, FROM_STEPS, FROM_QUESTIONS, QUESTIONS)
_OPERATION = re.compile(r"<<\s*([-+*/])\s+(\S{1,40})\s+([^\s<>]{1,40})\s*>>")
_SLOT = re.compile(r"\b(number|answer)(\d{1,3})\b")


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
        """Chat messages that ask for one problem; exemplars are earlier turns."""
        turns = [{"role": "system", "content": self.instruction}]
        for text, chain in [*self.exemplars, (problem_text, "")]:
            turns.append({"role": "user", "content": f"Problem: {text}"})
            turns.append({"role": "assistant", "content": chain})
        return turns[:-1]

    def text(self, problem_text: str) -> str:
        """One text for completion models; it ends where a chain begins."""
        shown = [f"Problem: {text}\n{chain}" for text, chain in self.exemplars]
        return "\n\n".join([self.instruction, *shown, f"Problem: {problem_text}\n"])


@cache
def load_prompt(dataset: str, style: str, shots: int = 0) -> Prompt:
    """The prompt of a dataset, or the default one, with `shots` exemplars (0: all)."""
    if style not in ALL_STYLES:
        raise ValueError(f"style must be one of {ALL_STYLES}, not {style!r}")
    path = Path(__file__).with_name(f"{dataset}.{style}.txt")
    path = path if path.is_file() else path.with_name(f"default.{style}.txt")
    prompt = parse_prompt(path.name, path.read_text("utf-8"))
    return replace(prompt, exemplars=prompt.exemplars[: shots or None])


def parse_prompt(name: str, text: str) -> Prompt:
    """Read a prompt file's text.  ValueError names the file and what is missing."""
    blocks = [b.partition("\n") for b in f"\n{text}".split("\n=== ")[1:]]
    titles, bodies = ([block[i].strip() for block in blocks] for i in (0, 2))
    pairs = (len(titles) - 1) // 2
    if titles != ["instruction"] + ["problem", "chain"] * pairs:
        pattern = "'=== instruction', then pairs of '=== problem' and '=== chain'"
        raise ValueError(f"{name}: expected {pattern}, found {titles}")
    return Prompt(name, bodies[0], tuple(zip(bodies[1::2], bodies[2::2], strict=True)))


def asked_text(problem: Problem, style: str) -> str:
    """What the teacher reads: the problem, in number slots or with what is given."""
    if _hides_numbers(problem, style):
        return problem.extra["slots"]
    if style not in (FROM_STEPS, FROM_QUESTIONS):
        return problem_text(problem)
    head, given = "Questions", sub_questions(problem)
    given = [f"Q{number}: {question}" for number, question in enumerate(given, 1)]
    if style == FROM_STEPS:
        head = "Facts" if problem.kind == "yes_no" else "Solution"
        given = [step.solution for step in problem.steps]
    if not given:
        raise ValueError(f"problem {problem.id!r} has nothing to give for {style}")
    return "\n".join([problem_text(problem), f"{head}:", *given])


def read_as(problem: Problem, style: str, reply: str) -> str:
    """The reply with its number slots filled in, as it is parsed."""
    if _hides_numbers(problem, style):
        return filled(reply, problem.extra["numbers"])
    return reply


def _hides_numbers(problem: Problem, style: str) -> bool:
    """Whether the benchmark has its own prompt, written in number slots."""
    own = load_prompt(problem.dataset, style).name.startswith(problem.dataset)
    return own and all(problem.extra.get(name) for name in ("slots", "numbers"))


def filled(text: str, numbers: Sequence[str]) -> str:
    """A reply with its slots filled in and its operations calculated, line by line."""
    results: list[str] = []

    def value(slot: re.Match) -> str:
        known, first = (numbers, 0) if slot[1] == "number" else (results, 1)
        place = int(slot[2]) - first
        return known[place] if 0 <= place < len(known) else slot[0]

    def calculated(operation: re.Match) -> str:
        sign, *operands = operation.groups()
        left, right = (_SLOT.sub(value, operand) for operand in operands)
        try:
            left, right = (f"({x})" if "/" in x else x for x in (left, right))
            result = format_number(calculate(f"{left} {sign} {right}"))
        except ValueError:  # an unknown slot, a division by zero
            return operation[0]
        results.append(result)
        return f"{left} {sign} {right} = {result}"

    lines = text.splitlines()
    return "\n".join(_SLOT.sub(value, _OPERATION.sub(calculated, x)) for x in lines)
