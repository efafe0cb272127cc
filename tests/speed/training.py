"""What the trainer's shortcuts are worth, as ratios within one run.  By hand:

    python tests/speed/training.py [--student SmolLM2-135M-Instruct] [--problems 16]

Peers: `transformers`' own loss with logits at every position; batches in file order;
one sequence for each step of a problem instead of one with a mask.
"""

import argparse
import time

import torch

from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import Chain, gold_chain
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.train import make_examples
from socratic_utils.students.training.trainer import collate, masked_loss


def seconds(model, batches, loss) -> float:
    """Forward and backward over all batches, after one that is not counted."""
    loss(model, batches[0]).backward()
    start = time.perf_counter()
    for batch in batches:
        loss(model, batch).backward()
        model.zero_grad()
    return time.perf_counter() - start


def batches_of(examples, pad, size=4):
    return [pad(examples[i : i + size]) for i in range(0, len(examples), size)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", default="SmolLM2-135M-Instruct")
    parser.add_argument("--problems", type=int, default=16)
    options = parser.parse_args()
    model, tokenizer = load_pretrained(options.student)
    problems = load_problems("gradeschool", "train", options.problems)
    pairs = [(p, gold_chain(p)) for p in problems]
    pad = collate(tokenizer)
    torch.manual_seed(0)

    def masked(model, batch):
        return masked_loss(model, **batch)[0]

    def full(model, batch):
        return model(**batch).loss

    for name in ("answer_only", "gt_steps", "socratic_unified"):
        examples, _ = make_examples(pairs, tokenizer, SUPERVISIONS[name], 512)
        ordered = sorted(examples, key=lambda e: len(e["input_ids"]))
        ours = seconds(model, batches_of(ordered, pad), masked)
        head = seconds(model, batches_of(ordered, pad), full)
        order = seconds(model, batches_of(examples, pad), masked)
        print(f"{name}: every logit {head / ours:.2f}x, file order {order / ours:.2f}x")

    qa = SUPERVISIONS["qa"]
    one, _ = make_examples(pairs, tokenizer, qa, 512)
    prefixes = [
        (p, Chain(p.id, c.style, c.steps[:k], c.answer, c.source))
        for p, c in pairs
        for k in range(1, len(c.steps) + 1)
    ]
    many, _ = make_examples(prefixes, tokenizer, qa, 512)
    ratio = seconds(model, batches_of(many, pad), masked) / seconds(
        model, batches_of(one, pad), masked
    )
    print(f"qa: a sequence a step instead of one with a mask {ratio:.2f}x")


if __name__ == "__main__":
    main()
