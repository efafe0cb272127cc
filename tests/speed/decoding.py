"""What decoding without waiting is worth against `generate`.  By hand:

    python tests/speed/decoding.py --unified FOLDER --pair QG_FOLDER QA_FOLDER \
        [--problems 200] [--batch-size 100] [--only pair] [--part 4]

Each of our ways, and a peer that gives the same text, on the same problems in one run:

    pair      two `generate` calls per turn, one problem after the other
    unified   `generate` on batches of problems sorted by length, padded on the left
    samples   8 runs of that `generate`, sampled, against 8 samples that share a prompt

The ratio is of the best of `--times` runs.  With `--part 4` a peer does a fourth of
what it repeats (every fourth problem of a pair, two of the 8 runs), and its time counts
four times.  Greedy texts are compared too: they differ where two tokens are equally
likely up to rounding.
"""

import argparse
import time
from dataclasses import replace

import torch
from machine import rates  # the file beside this one

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding
from socratic_utils.students import IncrementalDecoder, load_student, solve
from socratic_utils.students.transcript import (
    PREFIXES,
    line_ids,
    prompt_ids,
    role_of,
    text_ids,
)

SAMPLES = 8


def generate(model, tokenizer, rows, limit, stops, temperature=0.0):
    """New tokens of every row up to its first stop, by `model.generate`."""
    width, end = max(map(len, rows)), tokenizer.eos_token_id
    ids = torch.tensor([[end] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    given = {"do_sample": False}
    if temperature:
        given = {"do_sample": True, "temperature": temperature, "top_k": 0}
    with torch.inference_mode():
        out = model.generate(ids, attention_mask=mask, max_new_tokens=limit,
                             eos_token_id=stops, pad_token_id=end, **given)  # fmt: skip
    written = []
    for row in out[:, width:].tolist():
        cut = next((i + 1 for i, token in enumerate(row) if token in stops), len(row))
        written.append(row[:cut])
    return written


def naive_pair(problems, generator, answerer, decoding):
    """Two `generate` calls per turn; every call reads the transcript from its start."""
    texts = []
    for problem in problems:
        asked = prompt_ids(generator.tokenizer, problem)
        answered, lines = list(asked), []
        for step in range(decoding.max_steps + 1):
            limit, stops = decoding.line_tokens, generator.stops.tolist()
            model, tokenizer = generator.model, generator.tokenizer
            [ids] = generate(model, tokenizer, [asked], limit, stops)
            text = generator.text(ids)
            asks = role_of(text) == "question" and step < decoding.max_steps
            asks = asks and ids[-1] in generator.stops and ids[-1] != generator.end
            if asks:
                asked += ids
                lines.append(text)
                answered += line_ids(answerer.tokenizer, text)
            elif text and role_of(text) not in ("question", "done"):
                lines.append(text)
            prefix = PREFIXES["solution" if asks else "answer"]
            answered += text_ids(answerer.tokenizer, prefix)
            model, tokenizer = answerer.model, answerer.tokenizer
            [ids] = generate(model, tokenizer, [answered], limit, stops)
            answered += ids
            lines.append(f"{prefix} {answerer.text(ids)}")
            if not asks or ids[-1] not in answerer.stops:
                break
        texts.append("\n".join(lines))
    return texts


def padded_batches(problems, writer, decoding, temperature=0.0):
    """`generate` up to <end>, on batches sorted by length."""
    prompts = [prompt_ids(writer.tokenizer, problem) for problem in problems]
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    texts = [""] * len(prompts)
    for first in range(0, len(order), decoding.batch_size):
        batch = order[first : first + decoding.batch_size]
        written = generate(writer.model, writer.tokenizer, [prompts[i] for i in batch],
                           decoding.max_tokens, [writer.end], temperature)  # fmt: skip
        for i, ids in zip(batch, written, strict=True):
            lines = filter(None, map(str.strip, writer.text(ids).split("\n")))
            texts[i] = "\n".join(lines)
    return texts


def outputs(*given, **more):
    return [solution.output for solution in solve(*given, **more)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unified", help="a trained student's folder")
    parser.add_argument("--pair", nargs=2, help="a question generator's, an answerer's")
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=Decoding().batch_size)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--part", type=int, default=1, choices=[1, 2, 4, 8])
    parser.add_argument("--only", choices=["pair", "unified", "samples"])
    options = parser.parse_args()
    problems = load_problems("gradeschool", "test", options.problems)
    greedy = Decoding(batch_size=options.batch_size)
    warm = replace(greedy, temperature=0.7)
    print(rates(), flush=True)
    ways = {}
    if options.unified:
        alone = IncrementalDecoder(*load_student(options.unified))
        ways["unified"] = (
            lambda: outputs(problems, alone, decoding=greedy),
            lambda: padded_batches(problems, alone, greedy),
            1,  # all of its rows are one run
        )
        ways["samples"] = (
            lambda: outputs(problems, alone, decoding=warm, samples=SAMPLES),
            lambda: [t for _ in range(SAMPLES // options.part)
                     for t in padded_batches(problems, alone, greedy, 0.7)],
            options.part,
        )  # fmt: skip
    if options.pair:
        pair = [IncrementalDecoder(*load_student(folder)) for folder in options.pair]
        ways["pair"] = (
            lambda: outputs(problems, *pair, decoding=greedy),
            lambda: naive_pair(problems[:: options.part], *pair, greedy),
            options.part,
        )
    for name, (*runs, part) in ways.items():
        if options.only not in (None, name):
            continue
        best, texts = [float("inf")] * 2, [[], []]
        for _ in range(options.times):
            for number, run in enumerate(runs):
                start = time.perf_counter()
                texts[number] = run()
                best[number] = min(best[number], time.perf_counter() - start)
        best[1] *= part
        said = f"{name}: {best[0]:.1f} s, generate {best[1]:.1f} s, "
        said += f"{best[1] / best[0]:.2f}x"
        if name != "samples":  # which are random
            same = sum(a == b for a, b in zip(texts[0][::part], texts[1], strict=True))
            said += f", {same} of {len(texts[1])} texts equal"
        print(said, flush=True)


if __name__ == "__main__":
    main()
