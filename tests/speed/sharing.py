"""What sharing the problem between its chains is worth in training.  By hand:

    python tests/speed/sharing.py [--student SmolLM2-135M-Instruct] [--problems 8]

Peer: plain padded batches of the same chains (`students.collate`), forward and backward
of the same loss in the same run, in turn.  Prints the ratio of times, and the ratio of
tokens that either has to read, for 2, 4 and 8 chains of a problem in a row.
"""

import argparse
import statistics
import time

import torch

from socratic_utils import config, many_chains, sampling
from socratic_utils.corpus import train_problems
from socratic_utils.pretrained import load_pretrained
from socratic_utils.shared import collate_shared, packed, shared_loss
from socratic_utils.students import collate, make_examples, masked_loss
from socratic_utils.transcripts import SUPERVISIONS

BATCH = 8  # chains of a step


def timed(model, batch, loss) -> float:
    start = time.perf_counter()
    loss(model, **batch)[0].backward()
    spent = time.perf_counter() - start
    model.zero_grad()
    return spent


def batches_of(items, pad, size):
    return [pad(items[i : i + size]) for i in range(0, len(items), size)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", default="SmolLM2-135M-Instruct")
    parser.add_argument("--problems", type=int, default=8)
    options = parser.parse_args()
    settings = config.load("small")
    problems, chains = sampling.sampled(settings)
    pool = list(many_chains.by_count(settings, problems, chains).values())[-1]
    by_id = {problem.id: problem for problem in train_problems(settings)}
    full = [
        p.id for p in problems if sum(c.problem_id == p.id for c in pool.chains) > 3
    ]
    model, tokenizer = load_pretrained(options.student)
    model.train()
    torch.manual_seed(0)
    for together in (2, 4):
        pairs = [
            (by_id[name], chain)
            for name in full[: options.problems]
            for chain in [c for c in pool.chains if c.problem_id == name][:4]
        ]
        examples, _ = make_examples(pairs, tokenizer, SUPERVISIONS["cot"], 512)
        plain = batches_of(examples, collate(tokenizer.pad_token_id), BATCH)
        rows = packed(examples, together)
        shared = batches_of(
            rows, collate_shared(tokenizer.pad_token_id), BATCH // together
        )
        ratios = []
        for number, (one, other) in enumerate(zip(plain, shared, strict=True)):
            pair = timed(model, one, masked_loss), timed(model, other, shared_loss)
            if number:  # the first sets things up
                ratios.append(pair[0] / pair[1])
        tokens = [sum(len(e["input_ids"]) for e in items) for items in (examples, rows)]
        print(
            f"{together} chains a row: plain batches take "
            f"{statistics.median(ratios):.2f}x the time (from {min(ratios):.2f} to "
            f"{max(ratios):.2f}, {len(ratios)} batches), {tokens[0] / tokens[1]:.2f}x "
            f"the tokens"
        )


if __name__ == "__main__":
    main()
