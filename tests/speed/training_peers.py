"""Trained tokens per second, ours beside what a user would take instead.  By hand:

    pip install trl
    python tests/speed/training_peers.py [--problems 192] [--batch-sizes 4 16]

On the same gold-step transcripts of `gradeschool`, one epoch at the same learning rate,
each way from the same base model and at each batch size:

    ours   `train_student`, as the notebooks call it
    trl    TRL's SFTTrainer with its own defaults, prompt and completion
    loop   a plain PyTorch loop over length-sorted batches, with every logit

Seconds are those of the training without loading; ours are those of `training.json`,
which saves the student as well.  The loss is that of the trained tokens of 48 other
transcripts, after training.  Rates are compared with
this run's matrix product, at 6 operations per parameter and token.
"""

import argparse
import os
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

from machine import product_rate, rates  # the file beside this one

from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import gold_chain
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.hardware import autocast
from socratic_utils.students.training.train import (
    make_examples,
    train_student,
    training_record,
)
from socratic_utils.students.training.trainer import collate
from socratic_utils.students.transcript import IGNORED

HELD_OUT = 48
WAYS = ("ours", "trl", "loop")


def ours(pairs, options, batch, folder):
    """Seconds and the trained model."""
    recipe = replace(config.load("small").training, epochs=1.0, batch_size=batch,
                     learning_rate=options.learning_rate)  # fmt: skip
    how = SUPERVISIONS[options.supervision], recipe, folder / f"ours-{batch}"
    trained = train_student(options.student, pairs, *how)
    return training_record(trained)["seconds"], load_pretrained(str(trained))[0]


def trl(examples, options, batch, folder):
    """TRL on the same tokens; it pads to the longest of a batch, in random order."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model, tokenizer = load_pretrained(options.student)
    rows = [{"input_ids": e["input_ids"],
             "completion_mask": [int(label != IGNORED) for label in e["labels"]]}
            for e in examples]  # fmt: skip
    arguments = SFTConfig(
        output_dir=str(folder / f"trl-{batch}"), num_train_epochs=1, report_to="none",
        per_device_train_batch_size=batch, learning_rate=options.learning_rate,
        save_strategy="no", disable_tqdm=True, completion_only_loss=True,
        use_cpu=not torch.cuda.is_available(), gradient_checkpointing=False,
        warmup_steps=round(0.1 * len(rows) / batch), bf16=autocast() == "bfloat16",
    )  # fmt: skip
    trainer = SFTTrainer(model, args=arguments, train_dataset=Dataset.from_list(rows),
                         processing_class=tokenizer)  # fmt: skip
    start = time.perf_counter()
    trainer.train()
    return time.perf_counter() - start, trainer.model


def loop(examples, options, batch, folder):
    """Forward, backward, clip, AdamW; batches of similar length in random order."""
    model, tokenizer = load_pretrained(options.student)
    pad, half = collate(tokenizer), autocast() == "bfloat16"
    ordered = sorted(examples, key=lambda e: len(e["input_ids"]))
    batches = [ordered[i : i + batch] for i in range(0, len(ordered), batch)]
    random.Random(0).shuffle(batches)
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate,
                                  weight_decay=0.0, fused=True)  # fmt: skip
    warmup = max(1, round(0.1 * len(batches)))
    model.train()
    start = time.perf_counter()
    for number, rows in enumerate(batches):
        left = (len(batches) - number) / max(1, len(batches) - warmup)
        rate = options.learning_rate * min(number / warmup, left, 1.0)
        optimizer.param_groups[0]["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = model(**pad(rows)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - start, model


def held_out_loss(model, tokenizer, examples) -> float:
    """Mean loss of the trained tokens."""
    pad, total, count = collate(tokenizer), 0.0, 0
    model.eval()
    with torch.inference_mode():
        for example in examples:
            tokens = sum(label != IGNORED for label in example["labels"])
            total += float(model(**pad([example])).loss) * tokens
            count += tokens
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", default="SmolLM2-135M-Instruct")
    parser.add_argument("--supervision", default="gt_steps", choices=SUPERVISIONS)
    parser.add_argument("--problems", type=int, default=192)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    options = parser.parse_args()
    problems = load_problems("gradeschool", "train", options.problems + HELD_OUT)
    pairs = [(p, gold_chain(p)) for p in problems]
    model, tokenizer = load_pretrained(options.student)
    parameters = sum(p.numel() for p in model.parameters())
    how = tokenizer, SUPERVISIONS[options.supervision], 512
    examples = make_examples(pairs, *how)[0]
    examples, others = examples[:-HELD_OUT], examples[-HELD_OUT:]
    tokens = sum(len(e["input_ids"]) for e in examples)
    print(f"{tokens} tokens, {rates()}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for batch in options.batch_sizes:
            for way in options.ways:
                before = product_rate()
                given = pairs[:-HELD_OUT] if way == "ours" else examples
                spent, model = globals()[way](given, options, batch, Path(scratch))
                product = (before + product_rate()) / 2
                share = 6 * parameters * tokens / spent / product
                loss = held_out_loss(model.float(), tokenizer, others)
                rate = f"{tokens / spent:.0f} tokens/s, {share:.0%} of the product"
                print(f"{way}, batch {batch}: {rate}, loss {loss:.3f}", flush=True)
                del model


if __name__ == "__main__":
    main()
