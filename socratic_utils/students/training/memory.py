"""How much memory training and decoding take, and how many sequences fit into it.

Training holds 16 bytes per parameter (weights, gradients and both moments of Adam in
float32), 2 more for autocast's copies of the weights, `SAVED` bytes per token, layer
and hidden unit for the backward pass, and 10 per logit of a trained token.  Decoding
holds weights and, per token, the keys and values of every layer.

    >>> training_fit(SIZES["gpt2-xl"], 512, 400, 32, free=80e9).rows
    8

`SAVED` was measured as the bytes that autograd saves under bf16 autocast, dropout
included, on a CPU and at 256 tokens; the fused attention of GPUs saves less.  Not
covered: mixtures of experts, sharded training.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from socratic_utils.students.base_models import Size

SAVED = {"gpt2": 118, "opt": 38, "llama": 57}  # others: the largest one
IN_FULL = 1.5  # as many bytes without autocast
LAYER_INPUT = 4  # bytes per token, layer and hidden unit with gradient checkpointing
LOGIT = 10  # half precision, float32 and its log-softmax
PROMPT = 40  # bytes per token and hidden unit while decoding reads: one layer at a time
USABLE = 0.9  # of the free memory; the rest is fragmented, or the library's own


class Fit(NamedTuple):
    rows: int  # sequences at once; 1 even where one is too large
    checkpointing: bool
    needed: float  # bytes
    fits: bool

    def __str__(self) -> str:
        how = ", gradient checkpointing" * self.checkpointing
        many = f"{self.rows} sequence{'s' * (self.rows > 1)} at once"
        return f"{many}{how}, about {self.needed / 1e9:.1f} GB"


def size_of(model) -> Size:
    """The size of a loaded model, from its configuration."""
    config = model.config.get_text_config()
    heads = getattr(config, "num_attention_heads", None) or 1
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    own = getattr(config, "num_key_value_heads", None) or heads
    return Size(model.num_parameters(), config.num_hidden_layers, config.hidden_size,
                config.model_type, config.vocab_size, own * head)  # fmt: skip


def training_fit(
    size: Size, longest: float, trained: float, largest: int, free: float, half=True
) -> Fit:
    """How many sequences, at most `largest`, fit into so many free bytes.

    `longest`, `trained`: tokens, and trained tokens, of a sequence; `half`: autocast.
    Layers are recomputed (gradient checkpointing) only where no sequence fits else.
    """
    saved = SAVED.get(size.kind, max(SAVED.values())) * (1 if half else IN_FULL)
    per_unit = saved * size.layers, LAYER_INPUT * size.layers + saved
    rows = [longest * size.hidden * each + LOGIT * trained * size.vocabulary
            for each in per_unit]  # fmt: skip
    fixed = (18 if half else 16) * size.parameters
    checkpointing = fixed + rows[0] > USABLE * free
    fit = _fit(fixed, row := rows[checkpointing], largest, free, checkpointing)
    even = ceil(largest / ceil(largest / fit.rows))  # 16 + 16 rather than 20 + 12
    return fit._replace(rows=even, needed=fixed + even * row)


def decoding_fit(
    sizes: Sequence[Size], tokens: float, largest: int, free: float, width: int = 2
) -> Fit:
    """How many rows of so many tokens fit, with one cache per row and model.

    `free`: bytes before the weights are loaded; `width`: bytes of a number.
    """
    row = 0.0
    for size in sizes:
        cached = 2 * width * size.layers * (size.cached or size.hidden)
        row += tokens * (cached + PROMPT * size.hidden) + LOGIT * size.vocabulary
    fixed = width * sum(size.parameters for size in sizes)
    return _fit(fixed, row, largest, free)


def _fit(fixed: float, row: float, largest: int, free: float, checkpointing=False):
    fitting = int((USABLE * free - fixed) // row) if row else largest
    rows = min(max(fitting, 1), largest)
    return Fit(rows, checkpointing, fixed + rows * row, fitting >= 1)
