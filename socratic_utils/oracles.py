"""Two oracles in the decoding loop: what is each half of a student's work worth?

A wrong answer can come of a wrong question or of wrong arithmetic.  Take one of the two
away, and what is gained was lost there:

    solve(problems, GoldQuestions(problems, tokenizer), answerer)  # gold sub-questions
    solve(problems, Calculating(model, tokenizer))                 # correct arithmetic

`GoldQuestions` takes the question generator's place (P1 section 3.3).  `Calculating` is
the calculator of Cobbe et al. (2021, GSM8K): behind an "=" the correct result is put
in.  Their students mark what is to be calculated, as <<48/2=24>>; ours write plain
text, so the expression is looked for in the line:

    >>> result_due("She makes 4 bags * $3 = $")
    '12'

A result without an end is a fraction (10 / 3 = 10/3).  Left alone: all but plain
arithmetic; percent signs (100% - 30% may be 70% or 0.7); over 50 digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import torch

from .arithmetic import CURRENCY, MAX_DIGITS, calculate, find_equations, format_number
from .problems import Problem, gold_chain
from .speaker import Speaker, stop_ids, token_texts
from .transcripts import SUPERVISIONS, prompt_ids, segment_ids

_LEAD = re.compile(rf" ?[{CURRENCY}]| ")  # what may stand before a result
_DIGIT = re.compile(r"[.,]?\d")
_OPEN = re.compile(rf"= ?[{CURRENCY}]?\Z")  # a result comes next: "=", "= ", "= $"


class GoldQuestions(Speaker):
    """A question generator without a model: it asks the gold sub-questions.

    Its lines are those that a question generator is trained on, "No more questions."
    included.  They are written whole, whatever the limit of a line.  Raises ValueError
    where a problem has no gold sub-questions, or a prompt is of none of the problems.
    """

    def __init__(self, problems: Sequence[Problem], tokenizer) -> None:
        self.tokenizer = tokenizer
        self.end = tokenizer.eos_token_id
        self.stops = stop_ids(tokenizer)
        self.known = {
            tuple(prompt_ids(tokenizer, problem)): question_lines(tokenizer, problem)
            for problem in problems
        }

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Find each row's problem by its prompt."""
        if any(tuple(prompt) not in self.known for prompt in prompts):
            raise ValueError("a prompt is of none of the problems of GoldQuestions")
        self.lines = [list(self.known[tuple(prompt)]) for prompt in prompts]

    def seed(self, seed: int) -> None:
        """Nothing is drawn here."""

    def repeat(self, times: int) -> None:
        self.lines = [list(lines) for lines in self.lines for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """What the answerer says changes no gold question."""

    def keep(self, rows: Sequence[int]) -> None:
        self.lines = [self.lines[row] for row in rows]

    def write(
        self, limit: int, temperature: float = 0.0, whole_lines: bool = True
    ) -> list[list[int]]:
        """The next line of every row; none of it was drawn, so `logprobs` are 0."""
        self.logprobs = [0.0] * len(self.lines)
        return [lines.pop(0) for lines in self.lines]


def question_lines(tokenizer, problem: Problem) -> list[list[int]]:
    """The tokens of each gold question, and of "No more questions."."""
    if not any(step.question for step in problem.steps):
        raise ValueError(f"problem {problem.id!r} has no gold sub-questions")
    view = SUPERVISIONS["qg"].transcript(problem, gold_chain(problem))
    return [
        segment_ids(tokenizer, segment, last=segment.role == "done")
        for segment, trained in view
        if trained
    ]


@dataclass
class _Row:
    ids: list[int]  # all that it has heard and written
    due: list[int] = field(default_factory=list)  # of a result, still to be put in
    closed: bool = False  # a result was put in just now


class Calculating(Speaker):
    """A speaker whose results are calculated; all else it writes as it would.

    The result's tokens are put in one by one in place of the model's own, so they are
    read, counted and limited like any others; what a limit cuts off comes first when
    the row goes on writing.  A space or a currency sign in front of the result is the
    model's own.  `logprobs` are of the text as it stands.
    """

    def __init__(self, model, tokenizer) -> None:
        super().__init__(model, tokenizer)
        pieces = dict(enumerate(token_texts(tokenizer)))
        self.leads = {i for i, piece in pieces.items() if _LEAD.fullmatch(piece)}
        self.digits = [i for i, piece in pieces.items() if _DIGIT.match(piece)]
        equals = {i for i, piece in pieces.items() if piece.endswith("=")}
        self.openers = equals | self.leads

    def start(self, prompts: Sequence[list[int]]) -> None:
        super().start(prompts)
        self.rows = [_Row(list(prompt)) for prompt in prompts]

    def repeat(self, times: int) -> None:
        super().repeat(times)
        self.rows = [deepcopy(row) for row in self.rows for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """What was still due is dropped: somebody else has spoken."""
        super().hear(row, ids)
        self.rows[row] = _Row([*self.rows[row].ids, *ids])

    def keep(self, rows: Sequence[int]) -> None:
        super().keep(rows)
        self.rows = [self.rows[row] for row in rows]

    def choose(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        """No digit directly behind a result: 48 must not become 480.

        A point and then a digit, as two tokens, are not held back.
        """
        logits = logits.clone()  # the caller's own are the model's likelihoods
        for place, row in enumerate(self.rows):
            if row.closed:
                logits[place, self.digits] = -torch.inf
        return super().choose(logits, temperature)

    def amend(self, chosen: torch.Tensor, writing: torch.Tensor) -> torch.Tensor:
        """The next token of a result in each row that is writing, or its own."""
        tokens = chosen.tolist()
        for place in writing.nonzero()[:, 0].tolist():
            row = self.rows[place]
            if not row.due and row.ids[-1] in self.openers:
                row.due = self.result_ids(row.ids, tokens[place])
            row.closed = len(row.due) == 1
            if row.due:
                tokens[place] = row.due.pop(0)
            row.ids.append(tokens[place])
        return torch.tensor(tokens, device=chosen.device)

    def result_ids(self, ids: list[int], chosen: int) -> list[int]:
        """The result to put in behind `ids`, if any, in place of what was `chosen`."""
        line = self.text(ids, strip=False).rpartition("\n")[2]
        result = result_due(line)
        leads = chosen in self.leads and _OPEN.search(line + self.text([chosen], False))
        if result is None or leads:
            return []
        space = " " if line.endswith(" =") else ""  # as it stands before the "="
        return self.tokenizer(space + result, add_special_tokens=False).input_ids


def result_due(line: str) -> str | None:
    """The result that a line which ends "... =", "... = " or "... = $" waits for."""
    if not _OPEN.search(line):
        return None
    filled = f"{line}0"  # an equation, if what stands before the "=" is an expression
    *earlier, last = find_equations(filled) or [None]
    if not last or last.end != len(filled) or "%" in last.expression:
        return None
    result = format_number(calculate(last.expression))
    # 10/3 = 10/3 = 10/3 could go on for ever.
    said = result == last.expression and result in [e.result for e in earlier]
    return None if said or len(result) > MAX_DIGITS else result
