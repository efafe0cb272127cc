"""A key-value cache that grows in blocks.

`transformers.DynamicCache` copies everything for every new token, which takes a batch
of students 1.16 times as long on two CPU cores (`tests/speed/decoding.py`).

    >>> model(ids, past_key_values=growing_cache(model.config))

Not covered: layers with a sliding window keep the cache of transformers.
"""

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

BLOCK = 64  # tokens of spare capacity after a copy


class GrowingLayer(DynamicLayer):
    """`DynamicLayer` whose keys and values are views of larger buffers."""

    buffers: tuple[torch.Tensor | None, torch.Tensor | None] = (None, None)

    def update(self, key_states, value_states, *args, **kwargs):
        """Append keys and values [rows, heads, new, size]; return all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys, keys = append(self.keys, key_states, self.buffers[0])
        self.values, values = append(self.values, value_states, self.buffers[1])
        self.buffers = keys, values
        return self.keys, self.values


def append(held, new, buffer) -> tuple[torch.Tensor, torch.Tensor]:
    """`held` and `new` joined along the tokens, as a view of the returned buffer."""
    length = held.shape[-2] if held.numel() else 0
    total = length + new.shape[-2]
    # When rows have left the batch, `held` is a tensor of its own, not our view.
    ours = buffer is not None and held.data_ptr() == buffer.data_ptr()
    if not ours or buffer.shape[-2] < total:
        buffer = new.new_empty(*new.shape[:2], total + BLOCK, new.shape[-1])
        if length:
            buffer[:, :, :length] = held
    buffer[:, :, length:total] = new
    return buffer[:, :, :total], buffer


def growing_cache(config) -> DynamicCache:
    """An empty cache for a model with this config."""
    cache = DynamicCache(config=config)
    for place, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer:
            cache.layers[place] = GrowingLayer()
    return cache
