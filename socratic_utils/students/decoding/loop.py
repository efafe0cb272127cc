"""The decoding loop of every student (`solve`), its solutions and their rows.

One model writes a whole transcript, or two take turns (Socratic CoT, Eq. 2): the
question generator writes a question or "No more questions", the question answerer its
solution or the answer.
"""

import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from socratic_utils.answers import answer_of, is_correct
from socratic_utils.config import Decoding
from socratic_utils.files import progress
from socratic_utils.problems import Problem

from ..training.hardware import decoding_rows, fits_memory
from ..transcript import PREFIXES, line_ids, prompt_ids, prompt_text, role_of, text_ids
from .incremental import Decoder, Row

FORMAT = 1  # raise it when decoding, extraction or rows change: they are made again
SAMPLED_FORMAT = 2  # the same for what is sampled
GREEDY = Decoding()
# A solution in the making yields what a row is to write, and is sent the tokens.
Talk = Generator[tuple[Decoder, Row, int, bool], list[int], None]


@dataclass
class Solution:
    """A decoded solution, line by line."""

    problem: Problem
    lines: list[dict[str, str]] = field(default_factory=list)  # role and text
    tokens: int = 0  # decoded, stop marks included
    logprob: float = 0.0  # of all sampled tokens; 0 for greedy decoding
    truncated: bool = False  # a line or the whole text reached its limit
    seconds: float = 0.0  # the time of all solutions, divided by their number
    prompt_cut: bool = False  # the problem was longer than the model's context

    @property
    def output(self) -> str:
        return "\n".join(line["text"] for line in self.lines)

    def add(self, text: str) -> None:
        self.lines.append({"role": role_of(text), "text": text})


def prediction_row(solution: Solution, decoding: Decoding, **labels: object) -> dict:
    """One row of `predictions/*.jsonl`; `labels` are further columns."""
    problem, output = solution.problem, solution.output
    extracted = answer_of(output, problem)  # the marked answer, else the last one
    strict = answer_of(output, problem, strict=True)  # the marked one only
    return {
        "id": problem.id, "dataset": problem.dataset, "split": problem.split, **labels,
        "prompt": prompt_text(problem), "output": output,
        "lines": solution.lines,
        "extracted": extracted, "strict": strict, "gold": problem.answer,
        "correct": is_correct(extracted, problem.answer, problem.kind),
        "correct_strict": is_correct(strict, problem.answer, problem.kind),
        "truncated": solution.truncated, "prompt_cut": solution.prompt_cut,
        "tokens": solution.tokens, "seconds": solution.seconds,
        "steps_gold": len(problem.steps),
        **{name: problem.extra.get(name) for name in ("family", "unseen", "variant")},
        "decoding": asdict(decoding)}  # fmt: skip


def solve(
    problems: Sequence[Problem], writer: Decoder, answerer: Decoder | None = None,
    decoding: Decoding = GREEDY, sees_solutions: bool = False, label: str = "solving",
    samples: int = 1, seed: int = 0, guides: Mapping[str, str] | None = None,
) -> list[Solution]:  # fmt: skip
    """Decode `samples` solutions per problem, in the order of the problems.

    `writer` alone writes everything; with an `answerer` it writes the questions only,
    and `sees_solutions` says whether it reads the answerer's solutions (Socratic CoT,
    section 3.3: no; Table 1: yes).  `guides`, from problem id to guide line, is read by
    `writer` alone (Fig. 6).  ValueError for several samples at temperature 0 and for a
    problem without a guide.
    """
    if samples > 1 and decoding.temperature == 0:
        raise ValueError("several samples need a temperature above 0, such as 0.7")
    for problem in problems if guides is not None else ():
        if role_of(guides.get(problem.id, "")) != "guide":
            needed = f"has no line that starts with {PREFIXES['guide']!r} in `guides`"
            raise ValueError(f"problem {problem.id!r} {needed}")
    decoders = [writer] if answerer is None else [writer, answerer]

    # 1. The longest problems first: similar lengths are read together.
    order = sorted(range(len(problems)), key=lambda i: -len(problems[i].text))
    solutions: list[list[Solution]] = [[] for _ in problems]
    talks: dict[Row, tuple[int, Talk]] = {}  # by the row that writes; of a problem
    lines = 2 * (decoding.max_steps + 1) * decoding.line_tokens
    tokens = decoding.max_tokens if answerer is None else lines
    tokens += max((len(p.text) // 2 for p in problems), default=0)  # at most, roughly
    size = max(1, decoding.batch_size // samples)  # problems at once
    size = max(1, decoding_rows(decoders, tokens, size * samples) // samples)
    bar = progress(len(problems) * samples, label, "solution")
    start = time.perf_counter()

    def proceed(i: int, talk: Talk, ids: list[int] | None = None) -> None:
        """Ask for the next line of a solution, unless it is finished."""
        try:
            decoder, row, limit, whole_lines = talk.send(ids)
            decoder.ask(row, limit, decoding.temperature, whole_lines)
            talks[row] = i, talk
        except StopIteration:
            bar.update()

    def begin() -> None:
        for number, decoder in enumerate(decoders):
            decoder.start([])
            if decoding.temperature:
                decoder.seed(seed + number)

    def advance() -> None:
        # 2. New problems take the place of finished ones, an eighth of a batch at once.
        free = size - -(-len(talks) // samples)
        batch = order[:free] if not talks or 8 * free >= size else []
        for i in batch:
            solutions[i] = [Solution(problems[i]) for _ in range(samples)]
        own = [solution for i in batch for solution in solutions[i]]
        opened = []
        for decoder in decoders if batch else ():
            lines = guides if guides and decoder is writer else {}
            asked = [(problems[i], lines.get(problems[i].id, "")) for i in batch]
            prompts = [prompt_ids(decoder.tokenizer, *one) for one in asked]
            # Cut at the start if too long: the question comes last.
            room = max(1, (decoder.context or sys.maxsize) - decoding.max_tokens)
            opened.append(decoder.open([ids[-room:] for ids in prompts], samples))
            for place, solution in enumerate(own):
                solution.prompt_cut |= len(prompts[place // samples]) > room
        del order[: len(batch)]
        write = partial(take_turns, sees_solutions) if answerer else write_alone
        for place, (solution, *rows) in enumerate(zip(own, *opened, strict=True)):
            talk = write(solution, decoding, *decoders, *rows)
            proceed(batch[place // samples], talk)
        # 3. The model with the most rows that are writing goes on by one step.
        for row in max(decoders, key=lambda decoder: decoder.busy).step():
            proceed(*talks.pop(row), row.line)

    begin()
    while order or talks:
        if not fits_memory(advance, may_fail=size > 1):
            # 4. Unfinished problems begin again, half as many at once.
            again = list(dict.fromkeys(i for i, _ in talks.values()))
            order[:0], size = again, size // 2
            bar.n = bar.total - len(order) * samples
            bar.write(f"out of memory: {label} goes on, {size} problems at once")
            talks.clear()
            begin()
    bar.close()
    found = [solution for own in solutions for solution in own]
    for solution in found:
        solution.seconds = round((time.perf_counter() - start) / len(found), 3)
    return found


def write_alone(solution: Solution, decoding: Decoding, writer, row: Row) -> Talk:
    """One model writes the solution up to its answer, <end> or `max_tokens`."""
    ids, whole = [], True
    while whole and not is_complete(writer, ids) and len(ids) < decoding.max_tokens:
        line = yield writer, row, decoding.max_tokens - len(ids), writer.resumes
        ids += line
        whole = bool(line) and line[-1] in row.stops  # else the context is full
        solution.logprob += row.logprob
    row.gone = True
    solution.tokens = len(ids)
    solution.truncated = not is_complete(writer, ids)
    for text in filter(None, map(str.strip, writer.text(ids).split("\n"))):
        solution.add(text)
        if role_of(text) == "answer":
            break  # what follows is cut off


def is_complete(decoder: Decoder, ids: list[int]) -> bool:
    """Whether a text ends with <end> or has a complete answer line."""
    *lines, _ = decoder.text(ids, strip=False).split("\n")
    return ids[-1:] == [decoder.end] or any(role_of(line) == "answer" for line in lines)


def take_turns(
    sees_solutions: bool, solution: Solution, decoding: Decoding,
    generator: Decoder, answerer: Decoder, asks: Row, answers: Row,
) -> Talk:  # fmt: skip
    """Two models take turns: a question, its solution, and so on to the answer."""
    for step in range(decoding.max_steps + 1):
        # 1. A question.  After anything else, and in the last step, the answer.
        ids = yield generator, asks, decoding.line_tokens, True
        text = generator.text(ids)
        solution.logprob += asks.logprob
        whole = bool(ids) and ids[-1] in asks.stops  # else cut off at the limit
        asked = whole and role_of(text) == "question" and ids[-1] != generator.end
        too_many = asked and step == decoding.max_steps
        solution.truncated |= too_many or not whole
        solution.tokens += len(ids)
        expected = "solution" if asked and not too_many else "answer"
        if expected == "solution":
            solution.add(text)
            answers.hear(line_ids(answerer.tokenizer, text))
        elif text and role_of(text) not in ("question", "done"):
            solution.lines.append({"role": "other", "text": text})
        answers.hear(text_ids(answerer.tokenizer, PREFIXES[expected]))
        # 2. Its solution, or the answer.
        ids = yield answerer, answers, decoding.line_tokens, True
        text = f"{PREFIXES[expected]} {answerer.text(ids)}"
        solution.logprob += answers.logprob
        whole = bool(ids) and ids[-1] in answers.stops
        solution.truncated |= not whole
        solution.tokens += len(ids)
        if ids:  # else its context was full
            solution.add(text)
        if expected == "answer" or not whole:
            break
        if sees_solutions:
            asks.hear(line_ids(generator.tokenizer, text))
    asks.gone = answers.gone = True
