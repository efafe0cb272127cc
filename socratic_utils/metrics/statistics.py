"""Numbers with their uncertainty, and where a student's chain first goes wrong.

P1 reports bare accuracies (Table 2, means of three runs, no deviation) and no test of
significance (PAPERS.md 1.8).  Here every accuracy has a 95 % Wilson interval and every
pair of students on the same problems an exact McNemar p-value:

    >>> [round(bound, 4) for bound in wilson_interval(5, 10)]
    [0.2366, 0.7634]
    >>> mcnemar(only_a=1, only_b=9)  # 1 problem only A solves, 9 only B solves
    0.021484375
    >>> round(relative_gain(5.05, 6.44).of_new, 3)  # P1, Table 2: "up 20%"
    0.216

BLEU, BERTScore and #Q of the question generator are in `question_quality`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import nan, sqrt
from numbers import Real
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from socratic_utils.answers import (
    calculate,
    equation_is_right,
    extract_answer,
    find_equations,
)
from socratic_utils.problems import Problem

ERRORS = (
    "wrong question", "wrong arithmetic", "wrong reading", "stopped early", "ran on",
    "no chain",
)  # fmt: skip
_Fact = tuple[frozenset[Fraction] | None, Fraction]  # operands if stated, and result
_NUMBER = re.compile(r"\d[\d,.]*(?<![,.])|\.\d+")
SAME_QUESTION = 0.5  # least overlap (F1 of content words) of two like questions
_EMPTY_WORDS = re.compile(
    r"\b(a|an|the|of|in|on|at|to|for|and|by|with|how|many|much|do|does|did|is|are|was"
    r"|were|will|would|be|it|have|has|had|there)\b"
)


def wilson_interval(
    correct: int, total: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share, as fractions (low, high).

    Nothing is known of no problems: `total=0` gives (0.0, 1.0).  Raises ValueError on
    counts that cannot be and on a confidence outside of (0, 1).
    """
    k, n = _count(correct, "correct"), _count(total, "total")
    if k > n or not 0 < confidence < 1:
        raise ValueError(f"{k} correct of {n} at confidence {confidence} cannot be")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (k + z * z / 2) / (n + z * z)
    half = z * sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    low = 0.0 if k == 0 else centre - half  # exact where rounding would not be
    return low, 1.0 if k == n else centre + half


def accuracy(rows: Iterable[dict], column: str = "correct") -> dict[str, float]:
    """`n, correct, accuracy, ci_low, ci_high` of prediction rows; fractions.

    The accuracy of no rows is NaN; KeyError where `column` is missing.
    """
    verdicts = [bool(row[column]) for row in rows]
    n, right = len(verdicts), sum(verdicts)
    low, high = wilson_interval(right, n)
    values = {"accuracy": right / n if n else nan, "ci_low": low, "ci_high": high}
    return {"n": n, "correct": right, **{k: round(v, 4) for k, v in values.items()}}


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value that A and B are equally good (McNemar 1947).

    `only_a` problems are solved by A alone, `only_b` by B alone; the others say
    nothing.  0 and 0 give 1.0.  Raises ValueError on counts that cannot be.
    """
    a, b = _count(only_a, "only_a"), _count(only_b, "only_b")
    return float(binomtest(a, a + b, 0.5).pvalue) if a + b else 1.0


def paired(verdicts: Iterable[tuple[bool, bool]]) -> tuple[int, int, float]:
    """Of (A right, B right), a problem each: solved by A alone, by B alone, `mcnemar`.

    The p-value has six digits, as tables show it.
    """
    found = list(verdicts)
    only_a, only_b = sum(a > b for a, b in found), sum(b > a for a, b in found)
    return only_a, only_b, float(f"{mcnemar(only_a, only_b):.6g}")


def paired_bootstrap(
    correct_a: Sequence, correct_b: Sequence, seed: int = 0, resamples: int = 10_000
) -> tuple[float, float, float]:
    """Accuracy of A minus that of B on the same problems: (difference, low, high).

    Fractions; 95 % percentile interval.  A problem counts +1, 0 or -1, so n problems
    drawn with replacement are one multinomial draw.  Raises ValueError on lists that
    are empty or differ in length.
    """
    a, b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise ValueError(f"need two lists of one length, not {a.shape} and {b.shape}")
    n, plus, minus = a.size, int((a & ~b).sum()), int((b & ~a).sum())
    shares = [plus / n, minus / n, (n - plus - minus) / n]
    draws = np.random.default_rng(seed).multinomial(n, shares, size=resamples)
    low, high = np.quantile((draws[:, 0] - draws[:, 1]) / n, [0.025, 0.975])
    return (plus - minus) / n, float(low), float(high)


class RelativeGain(NamedTuple):
    """A gain as a share of the old value and of the new one; P1's arrows: of new."""

    of_old: float
    of_new: float


def relative_gain(old: float, new: float) -> RelativeGain:
    """(new - old) / old and (new - old) / new; NaN where that divides by zero."""
    gain = new - old
    return RelativeGain(gain / old if old else nan, gain / new if new else nan)


def _count(value: int, name: str) -> int:
    if not isinstance(value, Real) or value < 0 or value % 1:  # inf % 1: nan, truthy
        raise ValueError(f"{name} must be a whole number from 0, not {value!r}")
    return int(value)


class FirstError(NamedTuple):
    """One of ERRORS or "none", and the step (from 0) in which it happens, or None."""

    kind: str
    step: int | None


@dataclass
class _Step:  # of a student
    question: str
    solution: str | None = None


def first_error(row: dict, problem: Problem) -> FirstError:
    """The first error in the chain of a wrong answer, by comparison with gold steps.

    A gold step is used up by the first student step that computes the same (set of
    operands, result), in any order of steps.  Otherwise, in this order:

        ran on            every gold step is used up and another step follows, or the
                          output was cut (`truncated`) before any other error
        wrong arithmetic  a written equation is false
        wrong question    the question shares too few content words (F1 below 0.5) with
                          every gold question not yet used up; also a repeated question
        wrong reading     what it computes is true, but no unused gold step computes it;
                          or all steps are fine and the answer line is not
        stopped early     all steps are fine, but fewer than gold
        no chain          there is neither question nor solution (answer_only)

    A right answer gives ("none", None), however it came about.  Limits: words are no
    meanings; 35 % of the pairs of different questions of one `gradeschool` problem
    overlap enough to pass for each other, so a wrong question may show as a wrong
    reading, as do valid detours and gold steps merged into one equation.  Sentences
    without an equation are judged only under a question, and problems without gold
    steps only for arithmetic and for being cut.
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
    kind = "stopped early" if len(steps) < len(gold) else "wrong reading"
    return FirstError(kind, len(steps))


def line_marks(lines: Sequence[dict], problem: Problem) -> list[str]:
    """For each line: "right", "wrong" or "" where there is nothing to check.

    A solution is wrong with a false equation, and right if it computes what a gold step
    computes; true but not gold is "wrong" too, which may be a valid detour.  Without
    gold steps only arithmetic is judged, without an equation nothing.
    """
    gold = [fact for s in problem.steps for fact in _facts(s.solution)]
    marks = []
    for line in lines:
        text = line["text"] if line["role"] == "solution" else ""
        equations = find_equations(text)
        if not equations:
            marks.append("")
            continue
        facts = _facts(text)
        fine = all(map(equation_is_right, equations))
        known = not gold or any(_agree(fact, own) for fact in facts for own in gold)
        marks.append("right" if fine and known else "wrong")
    return marks


def _student_steps(lines: Iterable[dict]) -> list[_Step]:
    """Questions with their solutions, also where all questions come first.

    Without questions every solution is a step, and every equation of a long one.
    """
    steps: list[_Step] = []
    for line in lines:
        text = re.sub(r"^\s*[QA]:\s*", "", line["text"])
        asked = [step for step in steps if step.solution is None]
        if line["role"] == "question":
            steps.append(_Step(text))
        elif line["role"] == "solution" and asked:
            asked[0].solution = text
        elif line["role"] == "solution":
            steps.extend(_Step("", part) for part in _parts(text))
    return steps


def _parts(text: str) -> list[str]:
    pairs = pairwise(find_equations(text))
    ends = [left.end for left, right in pairs if left.end <= right.start]  # no chains
    return [text[a:b] for a, b in pairwise([0, *ends, len(text)])]


def _step_error(step: _Step, unused: dict[int, tuple[str, list[_Fact]]]) -> str | None:
    """The error of one step, or None; a step that is fine uses up its gold step."""
    equations = find_equations(step.solution or "")
    if not all(map(equation_is_right, equations)):
        return "wrong arithmetic"
    facts, before = _facts(step.solution or ""), len(unused)
    for fact in facts:
        like = [i for i, own in unused.items() if any(_agree(fact, g) for g in own[1])]
        unused.pop(like[0] if like else -1, None)
    if len(unused) < before or not unused:
        return None
    if not step.question:
        return "wrong reading" if equations else None
    overlap = {i: _overlap(step.question, asked) for i, (asked, _) in unused.items()}
    nearest = max(overlap, key=overlap.__getitem__)
    if any(q for q, _ in unused.values()) and overlap[nearest] < SAME_QUESTION:
        return "wrong question"
    if not facts:
        del unused[nearest]
    return "wrong reading" if facts else None


def _facts(text: str) -> list[_Fact]:
    """What the equations of a text compute, or else the last number it states."""
    if equations := find_equations(text):
        numbers = [_NUMBER.findall(e.expression) for e in equations]
        operands = [frozenset(map(calculate, group)) for group in numbers]
        results = [calculate(equation.result) for equation in equations]
        return list(zip(operands, results, strict=True))
    number = extract_answer(text)
    return [] if number is None else [(None, Fraction(number))]


def _agree(a: _Fact, b: _Fact) -> bool:
    return a[1] == b[1] and (None in (a[0], b[0]) or a[0] == b[0])


def _overlap(*questions: str) -> float:
    """F1 of the content words of two questions, 0 to 1."""
    words = (_EMPTY_WORDS.sub(" ", question.lower()) for question in questions)
    left, right = (Counter(re.findall(r"\w+", text)) for text in words)
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0
