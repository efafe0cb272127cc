"""Solving problems: one decoding loop for every student.

Look at the transcript, see who speaks next, let that model write one line, append it,
repeat.  A unified student (also CoT, ground-truth steps, answer only) is that loop with
one model; the iterative pair is the loop with two (P1 Eq. 2): the question generator
writes a question or "No more questions", the question answerer a solution or the
answer.  Each reads only what the other has added; a problem that is done leaves the
batch.

Several solutions of a problem, for self-consistency (`voting`), are drawn in the same
loop: the prompt is read once for all of them.

A writer may be given a guide for each problem (`guidance`), a line it reads after the
problem; the question answerer never sees it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tqdm import tqdm

from socratic_utils.answers import answer_of, is_correct
from socratic_utils.config import Decoding
from socratic_utils.problems import Problem
from socratic_utils.students.guidance import check_guides
from socratic_utils.students.transcript import (
    PREFIXES,
    problem_segment,
    prompt_ids,
    role_of,
)

from .incremental import Speaker

FORMAT = 2  # raise it when decoding, extraction or the format of rows changes
GREEDY = Decoding()


@dataclass
class Solution:
    """What a student wrote about one problem, line by line."""

    problem: Problem
    lines: list[dict[str, str]] = field(default_factory=list)
    tokens: int = 0
    logprob: float = 0.0  # of everything drawn; greedy lines have no score
    truncated: bool = False  # a line or the whole chain ran into its limit
    seconds: float = 0.0
    prompt_cut: bool = False  # the problem was longer than the model's context

    @property
    def output(self) -> str:
        return "\n".join(line["text"] for line in self.lines)

    def add(self, text: str, tokens: int) -> str:
        """Append a line and return its role."""
        role = role_of(text)
        self.lines.append({"role": role, "text": text})
        self.tokens += tokens
        return role


def solve(
    problems: Sequence[Problem],
    writer: Speaker,
    answerer: Speaker | None = None,
    decoding: Decoding = GREEDY,
    sees_solutions: bool = False,
    label: str = "solving",
    samples: int = 1,
    seed: int = 0,
    guides: Mapping[str, str] | None = None,
) -> list[Solution]:
    """Solutions in the problems' order, `samples` of each problem together.

    `writer` alone writes everything; with an `answerer` it only asks, and
    `sees_solutions` says whether it is shown what the answerer replies (P1 section 3.3:
    not; P1 Table 1: yes).  Draws at a temperature above 0 are seeded.  `guides`, from a
    problem's id to its guide line, is for `writer` alone (P1 Fig 6).  Raises ValueError
    for several samples at temperature 0, which would all be the same, and for a problem
    that `guides` lacks.
    """
    if samples > 1 and decoding.temperature == 0:
        raise ValueError("several samples need a temperature above 0, such as 0.7")
    if guides is not None:
        check_guides(problems, guides)
    speakers = [writer] if answerer is None else [writer, answerer]
    if decoding.temperature:
        for number, speaker in enumerate(speakers):
            speaker.seed(seed + number)
    order = sorted(range(len(problems)), key=lambda i: -len(problems[i].text))
    solved: dict[int, list[Solution]] = {}
    size = max(1, decoding.batch_size // samples)
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    bar = tqdm(total=len(problems) * samples, desc=label, unit="solution")
    for batch in batches:
        start = time.perf_counter()
        solutions = [Solution(problems[i]) for i in batch for _ in range(samples)]
        for speaker in speakers:
            own = guides if speaker is writer else None
            begin(solutions, speaker, samples, own, decoding.max_tokens)
        if answerer is None:
            speak(solutions, writer, decoding, bar.update)
        else:
            pair = (writer, answerer)
            take_turns(solutions, *pair, decoding, sees_solutions, bar.update)
        seconds = round((time.perf_counter() - start) / len(solutions), 3)
        for place, index in enumerate(batch):
            solved[index] = solutions[place * samples : (place + 1) * samples]
            for solution in solved[index]:
                solution.seconds = seconds
    bar.close()
    return [solution for i in range(len(problems)) for solution in solved[i]]


def nobody(_finished: int) -> None:
    """Nobody wants to know how many solutions were finished just now."""


def begin(
    solutions: list[Solution],
    speaker: Speaker,
    samples: int = 1,
    guides: Mapping[str, str] | None = None,
    to_write: int = 0,
) -> None:
    """Every problem is read once, also when several solutions of it are drawn.

    Of a problem that leaves no room to write so many tokens the head is cut off, and
    its solution says so: the question is mostly at the end.
    """
    problems = [solution.problem for solution in solutions[::samples]]
    guides, tokenizer = guides or {}, speaker.tokenizer
    prompts = [prompt_ids(tokenizer, p, guides.get(p.id, "")) for p in problems]
    room = max(1, speaker.context - to_write) if speaker.context else 0
    for number, ids in enumerate(prompts):
        if room and len(ids) > room:
            prompts[number] = ids[-room:]
            for solution in solutions[number * samples : (number + 1) * samples]:
                solution.prompt_cut = True
    speaker.start(prompts)
    if samples > 1:
        speaker.repeat(samples)


def speak(
    solutions: list[Solution],
    writer: Speaker,
    decoding: Decoding,
    done: Callable[[int], object] = nobody,
) -> None:
    """One model writes until its answer, the end mark or a limit.

    It writes a stride of tokens at a time, so that no row waits for the lines of
    others, and rows that are done leave after each stride.
    """
    live = list(range(len(solutions)))
    texts: list[list[int]] = [[] for _ in solutions]
    stride = writer.stride or decoding.max_tokens
    for start in range(0, decoding.max_tokens, stride):
        limit = min(stride, decoding.max_tokens - start)
        written = writer.write(limit, decoding.temperature, whole_lines=False)
        going = []
        for row, ids in enumerate(written):
            texts[live[row]] += ids
            if decoding.temperature:
                solutions[live[row]].logprob += writer.logprobs[row]
            if ids[-1] != writer.end and not answered(writer, texts[live[row]]):
                going.append(row)
        done(len(live) - len(going))
        live = [live[row] for row in going]
        if not live:
            break
        writer.keep(going)
    done(len(live))
    for solution, ids in zip(solutions, texts, strict=True):
        solution.tokens = len(ids)
        solution.truncated = ids[-1] != writer.end and not answered(writer, ids)
        for line in written_lines(writer, ids):
            solution.add(line, 0)


def written_lines(speaker: Speaker, ids: list[int]) -> list[str]:
    """The lines of a text, up to the answer."""
    lines: list[str] = []
    for line in speaker.text(ids).split("\n"):
        lines.append(line.strip())
        if role_of(line) == "answer":
            break
    return [line for line in lines if line]


def answered(speaker: Speaker, ids: list[int]) -> bool:
    """Whether an answer line is complete, with or without the end mark."""
    *complete, _ = speaker.text(ids, strip=False).split("\n")
    return any(role_of(line) == "answer" for line in complete)


def take_turns(
    solutions: list[Solution],
    asker: Speaker,
    answerer: Speaker,
    decoding: Decoding,
    sees_solutions: bool,
    done: Callable[[int], object] = nobody,
) -> None:
    """Two models take turns: a question, its solution, and so on to the answer."""
    live = list(solutions)
    for step in range(decoding.max_steps + 1):
        last = step == decoding.max_steps
        expected = ask(live, asker, answerer, decoding, last)
        going = []
        written = answerer.write(decoding.line_tokens, decoding.temperature)
        for row, (solution, ids) in enumerate(zip(live, written, strict=True)):
            text = f"{PREFIXES[expected[row]]} {answerer.text(ids)}"
            if decoding.temperature:
                solution.logprob += answerer.logprobs[row]
            solution.add(text, len(ids))
            if not stopped(answerer, ids):
                solution.truncated = True
            elif expected[row] == "solution":
                going.append(row)
                if sees_solutions:
                    asker.hear(row, line_ids(asker.tokenizer, text))
        done(len(live) - len(going))
        live = [live[row] for row in going]
        if not live:
            return
        asker.keep(going)
        answerer.keep(going)


def ask(
    live: list[Solution],
    asker: Speaker,
    answerer: Speaker,
    decoding: Decoding,
    last: bool,
) -> list[str]:
    """The asker writes; tell the answerer, and say which role it has to write now."""
    expected = []
    written = asker.write(decoding.line_tokens, decoding.temperature)
    for row, (solution, ids) in enumerate(zip(live, written, strict=True)):
        text = asker.text(ids)
        if decoding.temperature:
            solution.logprob += asker.logprobs[row]
        whole = stopped(asker, ids)
        is_question = whole and role_of(text) == "question" and ids[-1] != asker.end
        solution.truncated |= not whole
        if is_question and not last:
            solution.add(text, len(ids))
            answerer.hear(row, line_ids(answerer.tokenizer, text))
        else:  # no more questions, something else, or too many of them
            solution.tokens += len(ids)
            solution.truncated |= is_question
            if text and role_of(text) not in ("question", "done"):
                solution.lines.append({"role": "other", "text": text})
        expected.append("solution" if is_question and not last else "answer")
        prefix = PREFIXES[expected[-1]]
        answerer.hear(
            row, answerer.tokenizer(prefix, add_special_tokens=False).input_ids
        )
    return expected


def line_ids(tokenizer, text: str) -> list[int]:
    """A line that another model wrote, as tokens of this one."""
    ids = tokenizer(text, add_special_tokens=False).input_ids
    return [*ids, *tokenizer("\n", add_special_tokens=False).input_ids]


def stopped(speaker: Speaker, ids: list[int]) -> bool:
    """Whether the line ended by itself."""
    return bool(ids) and bool((speaker.stops == ids[-1]).any())


def prediction_row(solution: Solution, decoding: Decoding, **labels: object) -> dict:
    """One row of `predictions/*.jsonl`: what was asked, written, extracted, counted.

    `extracted` is flexible (the marked answer, else the last one in the text), `strict`
    takes the marked answer only.
    """
    problem = solution.problem
    extracted = answer_of(solution.output, problem)
    strict = answer_of(solution.output, problem, strict=True)
    return {
        "id": problem.id,
        "dataset": problem.dataset,
        "split": problem.split,
        **labels,
        "prompt": problem_segment(problem).text,
        "output": solution.output,
        "lines": solution.lines,
        "extracted": extracted,
        "strict": strict,
        "gold": problem.answer,
        "correct": is_correct(extracted, problem.answer, problem.kind),
        "correct_strict": is_correct(strict, problem.answer, problem.kind),
        "truncated": solution.truncated,
        "prompt_cut": solution.prompt_cut,
        "tokens": solution.tokens,
        "seconds": solution.seconds,
        "steps_gold": len(problem.steps),
        "family": problem.extra.get("family"),
        "unseen": problem.extra.get("unseen"),
        "variant": problem.extra.get("variant"),
        "decoding": asdict(decoding),
    }
