"""How students are trained: the loss, its batches, and a line of progress.

`masked_loss` computes logits only where there is a loss, because 49,152 logits a token
are a good part of a small model (`tests/speed/training.py`); where chains of one
problem share a row it is `shared.shared_loss`.
"""

from __future__ import annotations

import time

import torch
from torch.nn.functional import cross_entropy
from transformers import Trainer, TrainerCallback

from .shared import Neighbours, shared_loss, shown
from .transcripts import IGNORED


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


class MaskedTrainer(Trainer):
    """`Trainer` that computes logits only where there is a loss."""

    loss = staticmethod(masked_loss)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = True  # one mean over all accumulated batches

    def compute_loss(
        self, model, inputs, return_outputs=False, num_items_in_batch=None
    ):
        plain = self.accelerator.unwrap_model(model)
        with self.accelerator.autocast():  # Trainer's own wraps only model.forward
            loss, logits = self.loss(plain, **inputs, items=num_items_in_batch)
        return (loss, {"logits": logits}) if return_outputs else loss


class SharedTrainer(MaskedTrainer):
    """The same where chains of one problem share a row, `together` of them at most."""

    loss = staticmethod(shared_loss)
    together = 2

    def _get_train_sampler(self, train_dataset=None) -> Neighbours:
        examples = self.train_dataset if train_dataset is None else train_dataset
        keys = [tuple(e["input_ids"][: shown(e)]) for e in examples]
        return Neighbours(keys, self.together, self.args.seed)


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
        if logs and "loss" in logs:
            spent = time.perf_counter() - self.start
            print(
                f"{self.name}: step {state.global_step}/{state.max_steps}, "
                f"loss {logs['loss']:.3f}, {spent:.0f} s",
                flush=True,
            )
