"""The loss of every student, its batches and the order in which they are shown.

`masked_loss` is the token-level cross-entropy of Socratic CoT, Eq. 1.  The model's own
`forward` computes it, since some models rescale logits or add a router's loss; logits
of trained tokens only, since 49,152 of them per token are a large part of the work.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from random import Random

import torch
from torch.nn.functional import pad
from torch.utils.checkpoint import get_device_states, set_device_states
from torch.utils.data import Sampler
from tqdm import tqdm
from transformers import DataCollatorForSeq2Seq, Trainer, TrainerCallback

from socratic_utils.files import progress

from ..transcript import IGNORED
from .adapters import load_adapters
from .hardware import fits_memory


def masked_loss(model, input_ids, attention_mask, labels, items=None):
    """The model's own loss over trained tokens, and their logits [tokens, vocabulary].
    `input_ids`, `attention_mask`, `labels`: [batch, length]; `items`: the trained
    tokens of the optimizer step, by which the sum is divided (None: of this batch)."""
    targets = pad(labels[:, 1:], (0, 1), value=IGNORED)  # the token after each position
    trained = targets != IGNORED
    count = trained.sum()
    out = model(
        input_ids=input_ids, attention_mask=attention_mask, use_cache=False,
        labels=labels, shift_labels=targets[trained], logits_to_keep=trained,
        num_items_in_batch=count.clamp(min=1),  # a blank has none
    )  # fmt: skip
    return out.loss * (1 if items is None else count / items), out.logits


class MaskedLoss(torch.nn.Module):
    """A model whose `forward` returns (loss,), as the distributed wrapper needs it."""

    accepts_loss_kwargs = True  # Trainer: `num_items_in_batch` is of a whole step
    loss_type = "ForCausalLM"  # Trainer: labels are shifted by one when it counts them

    def __init__(self, model) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, labels, num_items_in_batch=None):
        given = (input_ids, attention_mask, labels, num_items_in_batch)
        return masked_loss(self.model, *given)[:1]


class ByLength(Sampler[int]):
    """Batches of similar length in a random order, the same in every process.

    The order has to be random: `LengthGroupedSampler` goes from long to short, which
    teaches the answers of short problems last.
    """

    def __init__(self, examples: Sequence[dict], batch_size: int, seed: int) -> None:
        real = [e for e in examples if set(e["labels"]) != {IGNORED}]
        self.lengths = [len(example["input_ids"]) for example in real]
        self.blanks = range(len(real), len(examples))
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0

    def __len__(self) -> int:
        return len(self.lengths) + len(self.blanks)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        random = Random(f"{self.seed} {self.epoch}")
        order = random.sample(range(len(self.lengths)), len(self.lengths))
        rest = len(order) % self.batch_size  # a batch that is not full comes last
        last, order = order[:rest], sorted(order[rest:], key=self.lengths.__getitem__)
        batches = [order[i : i + self.batch_size]
                   for i in range(0, len(order), self.batch_size)]  # fmt: skip
        random.shuffle(batches)
        return chain(*batches, last, self.blanks)


def blank(example: dict) -> dict:
    """An example without a loss, to fill the last batch of several processes."""
    return {"input_ids": example["input_ids"][:1], "labels": [IGNORED]}


class MaskedTrainer(Trainer):
    """`Trainer` for a `MaskedLoss`, with batches of similar length (`ByLength`).  A
    batch is a process's share of a whole optimizer step; `rows` sequences of it are on
    the device at once, which changes no more than rounding and dropout."""

    rows = sys.maxsize

    def training_step(self, model, inputs, num_items_in_batch=None):
        """Loss and gradient of an optimizer step, repeated with less memory if need
        be.  RuntimeError if the loss is not finite, as where float16 overflows."""
        states = torch.get_rng_state(), get_device_states(inputs["labels"])
        found: list[torch.Tensor] = []
        given = (model, inputs, num_items_in_batch)
        while not fits_memory(lambda: found.append(self.accumulate(*given))):
            rows = min(self.rows, len(inputs["labels"]))
            self.rows = max(1, rows // 2)
            if rows == 1 and not self.recompute():
                raise torch.OutOfMemoryError("a single sequence is too large")
            how = f"{self.rows} at once" if rows > 1 else "gradient checkpointing"
            tqdm.write(f"out of memory: the step is repeated with {how}")
            model.zero_grad()
            torch.set_rng_state(states[0])  # the same dropout as without the failure
            set_device_states(*states[1])
        if not found[0].isfinite():
            hint = "lower the learning rate, or use a GPU with bfloat16"
            raise RuntimeError(f"the training loss is {float(found[0])}: {hint}")
        if self.accelerator.num_processes > 1:
            for parameter in (p for p in model.parameters() if p.grad is not None):
                parameter.grad = self.accelerator.reduce(parameter.grad, "mean")
        return found[0]

    def accumulate(self, model, inputs, items) -> torch.Tensor:
        """The loss of a batch and its gradient, `rows` sequences at once."""
        total = torch.zeros((), device=self.args.device)
        for first in range(0, len(inputs["labels"]), self.rows):
            part = {name: v[first : first + self.rows] for name, v in inputs.items()}
            # Processes meet after the last row only: each may have to start again.
            with self.accelerator.no_sync(model):
                total += super().training_step(model, part, items)
        return total

    def recompute(self) -> bool:
        """Switch gradient checkpointing on; False if it is on, or not supported."""
        own = self.model.model
        if own.is_activation_checkpointing or not own.supports_gradient_checkpointing:
            return False
        own.activation_checkpointing_enable()
        return True

    def _get_train_sampler(self, train_dataset=None) -> Sampler:
        batch_size = self.args.train_batch_size * self.args.world_size
        return ByLength(self.train_dataset, batch_size, self.args.seed)

    def _save_checkpoint(self, *args, **options) -> None:
        if self.state.global_step < self.state.max_steps:  # then the student is saved
            super()._save_checkpoint(*args, **options)

    def _save(self, output_dir=None, state_dict=None) -> None:
        # A checkpoint holds the language model or its adapters, not what is around it.
        self.model.model.save_pretrained(output_dir or self.args.output_dir)

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None) -> None:
        own = self.model.model
        if hasattr(own, "peft_config"):
            return load_adapters(own, resume_from_checkpoint)
        saved = type(own).from_pretrained(resume_from_checkpoint, dtype=own.dtype)
        own.load_state_dict(saved.state_dict())


def masked_trainer(model, tokenizer, arguments, examples, callbacks) -> MaskedTrainer:
    return MaskedTrainer(
        MaskedLoss(model), args=arguments, train_dataset=examples, callbacks=callbacks,
        data_collator=collate(tokenizer), processing_class=tokenizer)  # fmt: skip


def share_of_step(batch_size: int, processes: int) -> int:
    """Sequences of an optimizer step per process, or ValueError."""
    share, rest = divmod(batch_size, processes)
    if rest or not share:
        raise ValueError(f"a batch of {batch_size} cannot be divided among {processes} "
                         "processes: choose a number that divides it")  # fmt: skip
    return share


def collate(tokenizer) -> DataCollatorForSeq2Seq:
    """A function from examples to tensors [batch, length], padded on the right."""
    tokenizer.padding_side = "right"
    tokenizer.model_input_names = ["input_ids", "attention_mask"]  # some have no mask
    return DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED)


class ShowProgress(TrainerCallback):
    """A bar of optimizer steps with the last loss, and a line when it is finished."""

    def __init__(self, name: str) -> None:
        self.name, self.loss, self.start = name, "", time.perf_counter()

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        hidden, done = not state.is_world_process_zero, state.global_step
        options = {"initial": done, "disable": hidden}
        self.bar = progress(state.max_steps, self.name, "step", **options)

    def on_step_end(self, args, state, control, **kwargs) -> None:
        self.bar.update()

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if logs and "loss" in logs:
            self.loss = f"loss {logs['loss']:.3f}"
            self.bar.set_postfix_str(self.loss, refresh=False)

    def on_train_end(self, args, state, control, **kwargs) -> None:
        self.bar.close()
        if state.is_world_process_zero:
            seconds = time.perf_counter() - self.start
            steps = f"{state.global_step} steps in {seconds:.0f} s"
            print(f"{self.name}: {steps}, {self.loss} at the end", flush=True)


class KeepModels(TrainerCallback):
    """Saves up to `count` models in `folder`/step-00022 and so on, evenly spaced."""

    def __init__(self, count: int, folder: Path) -> None:
        self.count, self.folder = count, folder

    def on_step_end(self, args, state, control, **kwargs) -> None:
        last, count = state.max_steps, self.count
        steps = {max(1, round(last * (i + 1) / count)) for i in range(count)}
        if state.global_step in steps and state.is_world_process_zero:
            target = self.folder / f"step-{state.global_step:05d}"
            kwargs["model"].model.save_pretrained(target)
            kwargs["processing_class"].save_pretrained(target)
