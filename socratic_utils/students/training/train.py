"""Students: one trainer for every supervision (`transformers.Trainer`).

The loss is the token-level cross-entropy of P1's Eq. 1 on the trained roles only
(`trainers`).

A trained student lies in `students/<name>-<hash>/`, where the hash is of everything
that made it; when it is there, it is not trained again.  A killed training goes on from
its last checkpoint.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from math import ceil
from pathlib import Path

import torch
from accelerate import PartialState
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils.logging import disable_progress_bar

from socratic_utils.config import MICRO_BATCH, Training
from socratic_utils.files import content_hash, read_json, write_json
from socratic_utils.problems import Chain, Problem
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.supervision import Supervision
from socratic_utils.students.transcript import IGNORED, tokenize

from .hardware import device, expected_minutes, use_bf16
from .shared import collate_shared
from .trainer import (
    MaskedTrainer,
    NoLastCheckpoint,
    OneLine,
    SharedTrainer,
    blank,
    collate,
    masked_loss,
    split_batch,
)

__all__ = [
    "MaskedTrainer", "base_mark", "collate", "last_checkpoint", "load_student",
    "make_examples", "masked_loss", "save_every", "student_hash", "train_student",
    "training_record",
]  # fmt: skip

disable_progress_bar()  # loading a small model needs no bar
FORMAT = (
    1  # raise it when transcripts or the loss change: old students are then retrained
)


def make_examples(
    pairs: Sequence[tuple[Problem, Chain]],
    tokenizer,
    supervision: Supervision,
    max_length: int,
) -> tuple[list[dict], int]:
    """Tokenised examples and how many were left out as longer than `max_length`.

    Of a pair that comes again (`pools.balanced`) all visits are one object.
    """
    known: dict[tuple[str, int], dict] = {}
    for problem, chain in pairs:
        key = (problem.id, id(chain))
        if key not in known:
            known[key] = tokenize(tokenizer, problem, chain, supervision)
    examples = [known[problem.id, id(chain)] for problem, chain in pairs]
    short = [e for e in examples if len(e["input_ids"]) <= max_length]
    return short, len(examples) - len(short)


def student_hash(
    base: str,
    pairs: Sequence[tuple[Problem, Chain]],
    supervision: Supervision,
    training: Training,
    seed: int,
    together: int = 1,
) -> str:
    """A hash of everything that makes a student."""
    first = {}  # place of a pair among those that differ
    for problem, chain in pairs:
        first.setdefault((problem.id, id(chain)), (len(first), problem, chain))
    corpus: list = [
        [(s.role, s.text, trained) for s, trained in supervision.transcript(p, c)]
        for _, p, c in first.values()
    ]
    if len(first) < len(pairs):  # pairs come again: their order is told by numbers
        corpus = [corpus, [first[p.id, id(c)][0] for p, c in pairs]]
    recipe = [FORMAT, base_mark(base), asdict(supervision), training.recipe(), seed]
    recipe += [together] if together > 1 else []
    return content_hash([recipe, corpus])


def base_mark(base: str) -> str | list:
    """What says that a base model is the same: its name, or the files of its folder."""
    folder = Path(base)
    if not folder.is_dir():
        return base
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [[path.name, _file_mark(path, path.stat().st_mtime_ns)] for path in files]


@cache  # several students have the same base, whose weights take seconds to read
def _file_mark(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def train_student(
    base: str,
    pairs: Sequence[tuple[Problem, Chain]],
    supervision: Supervision,
    training: Training,
    folder: str | Path,
    seed: int = 0,
    callbacks: Sequence[TrainerCallback] = (),
    together: int = 1,
) -> Path:
    """Fine-tune `base` on the pairs and return the student's folder.

    Writes the model, its tokeniser and `training.json` (losses, seconds, tokens) last,
    so that its presence means "finished".  `callbacks` are the Trainer's; they do not
    run where the student is on disk.  With `together` above 1 so many chains of one
    problem stand together and share what they have in common (`shared`).  Raises
    ValueError on an empty corpus and on problems of another split than "train".
    """
    if not pairs:
        raise ValueError(
            f"{supervision.name}: no chain to learn from; see 02_filtering"
        )
    if held_out := {p.split for p, _ in pairs} - {"train"}:
        raise ValueError(
            f"{supervision.name}: problems of {', '.join(sorted(held_out))} are for "
            f"scoring, never for training"
        )
    mark = student_hash(base, pairs, supervision, training, seed, together)
    name = f"{supervision.name}-{mark}"
    target = Path(folder) / name
    if (target / "training.json").exists():
        print(f"{name}: already trained, taken from disk")
        return target
    set_seed(seed)
    model, tokenizer = load_pretrained(base, seed)
    examples, too_long = make_examples(
        pairs, tokenizer, supervision, training.max_length
    )
    steps, rows = -(-len(examples) // training.batch_size), list(examples)
    tokens = sum(len(e["input_ids"]) for e in examples)
    minutes = expected_minutes(model, tokens * training.epochs)
    processes = PartialState(cpu=device().type == "cpu").num_processes
    largest = MICRO_BATCH if torch.cuda.is_available() else training.batch_size
    if processes > 1:
        rows += [blank(rows[0])] * (-len(rows) % training.batch_size)
    micro, accumulated = split_batch(training.batch_size, processes, largest)
    print(f"{name}: {len(examples)} transcripts, {tokens} tokens, {training.epochs:g} "
          f"epochs; about {minutes:.1f} minutes on this machine's CPU")  # fmt: skip
    arguments = TrainingArguments(
        output_dir=str(target / "checkpoints"),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulated,
        learning_rate=training.learning_rate,
        warmup_steps=round(training.warmup_share * steps * training.epochs),
        weight_decay=training.weight_decay,
        max_grad_norm=training.max_grad_norm,
        adam_epsilon=training.adam_epsilon,
        bf16=use_bf16(),
        use_cpu=device().type == "cpu",
        seed=seed,
        logging_steps=max(1, steps // 10),
        save_steps=save_every(steps, training.epochs),
        save_total_limit=1,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    arguments.device  # noqa: B018  (sets the number of GPUs)
    arguments._n_gpu = min(arguments._n_gpu, 1)  # several would multiply the batch
    trainer = (SharedTrainer if together > 1 else MaskedTrainer)(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=(collate_shared if together > 1 else collate)(
            tokenizer.pad_token_id
        ),
        processing_class=tokenizer,
        callbacks=[OneLine(name), NoLastCheckpoint(), *callbacks],
    )
    trainer.together = together
    trainer.remove_callback(PrinterCallback)  # OneLine says it in one line
    start = time.perf_counter()
    trainer.train(resume_from_checkpoint=last_checkpoint(target / "checkpoints"))
    if not trainer.is_world_process_zero():
        trainer.accelerator.wait_for_everyone()
        return target
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    write_json(
        target / "training.json",
        {
            "name": name,
            "base": base,
            "problems": len(examples),
            "too_long": too_long,
            "tokens": tokens,
            "trained_tokens": sum(
                sum(label != IGNORED for label in e["labels"]) for e in examples
            ),
            "seconds": round(time.perf_counter() - start, 1),
            "bf16": use_bf16(),
            "processes": processes,
            "steps": trainer.state.max_steps,
            "seed": seed,
            "training": asdict(training),
            "losses": [
                {"step": row["step"], "loss": row["loss"]}
                for row in trainer.state.log_history
                if "loss" in row
            ],
        },
    )
    # Last: what a kill leaves of a checkpoint must not be taken for a whole one.
    shutil.rmtree(target / "checkpoints", ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    return target


def save_every(steps: int, epochs: float) -> int:
    """Steps between two checkpoints, of `steps` an epoch.

    A checkpoint is three times the model on disk, most of a minute on a slow one: about
    half-way through a short training, every 500 steps of a long one.  Where epochs
    follow each other it is taken between two of them, because a training that goes on
    in the middle of a later one skips batches, which takes time.
    """
    wanted = min(max(10, ceil(steps * epochs / 2)), 500)
    return wanted if epochs <= 1 else steps * max(1, round(wanted / steps))


def last_checkpoint(folder: Path) -> str | None:
    """The last whole checkpoint of a killed training, if there is one."""
    # trainer_state.json is written last: without it, the kill came while saving.
    whole = [state.parent for state in folder.glob("checkpoint-*/trainer_state.json")]
    if not whole:
        return None
    return str(max(whole, key=lambda path: int(path.name.rpartition("-")[2])))


def load_student(folder: str | Path):
    """(model in evaluation mode on the device, tokenizer) of a trained student."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.to(device()).eval(), tokenizer


def training_record(folder: str | Path) -> dict:
    """What `train_student` noted: losses, seconds, tokens."""
    return read_json(Path(folder) / "training.json", {})
