"""What sharing the problem between its chains is worth in training.  By hand:

    python tests/speed/sharing.py [--student SmolLM2-135M-Instruct] [--batches 12]

Peer: plain padded batches of chains of like length, which is how everybody else is
trained here (`group_by_length`).  Both see the same pool of eight chains a problem at
the same number of chains a batch, forward and backward, in turn.  Prints the ratio of
times for batches of 4 and 8 chains.
"""

import argparse
import statistics
import time

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler

from socratic_utils import config
from socratic_utils.experiments import many_chains, sampling
from socratic_utils.experiments.corpus import train_problems
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.shared import (
    Neighbours,
    collate_shared,
    shared_loss,
    shown,
)
from socratic_utils.students.training.train import collate, make_examples, masked_loss


def timed(model, batch, loss) -> float:
    start = time.perf_counter()
    loss(model, **batch)[0].backward()
    spent = time.perf_counter() - start
    model.zero_grad()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", default="SmolLM2-135M-Instruct")
    parser.add_argument("--batches", type=int, default=12)
    options = parser.parse_args()
    settings = config.load("small")
    problems, chains = sampling.sampled(settings)
    pool = list(many_chains.by_count(settings, problems, chains).values())[-1]
    by_id = {problem.id: problem for problem in train_problems(settings)}
    model, tokenizer = load_pretrained(options.student)
    model.train()
    pairs = [(by_id[chain.problem_id], chain) for chain in pool.chains]
    examples, _ = make_examples(pairs, tokenizer, SUPERVISIONS["cot"], 512)
    keys = [tuple(e["input_ids"][: shown(e)]) for e in examples]
    pad = tokenizer.pad_token_id
    for size, together in ((4, 2), (4, 4), (8, 2), (8, 4)):
        torch.manual_seed(0)
        lengths = [len(e["input_ids"]) for e in examples]
        plain = list(LengthGroupedSampler(size, lengths=lengths))
        shared = list(Neighbours(keys, together))
        spent = [[], []]
        for start in range(0, min(len(examples), options.batches * size), size):
            one = [examples[i] for i in plain[start : start + size]]
            other = [examples[i] for i in shared[start : start + size]]
            spent[0].append(timed(model, collate(pad)(one), masked_loss))
            spent[1].append(timed(model, collate_shared(pad)(other), shared_loss))
        plain_time, shared_time = (sum(times[1:]) for times in spent)  # first: set-up
        halves = [statistics.median(times[1:]) for times in spent]
        print(
            f"{size} chains a batch, {together} of a problem together: plain batches "
            f"take {plain_time / shared_time:.2f}x the time (medians: "
            f"{halves[0] / halves[1]:.2f}x, {len(spent[0]) - 1} batches)",
            flush=True,
        )


if __name__ == "__main__":
    main()
