"""The growing cache holds what DynamicCache holds, whatever comes in between."""

import torch
from transformers import DynamicCache, LlamaConfig, MistralConfig
from transformers.cache_utils import DynamicLayer

from socratic_utils.students.decoding.kv_cache import BLOCK, GrowingLayer, growing_cache


def test_the_growing_layer_holds_what_the_plain_layer_holds():
    torch.manual_seed(0)
    growing, plain = GrowingLayer(), DynamicLayer()
    rows = 5
    for turn, new in enumerate((BLOCK // 2, 1, 1, BLOCK, 3, 2 * BLOCK, 1)):
        keys, values = torch.randn(2, rows, 2, new, 4)
        held = growing.update(keys, values)
        for ours, theirs in zip(held, plain.update(keys, values), strict=True):
            assert torch.equal(ours, theirs)
        if turn in (2, 4):  # rows leave, others change places
            kept = torch.tensor([2, 0, 3][: rows - 2])
            growing.batch_select_indices(kept)
            plain.batch_select_indices(kept)
            rows = len(kept)
        assert growing.get_seq_length() == plain.get_seq_length()


def test_tokens_within_the_spare_capacity_are_not_copied():
    layer = GrowingLayer()
    layer.update(*torch.randn(2, 1, 1, 3, 4))
    before = layer.keys.data_ptr()
    for _ in range(BLOCK):
        layer.update(*torch.randn(2, 1, 1, 1, 4))
    assert layer.keys.data_ptr() == before


def test_windowed_layers_keep_their_own_kind():
    size = {"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2}
    windowed = MistralConfig(**size, num_key_value_heads=2, sliding_window=4)
    assert [type(x) for x in growing_cache(windowed).layers] == [
        type(x) for x in DynamicCache(config=windowed).layers
    ]
    plain = growing_cache(LlamaConfig(**size))
    assert {type(layer) for layer in plain.layers} == {GrowingLayer}
