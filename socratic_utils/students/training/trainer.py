"""How students are trained: the loss, its batches, and a line of progress.

`masked_loss` computes logits only where there is a loss, because 49,152 logits a token
are a good part of a small model (`tests/speed/training.py`); where chains of one
problem share a row it is `shared.shared_loss`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler

from socratic_utils.students.transcript import IGNORED

from .shared import Neighbours, shared_loss, shown


def masked_loss(model, input_ids, attention_mask, labels, items=None):
    """Cross-entropy over trained tokens, and the logits [trained tokens, vocabulary].

    `input_ids`, `attention_mask`, `labels`: [batch, length].  `items` is the number of
    trained tokens in the whole optimizer step; by default that of this batch.
    """
    hidden = model.base_model(
        input_ids=input_ids, attention_mask=attention_mask
    ).last_hidden_state
    targets = labels[:, 1:]
    trained = targets != IGNORED
    logits = model.get_output_embeddings()(hidden[:, :-1][trained])
    total = cross_entropy(logits.float(), targets[trained], reduction="sum")
    return total / (items if items is not None else trained.sum()), logits


class ByLength(Sampler[int]):
    """A random order in which examples of like length meet, another one every epoch.

    It follows from seed and epoch alone, so that it is the same in every process of a
    training, and after a restart.  Blanks (`blank`) come last.
    """

    def __init__(self, examples: Sequence[dict], batch_size: int, seed: int) -> None:
        real = [example for example in examples if not is_blank(example)]
        self.lengths = [len(example["input_ids"]) for example in real]
        self.blanks = range(len(real), len(examples))
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0

    def __len__(self) -> int:
        return len(self.lengths) + len(self.blanks)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1000 * self.seed + self.epoch)
        order = LengthGroupedSampler(
            self.batch_size, lengths=self.lengths, generator=generator
        )
        return iter([*order, *self.blanks])


def blank(example: dict) -> dict:
    """An example without a loss, to fill the last batch among several processes.

    Accelerate would take examples of the epoch's begin a second time instead.
    """
    token = example["input_ids"][:1]
    return {"input_ids": token, "labels": [IGNORED] * len(token)}


def is_blank(example: dict) -> bool:
    """Whether nothing of an example is trained."""
    return all(label == IGNORED for label in example["labels"])


class MaskedTrainer(Trainer):
    """`Trainer` that computes logits only where there is a loss.

    The loss is the model's own forward while it is trained: with several processes
    (`accelerate launch`) what goes past the wrapped model is not averaged over them.
    """

    loss = staticmethod(masked_loss)
    together = 1

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = True  # one mean over all accumulated batches
        plain, loss = self.model, self.loss
        plain.forward = lambda **inputs: loss(plain, **inputs)[0]

    def compute_loss(
        self, model, inputs, return_outputs=False, num_items_in_batch=None
    ):
        loss = model(**inputs, items=num_items_in_batch)
        if num_items_in_batch is not None:  # of all processes, whose mean is taken
            loss = loss * self.accelerator.num_processes
        return (loss, {}) if return_outputs else loss

    def _get_train_sampler(self, train_dataset=None) -> Sampler:
        examples = self.train_dataset if train_dataset is None else train_dataset
        arguments = self.args
        whole = arguments.train_batch_size * arguments.gradient_accumulation_steps
        return ByLength(examples, whole * arguments.world_size, arguments.seed)


class SharedTrainer(MaskedTrainer):
    """The same where chains of one problem share a row, `together` of them at most."""

    loss = staticmethod(shared_loss)
    together = 2

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._loss_shifts_labels = False  # all labels of a packed batch count

    def _get_train_sampler(self, train_dataset=None) -> Sampler:
        examples = self.train_dataset if train_dataset is None else train_dataset
        real = [example for example in examples if not is_blank(example)]
        keys = [tuple(e["input_ids"][: shown(e)]) for e in real]
        blanks = len(examples) - len(real)
        return Neighbours(keys, self.together, self.args.seed, blanks)


def split_batch(batch_size: int, processes: int, largest: int) -> tuple[int, int]:
    """(sequences on a device at once, batches accumulated) that make one step.

    Together with the processes they give the same step on any machine.  Raises
    ValueError where the batch cannot be divided among the processes.

    >>> split_batch(32, 2, 8)
    (8, 2)
    """
    share, rest = divmod(batch_size, processes)
    if rest or not share:
        raise ValueError(
            f"a batch of {batch_size} cannot be divided among {processes} processes: "
            f"take a number of processes that divides it"
        )
    micro = max(n for n in range(1, min(share, largest) + 1) if share % n == 0)
    return micro, share // micro


def collate(pad_id: int):
    """A function that pads a list of examples to the longest, on the right."""

    def pad(examples: list[dict]) -> dict[str, torch.Tensor]:
        length = max(len(e["input_ids"]) for e in examples)

        def rows(values, filler: int) -> torch.Tensor:
            return torch.tensor([v + [filler] * (length - len(v)) for v in values])

        ids = [e["input_ids"] for e in examples]
        return {
            "input_ids": rows(ids, pad_id),
            "attention_mask": rows([[1] * len(v) for v in ids], 0),
            "labels": rows([e["labels"] for e in examples], IGNORED),
        }

    return pad


class OneLine(TrainerCallback):
    """Progress as one line a log, which reads well headless and in a notebook."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start = time.perf_counter()

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if logs and "loss" in logs and state.is_world_process_zero:
            spent = time.perf_counter() - self.start
            print(
                f"{self.name}: step {state.global_step}/{state.max_steps}, "
                f"loss {logs['loss']:.3f}, {spent:.0f} s",
                flush=True,
            )


class NoLastCheckpoint(TrainerCallback):
    """No checkpoint after the last step: the model itself is saved right then.

    Trainer would write one, three times the model, that nobody reads.
    """

    def on_step_end(self, args, state, control, **kwargs) -> None:
        if state.global_step >= state.max_steps:
            control.should_save = False
