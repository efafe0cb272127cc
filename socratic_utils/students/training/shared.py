"""Chains of one problem in one sequence: the problem is read once for all of them.

    problem | chain 1 | chain 2 | chain 3      as tokens of one row
              ^ each chain sees the problem and itself, at the positions it would have
                in a row of its own

So many-chain training (P2) reads fewer tokens for the same loss of the same batch, if
chains of one problem meet in it (`Neighbours`).  It is off by default: on two CPU cores
plain batches of like length take 0.86 to 1.10 times the time (`tests/speed/sharing.py`)
because rows of one length need no padding and no mask of their own.

The first token of every chain is predicted by the last token of the problem, therefore
a loss here is a list of places and targets:

    >>> examples = [{"input_ids": [7, 8, 1, 2], "labels": [-100, -100, 1, 2]},
    ...             {"input_ids": [7, 8, 3], "labels": [-100, -100, 3]}]
    >>> row = pack(examples)
    >>> row["input_ids"], row["positions"], row["places"], row["targets"]
    ([7, 8, 1, 2, 3], [0, 1, 2, 3, 2], [1, 2, 1], [1, 2, 3])

Not covered: transcripts that are not trained to their end, such as the question
answerer's, whose problem goes on between trained lines.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler

from socratic_utils.students.transcript import IGNORED


def pack(examples: Sequence[dict]) -> dict[str, list[int]]:
    """Tokenised transcripts of one problem as one row.

    `chains` numbers each token's chain from 1; the problem's tokens have 0.  Raises
    ValueError where the examples do not begin with the same tokens.
    """
    prompts = [example["input_ids"][: shown(example)] for example in examples]
    if any(prompt != prompts[0] for prompt in prompts):
        raise ValueError("only chains of one problem can share a row")
    length = len(prompts[0])
    row: dict[str, list[int]] = {
        "input_ids": list(prompts[0]), "positions": list(range(length)),
        "chains": [0] * length, "places": [], "targets": [],
    }  # fmt: skip
    for number, example in enumerate(examples, 1):
        own = example["input_ids"][length:]
        first = len(row["input_ids"])
        before = [length - 1, *range(first, first + len(own) - 1)]
        for place, label in zip(before, example["labels"][length:], strict=True):
            if label != IGNORED:
                row["places"].append(place)
                row["targets"].append(label)
        row["input_ids"] += own
        row["positions"] += range(length, length + len(own))
        row["chains"] += [number] * len(own)
    return row


def shown(example: dict) -> int:
    """How many tokens come before the first trained one."""
    labels = example["labels"]
    return next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))


def packed(examples: Sequence[dict]) -> list[dict]:
    """One row for each problem among the examples of a batch."""
    groups: dict[tuple, list[dict]] = {}
    for example in examples:
        prompt = tuple(example["input_ids"][: shown(example)])
        groups.setdefault(prompt, []).append(example)
    return [pack(own) for own in groups.values()]


class Neighbours(Sampler[int]):
    """A random order in which up to `together` chains of a problem stand together.

    `keys` says whose chain each example is; so many `blanks` come last.  Every epoch
    draws another order, and the same one for the same seed.
    """

    def __init__(
        self, keys: Sequence, together: int, seed: int = 0, blanks: int = 0
    ) -> None:
        self.keys, self.together, self.seed, self.epoch = list(keys), together, seed, 0
        self.blanks = range(len(self.keys), len(self.keys) + blanks)

    def __len__(self) -> int:
        return len(self.keys) + len(self.blanks)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self.seed}-{self.epoch}")
        self.epoch += 1
        own: dict = {}
        for index, key in enumerate(self.keys):
            own.setdefault(key, []).append(index)
        groups = []
        for indices in own.values():
            rng.shuffle(indices)
            starts = range(0, len(indices), self.together)
            groups += [indices[i : i + self.together] for i in starts]
        rng.shuffle(groups)
        return iter([*(index for group in groups for index in group), *self.blanks])


def collate_shared(pad_id: int):
    """A function that packs and pads a batch, and says which token sees which.

    `attention_mask` is [rows, 1, length, length], true where a token is seen;
    `places` and `labels` are flat, a place counting through the whole batch.
    """

    def pad(examples: list[dict]) -> dict[str, torch.Tensor]:
        rows = packed(examples)
        length = max(len(row["input_ids"]) for row in rows)

        def filled(name: str, filler: int) -> torch.Tensor:
            return torch.tensor(
                [row[name] + [filler] * (length - len(row[name])) for row in rows]
            )

        chains = filled("chains", -1)
        same = chains[:, :, None] == chains[:, None, :]
        problem = chains[:, None, :] == 0
        earlier = torch.ones(length, length, dtype=torch.bool).tril()
        seen = (same | problem) & earlier
        return {
            "input_ids": filled("input_ids", pad_id),
            "position_ids": filled("positions", 0),
            "attention_mask": seen[:, None],
            "places": torch.tensor(
                [length * i + p for i, row in enumerate(rows) for p in row["places"]]
            ),
            "labels": torch.tensor([t for row in rows for t in row["targets"]]),
        }

    return pad


def shared_loss(
    model: Any,
    input_ids: torch.Tensor,
    position_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    places: torch.Tensor,
    labels: torch.Tensor,
    items: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy as `students.masked_loss` has it, and the logits at `places`."""
    hidden = model.base_model(
        input_ids=input_ids, position_ids=position_ids, attention_mask=attention_mask
    ).last_hidden_state
    logits = model.get_output_embeddings()(hidden.flatten(0, 1)[places])
    total = cross_entropy(logits.float(), labels, reduction="sum")
    return total / (items if items is not None else len(labels)), logits
