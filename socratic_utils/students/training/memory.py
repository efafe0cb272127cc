"""How many sequences a memory holds in training and decoding.

Training takes 16 bytes per parameter (weights, gradients and both moments of Adam) and
2 for autocast's copy, `SAVED` bytes per token, layer and hidden unit for the backward
pass, and 10 per logit of a trained token.  `SAVED` is what autograd saves under bf16
autocast with dropout, at 256 tokens on a CPU; fused attention saves less, adapters save
no more.  Frozen weights (LoRA) take 2 bytes, or 4 without autocast.
Not covered: mixtures of experts; weights sharded among GPUs.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ..base_models import Size

SAVED = {"gpt2": 118, "opt": 38, "llama": 57}  # others: the largest one
IN_FULL = 1.5  # as many bytes without autocast
LAYER_INPUT = 4  # bytes per token, layer and hidden unit with gradient checkpointing
LOGIT = 10  # in half precision, in float32, and as log-softmax
PROMPT = 40  # bytes per token and hidden unit while a layer reads
SPARE = 1.25  # of a cache, for rows that come
ADAPTED = 18  # inputs and outputs of a layer's matrices over its hidden units
USABLE = 0.9  # of the free memory; the rest is fragmented


class Fit(NamedTuple):
    rows: int  # sequences at once; 1 even if that is too large
    checkpointing: bool
    needed: float  # bytes
    fits: bool


def size_of(model) -> Size:
    config = model.config.get_text_config()
    values = config.to_dict()  # attributes that vary from layer to layer raise errors
    heads = getattr(config, "num_attention_heads", None) or 1
    head = values.get("head_dim") or config.hidden_size // heads
    own = values.get("num_key_value_heads") or heads
    return Size(model.num_parameters(), config.num_hidden_layers, config.hidden_size,
                config.model_type, config.vocab_size, own * head)  # fmt: skip


def training_fit(
    size: Size, longest: float, trained: float, largest: int, free: float, half=True,
    rank: int = 0,
) -> Fit:  # fmt: skip
    """How many sequences, at most `largest`, train at once in so many free bytes.
    `longest`, `trained`: tokens, and trained tokens, of a sequence; `half`: autocast;
    `rank`: of adapters, if only these are trained.  Gradient checkpointing is used only
    where not even one sequence fits without."""
    saved = SAVED.get(size.kind, max(SAVED.values())) * (1 if half else IN_FULL)
    weights, logits = (18 if half else 16) * size.parameters, LOGIT * size.vocabulary
    if rank:  # embeddings stay in float32, and autocast copies them
        whole = size.vocabulary * size.hidden if half else size.parameters / 2
        weights = 2 * size.parameters + 4 * whole
        weights += 18 * ADAPTED * rank * size.hidden * size.layers
    for units in (saved * size.layers, LAYER_INPUT * size.layers + saved):
        row = longest * size.hidden * units + trained * logits
        fit = _fit(weights, row, largest, free, units != saved * size.layers)
        if fit.fits:
            break
    return fit


def decoding_fit(
    sizes: Iterable[Size], tokens: float, largest: int, free: float, width: int = 2
) -> Fit:
    """How many rows of so many tokens these models decode, each with its own cache.
    `free`: bytes before the weights are loaded; `width`: bytes per number."""
    weights = row = 0.0
    for size in sizes:
        cached = SPARE * 2 * width * size.layers * (size.cached or size.hidden)
        row += tokens * (cached + PROMPT * size.hidden) + LOGIT * size.vocabulary
        weights += width * size.parameters
    return _fit(weights, row, largest, free)


def _fit(weights, row, largest: int, free: float, checkpointing: bool = False) -> Fit:
    room = (USABLE * free - weights) / row if row else largest
    rows = min(max(int(room), 1), largest)
    return Fit(rows, checkpointing, weights + rows * row, room >= 1)
