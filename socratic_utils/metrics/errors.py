"""Where a student's chain first goes wrong, by comparison with the gold steps.

Meaning is not compared: a wrong question may be reported as a wrong reading.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from socratic_utils.answers import arithmetic, extract_answer, find_equations
from socratic_utils.problems import Problem

ERRORS = (
    "wrong question", "wrong arithmetic", "wrong reading", "stopped early", "ran on",
    "no chain")  # fmt: skip
_Fact = tuple[frozenset[Fraction] | None, Fraction]  # operands if stated, and result
_Step = tuple[str, str | None]  # a student's question, "" if none, and its solution
_NUMBER = re.compile(r"\d[\d,.]*(?<![,.])|\.\d+")
_EMPTY_WORDS = re.compile(
    r"\b(a|an|the|of|in|on|at|to|for|and|by|with|how|many|much|do|does|did|is|are|was"
    r"|were|will|would|be|it|have|has|had|there)\b"
)


class FirstError(NamedTuple):
    """One of ERRORS or "none", and the step (from 0) in which it occurs, or None."""

    kind: str
    step: int | None


def first_error(row: dict, problem: Problem) -> FirstError:
    """The first error in the chain of a wrong answer; "none" for a right one.

    A student step uses up the gold step with the same result from the same operands, in
    any order.  Otherwise, in this order:

        ran on            a step after every gold step is used up, or truncated output
        wrong arithmetic  a written equation is false
        wrong question    a word overlap (F1) below 0.5 with every unused gold question
        wrong reading     true, but in no unused gold step; or only the answer is wrong
        stopped early     all steps are right, but a gold step is missing
        no chain          there is neither question nor solution (answer only)
    """
    if row["correct"]:
        return FirstError("none", None)
    steps = _student_steps(row["lines"])
    if not steps:
        return FirstError("no chain", None)
    cut = row.get("truncated") and row["lines"][-1]["role"] != "answer"
    whole = steps[:-1] if cut else steps
    gold = [(g.question, _facts(g.solution) or _facts(g.answer)) for g in problem.steps]
    unused = dict(enumerate(gold))
    for index, step in enumerate(whole):
        if gold and not unused:
            return FirstError("ran on", index)
        if kind := _step_error(step, unused):
            return FirstError(kind, index)
    if row.get("truncated"):
        return FirstError("ran on", len(whole))
    return FirstError("stopped early" if unused else "wrong reading", len(steps))


def line_marks(lines: Sequence[dict], problem: Problem) -> list[str]:
    """Per line "right", "wrong" (false, or in no gold step) or "" (no equation)."""
    gold = [fact for step in problem.steps for fact in _facts(step.solution)]
    marks = []
    for line in lines:
        text = line["text"] if line["role"] == "solution" else ""
        equations = find_equations(text)
        fine = all(map(arithmetic.equation_is_right, equations))
        known = not gold or any(_found(fact, gold) for fact in _facts(text))
        marks.append(("right" if fine and known else "wrong") if equations else "")
    return marks


def correct_with_wrong_steps(
    rows: Iterable[dict], problems: Iterable[Problem]
) -> list[dict]:
    """The rows with a correct answer and a wrong solution, by `line_marks`."""
    known = {problem.id: problem for problem in problems}
    right = (row for row in rows if row["correct"])
    return [r for r in right if "wrong" in line_marks(r["lines"], known[r["id"]])]


def _student_steps(lines: Iterable[dict]) -> list[_Step]:
    """Questions with their solutions; without questions, a step per equation."""
    steps: list[_Step] = []
    for line in lines:
        text = re.sub(r"^\s*[QA]:\s*", "", line["text"])
        asked = [i for i, (_, solution) in enumerate(steps) if solution is None]
        if line["role"] == "question":
            steps.append((text, None))
        elif line["role"] == "solution" and asked:
            steps[asked[0]] = steps[asked[0]][0], text
        elif line["role"] == "solution":
            pairs = pairwise(find_equations(text))
            ends = [a.end for a, b in pairs if a.end <= b.start]  # not within a = b = c
            steps += [("", text[a:b]) for a, b in pairwise([0, *ends, len(text)])]
    return steps


def _step_error(step: _Step, unused: dict[int, tuple[str, list[_Fact]]]) -> str | None:
    """The error of one step, or None; a right step uses up its gold step."""
    question, solution = step[0], step[1] or ""
    equations, facts, before = find_equations(solution), _facts(solution), len(unused)
    if not all(map(arithmetic.equation_is_right, equations)):
        return "wrong arithmetic"
    for fact in facts:
        like = [i for i, (_, own) in unused.items() if _found(fact, own)]
        unused.pop(like[0] if like else -1, None)
    if len(unused) < before or not unused:
        return None
    if not question:
        return "wrong reading" if equations else None
    overlap = {i: _overlap(question, asked) for i, (asked, _) in unused.items()}
    nearest = max(overlap, key=overlap.__getitem__)
    if any(asked for asked, _ in unused.values()) and overlap[nearest] < 0.5:
        return "wrong question"
    if not facts:
        del unused[nearest]
    return "wrong reading" if facts else None


@lru_cache(1 << 14)  # several tables are of the same rows
def _facts(text: str) -> list[_Fact]:
    """What the equations of a text compute, else the last number it states."""
    facts: list[_Fact] = []
    for equation in find_equations(text):
        operands = map(arithmetic.calculate, _NUMBER.findall(equation.expression))
        facts.append((frozenset(operands), arithmetic.calculate(equation.result)))
    number = None if facts else extract_answer(text)
    return facts if number is None else [(None, Fraction(number))]


def _found(fact: _Fact, facts: Iterable[_Fact]) -> bool:
    """Whether one of `facts` has the same result and, where stated, operands."""
    same = (operands for operands, result in facts if result == fact[1])
    return any(None in (fact[0], own) or fact[0] == own for own in same)


def _overlap(*questions: str) -> float:
    """F1 of the content words of two questions, 0 to 1."""
    texts = (_EMPTY_WORDS.sub(" ", question.lower()) for question in questions)
    left, right = (Counter(re.findall(r"\w+", text)) for text in texts)
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0
