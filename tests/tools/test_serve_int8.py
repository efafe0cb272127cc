"""The teacher's server: attention to a shared prefix is the model's own attention."""

import pytest
import torch
from transformers import DynamicCache, Qwen2Config, Qwen2ForCausalLM

from tools import serve_int8

PREFIX, LINE = 17, 9


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=99, hidden_size=64, intermediate_size=96, num_hidden_layers=3,
        num_attention_heads=8, num_key_value_heads=2,
    )  # fmt: skip
    yield Qwen2ForCausalLM(config).eval()
    serve_int8.PREFIX.clear()


@torch.inference_mode()
def test_a_batch_behind_a_shared_prefix_is_answered_as_each_row_alone(model):
    prefix, lines = torch.randint(99, (1, PREFIX)), torch.randint(99, (4, LINE))
    mask = torch.ones(4, LINE, dtype=torch.long)
    mask[1, :3] = mask[3, :6] = 0  # padded on the left
    rows = [torch.cat([prefix[0], line[own == 1]])
            for line, own in zip(lines, mask, strict=True)]  # fmt: skip
    after = torch.randint(99, (4, 1))
    alone = [model(row[None]).logits[0, -1] for row in rows]
    longer = [model(torch.cat([row, new])[None]).logits[0, -1]
              for row, new in zip(rows, after, strict=True)]  # fmt: skip

    model.set_attn_implementation(serve_int8.SHARED)
    cache = DynamicCache(config=model.config)
    model(prefix, past_key_values=cache)
    serve_int8.PREFIX.extend((layer.keys, layer.values) for layer in cache.layers)
    cache, places = DynamicCache(config=model.config), mask.cumsum(1) - 1 + PREFIX
    given = {"position_ids": places.clamp(min=PREFIX), "past_key_values": cache}
    found = model(lines, attention_mask=mask, **given).logits[:, -1]
    torch.testing.assert_close(found, torch.stack(alone))

    mask = torch.cat([mask, torch.ones(4, 1, dtype=torch.long)], 1)
    given["position_ids"] = places[:, -1:] + 1
    found = model(after, attention_mask=mask, **given).logits[:, -1]
    torch.testing.assert_close(found, torch.stack(longer))
