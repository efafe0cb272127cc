"""A key-value cache with room to grow.

`transformers.DynamicCache` copies all it holds at every token; a batch of students that
decodes on a CPU spends time there (`tests/speed/decoding.py`: 1.16 times as long on
two slow cores).  Here the copy is made once every `BLOCK` tokens.
"""

from __future__ import annotations

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

BLOCK = 64  # tokens of room


class RoomyLayer(DynamicLayer):
    """`DynamicLayer` whose keys and values are views of larger buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: list[torch.Tensor | None] = [None, None]

    def update(self, key_states, value_states, *args, **kwargs):
        """Add new keys and values [rows, heads, new, size]; return all there are."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys, self.rooms[0] = append(self.keys, key_states, self.rooms[0])
        self.values, self.rooms[1] = append(self.values, value_states, self.rooms[1])
        return self.keys, self.values


def append(
    held: torch.Tensor, new: torch.Tensor, room: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """`held` and `new` joined along the tokens, as a view of the returned buffer."""
    length = held.shape[-2] if held.numel() else 0
    total = length + new.shape[-2]
    # Rows may have left since: then `held` is a tensor of its own, not our view.
    ours = room is not None and held.data_ptr() == room.data_ptr()
    if not ours or room.shape[-2] < total:
        room = new.new_empty(*new.shape[:2], total + BLOCK, new.shape[-1])
        if length:
            room[:, :, :length] = held
    room[:, :, length:total] = new
    return room[:, :, :total], room


def roomy_cache(config) -> DynamicCache:
    """An empty cache for a model; models with windowed layers keep their own kind."""
    cache = DynamicCache(config=config)
    cache.layers = [
        RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    return cache
