"""The decoding loop of every student (`solve`), its solutions and their rows.

One model writes a whole transcript, or two take turns (Socratic CoT, Eq. 2): the
question generator writes a question or "No more questions", the question answerer its
solution or the answer.

    >>> solve(problems, question_generator, question_answerer)[0].output
    'Q: How many apples does Mia buy?\nA: She buys 3 * 4 = 12 apples.\n...'

Not covered: beam search; how rows are saved and reused (`experiments.stages`).
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tqdm import tqdm

from socratic_utils.answers import answer_of, is_correct
from socratic_utils.config import Decoding
from socratic_utils.files import visible
from socratic_utils.problems import Problem
from socratic_utils.students.transcript import (
    PREFIXES,
    line_ids,
    problem_segment,
    prompt_ids,
    role_of,
    text_ids,
)

from .incremental import Decoder

FORMAT = 1  # raise it when decoding, extraction or rows change: they are made again
GREEDY = Decoding()


@dataclass
class Solution:
    """A decoded solution, line by line."""

    problem: Problem
    lines: list[dict[str, str]] = field(default_factory=list)  # role and text
    tokens: int = 0  # decoded, stop marks included
    logprob: float = 0.0  # of all sampled tokens; 0 for greedy decoding
    truncated: bool = False  # a line or the whole text reached its limit
    seconds: float = 0.0  # the batch's time divided by its solutions
    prompt_cut: bool = False  # the problem was longer than the model's context

    @property
    def output(self) -> str:
        return "\n".join(line["text"] for line in self.lines)

    def add(self, text: str, tokens: int = 0) -> None:
        self.lines.append({"role": role_of(text), "text": text})
        self.tokens += tokens


def prediction_row(solution: Solution, decoding: Decoding, **labels: object) -> dict:
    """One row of `predictions/*.jsonl`; `labels` are further columns."""
    problem, output = solution.problem, solution.output
    extracted = answer_of(output, problem)  # the marked answer, else the last one
    strict = answer_of(output, problem, strict=True)  # the marked one only
    return {
        "id": problem.id, "dataset": problem.dataset, "split": problem.split, **labels,
        "prompt": problem_segment(problem).text, "output": output,
        "lines": solution.lines,
        "extracted": extracted, "strict": strict, "gold": problem.answer,
        "correct": is_correct(extracted, problem.answer, problem.kind),
        "correct_strict": is_correct(strict, problem.answer, problem.kind),
        "truncated": solution.truncated, "prompt_cut": solution.prompt_cut,
        "tokens": solution.tokens, "seconds": solution.seconds,
        "steps_gold": len(problem.steps),
        **{name: problem.extra.get(name) for name in ("family", "unseen", "variant")},
        "decoding": asdict(decoding),
    }  # fmt: skip


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
    if decoding.temperature:
        for number, decoder in enumerate(decoders):
            decoder.seed(seed + number)

    # 1. Batches of problems of similar length, the longest first.
    order = sorted(range(len(problems)), key=lambda i: -len(problems[i].text))
    size = max(1, decoding.batch_size // samples)
    solved: list[list[Solution]] = [[] for _ in problems]
    bar = tqdm(total=len(problems) * samples, desc=visible(label), unit="solution")
    for first in range(0, len(order), size):
        batch, start = order[first : first + size], time.perf_counter()
        solutions = [Solution(problems[i]) for i in batch for _ in range(samples)]
        # 2. Load the prompts, cut at the start if too long: the question comes last.
        for decoder in decoders:
            lines = guides if guides and decoder is writer else {}
            asked = [(problems[i], lines.get(problems[i].id, "")) for i in batch]
            prompts = [prompt_ids(decoder.tokenizer, *one) for one in asked]
            room = max(1, (decoder.context or sys.maxsize) - decoding.max_tokens)
            decoder.start([ids[-room:] for ids in prompts])
            if samples > 1:
                decoder.repeat(samples)
            for place, solution in enumerate(solutions):
                solution.prompt_cut |= len(prompts[place // samples]) > room
        # 3. Decode, and put the solutions in their places.
        if answerer is None:
            decode_alone(solutions, writer, decoding, bar.update)
        else:
            decode_in_turns(
                solutions, writer, answerer, decoding, sees_solutions, bar.update
            )
        seconds = round((time.perf_counter() - start) / len(solutions), 3)
        for place, solution in enumerate(solutions):
            solution.seconds = seconds
            solved[batch[place // samples]].append(solution)
    bar.close()
    return [solution for own in solved for solution in own]


def decode_alone(solutions, writer: Decoder, decoding: Decoding, on_progress) -> None:
    """One model writes each solution up to its answer, <end> or `max_tokens`."""
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
            if not is_complete(writer, texts[live[row]]):
                going.append(row)
        on_progress(len(live) - len(going))  # finished rows leave
        live = [live[row] for row in going]
        if not live:
            break
        writer.keep(going)
    on_progress(len(live))
    for solution, ids in zip(solutions, texts, strict=True):
        solution.tokens = len(ids)
        solution.truncated = not is_complete(writer, ids)
        for line in filter(None, map(str.strip, writer.text(ids).split("\n"))):
            solution.add(line)
            if role_of(line) == "answer":
                break  # what follows is cut off


def is_complete(decoder: Decoder, ids: list[int]) -> bool:
    """Whether a text ends with <end> or has a complete answer line."""
    *lines, _ = decoder.text(ids, strip=False).split("\n")
    return ids[-1] == decoder.end or any(role_of(line) == "answer" for line in lines)


def decode_in_turns(
    solutions: list[Solution], generator: Decoder, answerer: Decoder,
    decoding: Decoding, sees_solutions: bool, on_progress,
) -> None:  # fmt: skip
    """Two models take turns: a question, its solution, and so on to the answer."""
    live, warm = list(solutions), decoding.temperature > 0
    for step in range(decoding.max_steps + 1):
        # 1. A question per row.  After anything else, and in the last step, the answer.
        expected = []
        written = generator.write(decoding.line_tokens, decoding.temperature)
        for row, (solution, ids) in enumerate(zip(live, written, strict=True)):
            text = generator.text(ids)
            solution.logprob += generator.logprobs[row] if warm else 0.0
            whole = ids[-1] in generator.stops  # else cut off at the limit
            asks = whole and role_of(text) == "question" and ids[-1] != generator.end
            too_many = asks and step == decoding.max_steps
            solution.truncated |= too_many or not whole
            if asks and not too_many:
                solution.add(text, len(ids))
                answerer.hear(row, line_ids(answerer.tokenizer, text))
            else:
                solution.tokens += len(ids)
                if text and role_of(text) not in ("question", "done"):
                    solution.lines.append({"role": "other", "text": text})
            expected.append("solution" if asks and not too_many else "answer")
            answerer.hear(row, text_ids(answerer.tokenizer, PREFIXES[expected[row]]))
        # 2. Its solution, or the answer.
        going = []
        written = answerer.write(decoding.line_tokens, decoding.temperature)
        for row, (solution, ids) in enumerate(zip(live, written, strict=True)):
            text = f"{PREFIXES[expected[row]]} {answerer.text(ids)}"
            solution.logprob += answerer.logprobs[row] if warm else 0.0
            solution.add(text, len(ids))
            solution.truncated |= ids[-1] not in answerer.stops
            if expected[row] == "solution" and ids[-1] in answerer.stops:
                going.append(row)
                if sees_solutions:
                    generator.hear(row, line_ids(generator.tokenizer, text))
        # 3. Finished rows leave.
        on_progress(len(live) - len(going))
        live = [live[row] for row in going]
        if not live:
            return
        generator.keep(going)
        answerer.keep(going)
