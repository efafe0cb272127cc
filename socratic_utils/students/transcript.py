"""One transcript, many students: segments, roles and the loss mask.

A problem and its chain are rendered once, a line a segment:

    Problem: Mia buys 3 bags of 4 apples and eats 2. How many are left?
    Q: How many apples does Mia buy?
    A: She buys 3 * 4 = 12 apples.
    Q: How many apples are left?
    A: There are 12 - 2 = 10 apples left.
    The answer is 10.<end>

Every supervision of both papers is this transcript with some roles left out and some
roles trained (`SUPERVISIONS`).  One sequence with a mask trains the question answerer
on all k steps at once: the same loss as k sequences with growing prefixes (P1 Eq. 1).
The question generator sees no solutions (P1 section 3.3); P1's Table 1 shows it seeing
them, which is the supervision `qg_sees_solutions` (an exercise in notebook 05).
A guide, the line `Plan: 3 * 4 = 12; ...` after the problem, is added in `guidance`.
"""

from __future__ import annotations

from dataclasses import dataclass

from socratic_utils.answers import ANSWER_MARK
from socratic_utils.problems import Chain, Problem, problem_text

PREFIXES = {
    "problem": "Problem:",
    "guide": "Plan:",
    "question": "Q:",
    "solution": "A:",
    "answer": ANSWER_MARK,
    "done": "No more questions",
}
IGNORED = -100  # the label that transformers leaves out of the loss


@dataclass(frozen=True)
class Segment:
    """One line of a transcript."""

    role: str
    text: str


@dataclass(frozen=True)
class Supervision:
    """What a student is shown, what it is trained on, and whose chains it learns."""

    name: str
    shown: tuple[str, ...]
    trained: tuple[str, ...]
    corpus: str  # "gold", "cot" or "socratic"

    def transcript(self, problem: Problem, chain: Chain) -> list[tuple[Segment, bool]]:
        """What the student is shown of a pair, each line with whether it is trained."""
        return self.view(segments(problem, chain))

    def view(self, segments: list[Segment]) -> list[tuple[Segment, bool]]:
        """The shown segments, each with whether it is in the loss."""
        seen = [(s, s.role in self.trained) for s in segments if s.role in self.shown]
        if "done" in self.trained:
            seen.append((Segment("done", f"{PREFIXES['done']}."), True))
        return seen


def _supervision(name: str, shown: str, trained: str, corpus: str) -> Supervision:
    return Supervision(name, tuple(shown.split()), tuple(trained.split()), corpus)


SUPERVISIONS = {
    s.name: s
    for s in (
        _supervision("answer_only", "problem answer", "answer", "gold"),
        _supervision("gt_steps", "problem solution answer", "solution answer", "gold"),
        _supervision("cot", "problem solution answer", "solution answer", "cot"),
        _supervision(
            "socratic_unified",
            "problem question solution answer",
            "question solution answer",
            "socratic",
        ),
        _supervision("qg", "problem question", "question done", "socratic"),
        _supervision(
            "qg_sees_solutions",
            "problem question solution",
            "question done",
            "socratic",
        ),
        _supervision(
            "qa", "problem question solution answer", "solution answer", "socratic"
        ),
    )
}

# A student is one model, or a question generator and a question answerer.
STUDENTS = {
    "answer_only": ("answer_only",),
    "gt_steps": ("gt_steps",),
    "cot": ("cot",),
    "socratic_unified": ("socratic_unified",),
    "socratic_iterative": ("qg", "qa"),
}


def segments(problem: Problem, chain: Chain) -> list[Segment]:
    """The whole transcript of a problem and a chain."""
    lines = [problem_segment(problem)]
    for step in chain.steps:
        if step.question:
            lines.append(Segment("question", _line("question", step.question)))
        if step.solution:
            lines.append(Segment("solution", _line("solution", step.solution)))
    lines.append(Segment("answer", _line("answer", f"{chain.answer}.")))
    return lines


def problem_segment(problem: Problem) -> Segment:
    """The first line; at test time it is the whole prompt."""
    return Segment("problem", _line("problem", problem_text(problem)))


def role_of(line: str) -> str:
    """The role a written line has by its first words, or "other"."""
    line = line.strip()
    for role, prefix in PREFIXES.items():
        if line.startswith(prefix):
            return role
    return "other"


def _line(role: str, text: str) -> str:
    return f"{PREFIXES[role]} {' '.join(text.split())}"


# --- tokens -------------------------------------------------------------------------


def start_ids(tokenizer) -> list[int]:
    """What the tokeniser puts in front of every text (OPT's </s>; GPT-2: nothing)."""
    return list(tokenizer("").input_ids)


def segment_ids(tokenizer, segment: Segment, last: bool = False) -> list[int]:
    """A segment's tokens and its stop mark: a new line, or the end mark after the last.

    Text and stop mark are encoded apart, so that decoding meets the very tokens that
    training showed, whatever the tokeniser would have merged.
    """
    ids = tokenizer(segment.text, add_special_tokens=False).input_ids
    if last:
        return [*ids, tokenizer.eos_token_id]
    return [*ids, *tokenizer("\n", add_special_tokens=False).input_ids]


def prompt_ids(tokenizer, problem: Problem, guide: str = "") -> list[int]:
    """The line of the problem, and of a guide, as tokens exactly as in training."""
    lines = [problem_segment(problem)] + ([Segment("guide", guide)] if guide else [])
    return start_ids(tokenizer) + [
        token for line in lines for token in segment_ids(tokenizer, line)
    ]


def tokenize(
    tokenizer, problem: Problem, chain: Chain, supervision: Supervision
) -> dict[str, list[int]]:
    """`input_ids` and `labels` of one transcript; labels are -100 outside the loss."""
    ids = start_ids(tokenizer)
    labels = [IGNORED] * len(ids)
    shown = supervision.transcript(problem, chain)
    for number, (segment, trained) in enumerate(shown, 1):
        tokens = segment_ids(tokenizer, segment, last=number == len(shown))
        ids += tokens
        labels += tokens if trained else [IGNORED] * len(tokens)
    return {"input_ids": ids, "labels": labels}
