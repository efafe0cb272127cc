"""Oracles and other decoders that do a part of a student's work.

A wrong answer can come from a wrong question or from wrong arithmetic.  An oracle
replaces one of the two; the accuracy that is gained was lost there.  Not covered:
percent signs, and the <<48/2=24>> of the calculator's source (GSM8K).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

import torch

from socratic_utils.answers import calculate, find_equations, format_number
from socratic_utils.answers.arithmetic import CURRENCY, MAX_DIGITS
from socratic_utils.config import Decoding
from socratic_utils.problems import Chain, Problem, Step, sub_questions

from ..supervision import SUPERVISIONS
from ..transcript import PREFIXES, line_ids, prompt_ids, text_ids
from .incremental import Decoder, IncrementalDecoder, Row, token_texts
from .loop import solve

_LEAD = re.compile(rf" ?[{CURRENCY}]| ")  # what may precede a result
_DIGIT = re.compile(r"[.,]?\d")
_OPEN = re.compile(rf"= ?[{CURRENCY}]?\Z")  # a result comes next: "=", "= ", "= $"


class KnownQuestions(Decoder):
    """A question generator without a model: it asks `questions`, by problem id."""

    def __init__(self, problems, tokenizer, questions: Mapping[str, Sequence[str]]):
        super().__init__(tokenizer)
        self.known: dict[tuple[int, ...], list[list[int]]] = {}
        for problem in problems:
            steps = tuple(Step(text, "", "") for text in questions[problem.id])
            chain = Chain(problem.id, "socratic", steps, problem.answer, "known")
            _, *asked = SUPERVISIONS["qg"].transcript(problem, chain)
            lines = [line_ids(tokenizer, s.text, s.role == "done") for s, _ in asked]
            self.known[tuple(prompt_ids(tokenizer, problem))] = lines

    def begin(self, prompts: Sequence[list[int]]) -> list[Row]:
        """Find each row's problem by its prompt; ValueError for an unknown one."""
        if any(tuple(prompt) not in self.known for prompt in prompts):
            raise ValueError("a prompt is of none of the problems with known questions")
        return super().begin(prompts)

    def admit(self, row: Row) -> None:
        """The next question, whatever the limit and the answerer's lines."""
        row.ids += self.known[row.prompt][row.lines - 1]
        self.finished.append(row)


class GoldQuestions(KnownQuestions):
    """The gold sub-questions; ValueError for a problem without any."""

    def __init__(self, problems: Sequence[Problem], tokenizer) -> None:
        gold = {problem.id: sub_questions(problem) for problem in problems}
        if bare := [name for name, questions in gold.items() if not questions]:
            raise ValueError(f"problem {bare[0]!r} has no gold sub-questions")
        super().__init__(problems, tokenizer, gold)


def ask_upfront(problems, generator, decoding: Decoding) -> KnownQuestions:
    """All questions before any solution, as section 3.3 of Socratic CoT may be read."""
    greedy, questions = replace(decoding, temperature=0.0), {}
    for solution in solve(problems, generator, decoding=greedy, label="questions"):
        lines = solution.lines[:-1] if solution.truncated else solution.lines
        asked = takewhile(lambda line: line["role"] == "question", lines)
        found = [line["text"].removeprefix(PREFIXES["question"]) for line in asked]
        questions[solution.problem.id] = found[: decoding.max_steps]
    return KnownQuestions(problems, generator.tokenizer, questions)


def write_guides(planner, prompts: Sequence[list[int]], limit: int) -> list[str]:
    """The guide line, of at most `limit` tokens, that the planner writes per prompt."""
    prefix = text_ids(planner.tokenizer, PREFIXES["guide"])  # so every line is a guide
    planner.start([[*prompt, *prefix] for prompt in prompts])
    texts = [" ".join(planner.text(ids).split()) for ids in planner.write(limit)]
    return [f"{PREFIXES['guide']} {text}".strip() for text in texts]


class PlannedDecoder(IncrementalDecoder):
    """A question generator that reads the guide of a planner (Fig. 6), a student."""

    def __init__(self, generator, planner, limit: int) -> None:
        super().__init__(generator.model, generator.tokenizer)
        self.planner, self.limit = planner, limit

    def begin(self, prompts: Sequence[list[int]]) -> list[Row]:
        guides = write_guides(self.planner, prompts, self.limit) if prompts else []
        self.planner.start([])  # gives the memory of its cache back
        rows = super().begin(prompts)
        for row, guide in zip(rows, guides, strict=True):
            row.hear(line_ids(self.tokenizer, guide))
        return rows


class CalculatorDecoder(IncrementalDecoder):
    """A decoder that replaces what follows the "=" of an expression by its result."""

    def __init__(self, model, tokenizer) -> None:
        super().__init__(model, tokenizer)
        pieces = list(enumerate(token_texts(tokenizer)))
        self.leads = {i for i, piece in pieces if _LEAD.fullmatch(piece)}
        self.digits = [i for i, piece in pieces if _DIGIT.match(piece)]
        self.openers = self.leads | {i for i, piece in pieces if piece.endswith("=")}

    def choose(self, rows: Sequence[Row], logits: torch.Tensor) -> list[int]:
        """The next token of a result that is due, else the model's own.  No digit
        directly after a result: 48 must not become 480."""
        logits = logits.clone()  # the caller's are used for logprobs
        for place, row in enumerate(rows):
            if row.closed:
                logits[place, self.digits] = -torch.inf
        tokens = super().choose(rows, logits)
        for place, row in enumerate(rows):
            if not row.due and row.ids[-1] in self.openers:
                row.due = self.result_ids(row.ids, tokens[place])
            row.closed = len(row.due) == 1
            if row.due:
                tokens[place] = row.due.pop(0)
        return tokens

    def result_ids(self, ids: list[int], chosen: int) -> list[int]:
        """The tokens of the result due after `ids` in place of `chosen`, if any."""
        line = self.text(ids, strip=False).rpartition("\n")[2]
        result = result_due(line)
        leads = chosen in self.leads and _OPEN.search(line + self.text([chosen], False))
        if result is None or leads:
            return []
        space = " " if line.endswith(" =") else ""  # as before the "="
        return text_ids(self.tokenizer, space + result)


def result_due(line: str) -> str | None:
    """The result due at the end of a line: "4 bags * $3 = $" -> "12"; or None."""
    filled = f"{line}0"  # an equation, if an expression precedes the "="
    *earlier, last = find_equations(filled) or [None]
    whole = last is not None and last.end == len(filled)
    if not whole or "%" in last.expression or not _OPEN.search(line):
        return None
    result = format_number(calculate(last.expression))
    # 10/3 = 10/3 = 10/3 could continue forever.
    said = result == last.expression and result in [e.result for e in earlier]
    return None if said or len(result) > MAX_DIGITS else result
