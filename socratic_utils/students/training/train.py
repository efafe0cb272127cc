"""Train a student: one function for every supervision, on `transformers.Trainer`.

A student in `students/<supervision>-<hash>/` is not trained again; a killed training
resumes from its last checkpoint.  Libraries, processes and device are not hashed: they
change weights only through rounding and dropout.
"""

import gc
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path

from accelerate import PartialState
from transformers import PrinterCallback, TrainerCallback, TrainingArguments, set_seed

from socratic_utils.config import Training
from socratic_utils.files import content_hash, read_json, write_json
from socratic_utils.problems import Chain, Problem

from ..base_models import base_revision, load_pretrained, max_positions
from ..supervision import Supervision, as_long
from ..transcript import IGNORED, Pairs, check_round_trip, map_pairs, tokenize
from . import hardware
from .adapters import add_adapters, merged
from .checks import check_base
from .hardware import autocast, device, free_memory
from .memory import size_of, training_fit
from .trainer import ByLength, ShowProgress, blank, masked_trainer, share_of_step

gc.freeze()  # what is imported is not looked through again: half a second each time
SAVE_MINUTES = 5  # about as much training on a CPU is lost with a kill, or less
FORMAT = 3  # raise it when transcripts, loss or training change: all are trained again


def train_student(
    base: str, pairs: Pairs, supervision: Supervision, training: Training,
    folder: str | Path, seed: int = 0, callbacks: Sequence[TrainerCallback] = (),
) -> Path:  # fmt: skip
    """Fine-tune `base` on the pairs and return the student's folder.  Writes the model,
    or its adapters, the tokeniser and, last, `training.json`, which means "finished".
    ValueError without pairs, for problems of another split than "train", and for a base
    model or tokenizer that is unfit (`checks`)."""
    # 1. Is there something to train?
    name = supervision.name
    if not pairs:
        raise ValueError(f"{name}: no chain to learn from; see 02_filtering")
    if held_out := ", ".join(sorted({p.split for p, _ in pairs} - {"train"})):
        why = f"problems of {held_out} are for scoring, never for training"
        raise ValueError(f"{name}: {why}")
    made_from = ingredients(base, pairs, supervision, training, seed)
    name = f"{name}-{content_hash(made_from)}"
    target = Path(folder) / name
    if (target / "training.json").exists():
        logging.getLogger(__name__).info("%s: already trained, loaded from disk", name)
        return target

    # 2. Tokenize.  With several processes the last batch is filled with blanks.
    set_seed(seed)
    prepared = prepare(base, pairs, supervision, training, seed)
    model, tokenizer, examples, too_long = prepared
    if too_long:  # which makes the training no shorter
        training = as_long(training, len(pairs), len(examples))
    lengths = [len(e["input_ids"]) for e in examples]
    trained = [sum(label != IGNORED for label in e["labels"]) for e in examples]
    tokens, longest = sum(lengths), max(lengths)
    processes, rows = PartialState(cpu=device().type == "cpu").num_processes, examples
    if processes > 1:
        rows = examples + [blank(examples[0])] * (-len(examples) % training.batch_size)
    arguments = training_arguments(training, target, seed, len(examples), processes)
    batch, is_half = arguments.per_device_train_batch_size, autocast() != "none"
    size, free, rank = size_of(model), free_memory(), training.lora_rank
    free /= 1.5 if device().type == "cpu" else 1  # there a freed part of it is kept
    fit = training_fit(size, longest, max(trained), batch, free, is_half, rank)
    needed = f"about {fit.needed / 1e9:.1f} GB"
    where = f"on {device()}, {fit.rows} at once, {needed}"
    if device().type == "cpu":
        minutes = hardware.expected_minutes(model, tokens * training.epochs)
        where = f"about {minutes:.1f} minutes on this machine's CPU"
        if processes == 1:  # several have several estimates, but must save together
            steps = len(lengths) / batch * training.epochs
            every = ceil(steps * SAVE_MINUTES / minutes)
            arguments.save_steps = min(every, arguments.save_steps)
    print(f"{name}: {len(examples)} transcripts, {tokens} tokens, {training.epochs:g} "
          f"epochs; {where}")  # fmt: skip

    # 3. Train, or resume.
    callbacks = [ShowProgress(name), *callbacks]
    trainer = masked_trainer(model, tokenizer, arguments, rows, callbacks)
    trainer.remove_callback(PrinterCallback)  # `ShowProgress` replaces it
    trainer.rows = fit.rows
    if fit.checkpointing:
        trainer.recompute()
    start, last = time.perf_counter(), last_checkpoint(target / "checkpoints")
    with hardware.reused_memory():
        fits = hardware.fits_memory(lambda: trainer.train(resume_from_checkpoint=last))
    if not fits:
        needs = f"{name} needs {needed}, more than {device()} has"
        raise RuntimeError(f"{needs}: choose a smaller student or a larger device")

    # 4. Save; the record comes last.
    if trainer.is_world_process_zero():
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
        losses = [row for row in trainer.state.log_history if "loss" in row]
        record = {
            "name": name, "base": base, "problems": len(examples),
            "too_long": too_long, "tokens": tokens,
            "trained_tokens": sum(trained),
            "seconds": round(time.perf_counter() - start, 1),
            "processes": processes, "rows_at_once": trainer.rows,
            "steps": trainer.state.max_steps,
            "trained_parameters": model.num_parameters(only_trainable=True),
            "made_from": made_from,
            "losses": [{"step": r["step"], "loss": r["loss"]} for r in losses],
        }  # fmt: skip
        write_json(target / "training.json", record)
        # A checkpoint half deleted by a kill must not be resumed from: only now.
        shutil.rmtree(target / "checkpoints", ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    return target


def ingredients(base: str, pairs: Pairs, supervision, training, seed: int) -> dict:
    """Everything that determines a student's weights, by meaning, not source bytes."""

    def lines_hash(problem: Problem, chain: Chain) -> str:
        shown = supervision.transcript(problem, chain)
        return content_hash([(s.role, s.text, trained) for s, trained in shown], 64)

    # The order of fixed examples: a changed sampler or library is noticed.
    lengths = [17 * i % 61 + 1 for i in range(256)]
    examples = [{"input_ids": [0] * n, "labels": [0] * n} for n in lengths]
    sampler, epochs = ByLength(examples, training.batch_size, seed), []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
    return {
        "format": FORMAT,
        "base_revision": base_revision(base),
        "supervision": asdict(supervision),
        "training": {name: float(v) for name, v in training.meaning().items()},
        "seed": seed,
        "transcripts": content_hash(map_pairs(lines_hash, pairs)),
        "order": content_hash(epochs),
        "dtype": "float32",
        "autocast": autocast(),
    }


def prepare(base: str, pairs: Pairs, supervision, training, seed: int = 0) -> tuple:
    """(model, tokenizer, *`make_examples`) of a student that passes the checks."""
    model, tokenizer = load_pretrained(base, seed)
    if device().type == "cpu":  # where PyTorch's fused attention has a slow gradient
        model.set_attn_implementation("eager")
    check_round_trip(tokenizer, *pairs[0], supervision)
    limit = min(filter(None, [training.max_length, max_positions(model.config)]))
    examples, too_long = make_examples(pairs, tokenizer, supervision, limit)
    name = supervision.name
    if not examples:
        advice = "raise max_length, or choose a student that reads longer texts"
        raise ValueError(f"{name}: no transcript fits into {limit} tokens; {advice}")
    if too_long:
        print(f"{name}: {too_long} transcripts with more than {limit} tokens skipped")
    check_base(base, model, tokenizer, examples)
    if rank := training.lora_rank:
        add_adapters(model, base, rank, seed, autocast())
    return model, tokenizer, examples, too_long


def make_examples(pairs: Pairs, tokenizer, supervision, max_length: int) -> tuple:
    """(tokenised examples, number of those dropped as longer than `max_length`)."""
    examples = map_pairs(lambda p, c: tokenize(tokenizer, p, c, supervision), pairs)
    short = [e for e in examples if len(e["input_ids"]) <= max_length]
    return short, len(examples) - len(short)


def training_arguments(
    training: Training, target: Path, seed: int, examples: int, processes: int
) -> TrainingArguments:
    """The Trainer's arguments: the same optimizer steps on any number of processes."""
    share, cpu = share_of_step(training.batch_size, processes), device().type == "cpu"
    steps = ceil(examples / training.batch_size)  # per epoch
    arguments = TrainingArguments(
        output_dir=str(target / "checkpoints"), seed=seed,
        num_train_epochs=training.epochs, per_device_train_batch_size=share,
        learning_rate=training.learning_rate,
        warmup_steps=round(training.warmup_share * steps * training.epochs),
        weight_decay=training.weight_decay, max_grad_norm=training.max_grad_norm,
        adam_epsilon=training.adam_epsilon, use_cpu=cpu,
        bf16=autocast() == "bfloat16", fp16=autocast() == "float16",  # which is scaled
        logging_steps=max(1, steps // 10),
        save_steps=min(max(10, ceil(steps * training.epochs / 2)), 500),
        save_total_limit=1,
        remove_unused_columns=False, report_to="none", disable_tqdm=True,
        dataloader_pin_memory=device().type == "cuda", ddp_broadcast_buffers=False,
    )  # fmt: skip
    arguments.device  # noqa: B018  (sets the number of GPUs)
    arguments._n_gpu = min(arguments._n_gpu, 1)  # several would multiply the batch
    return arguments


def last_checkpoint(folder: Path) -> str | None:
    """The last complete checkpoint of a killed training, or None."""
    # trainer_state.json is written last: without it the checkpoint is incomplete.
    whole = [state.parent for state in folder.glob("checkpoint-*/trainer_state.json")]
    last = max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
    return last and str(last)


def load_student(folder: str | Path):
    """(model, ready for decoding on the device, tokenizer) of a trained student."""
    path = Path(folder)
    adapted = (path / "adapter_config.json").exists()
    model, tokenizer = merged(path) if adapted else load_pretrained(str(path))
    return hardware.for_decoding(model), tokenizer


def training_record(folder: str | Path) -> dict:
    """What `train_student` wrote to `training.json`; empty if it has not finished."""
    return read_json(Path(folder) / "training.json", {})
