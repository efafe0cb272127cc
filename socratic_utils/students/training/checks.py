"""What a base model must be able to do, checked on two texts before hours of training.

    >>> check_model(model, tokenizer, examples)
    ValueError: this base model cannot be decoded in a batch (...)

There is no list of models: one that is recurrent, bidirectional or an encoder-decoder
fails, or has other logits in a batch than for a text that is read alone.
Not covered: texts that are longer than the attention window of a model.
"""

from collections.abc import Sequence

import torch

from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.transcript import IGNORED

from .trainer import collate, masked_loss

TOLERANCE = 0.01  # standard deviations of the logits; float32 needs less than 1e-4


def check_model(model, tokenizer, examples: Sequence[dict]) -> None:
    """ValueError, in one sentence, for a model that cannot be a student."""
    short, *_, longest = sorted(examples, key=lambda e: len(e["input_ids"]))
    half = {name: ids[len(ids) // 2 :] for name, ids in short.items()}
    for what, check in (("trained", _trained), ("decoded", _decoded)):
        try:
            same = check(model, tokenizer, short, half, longest)
            reason = "its logits are not those of a text that is read alone"
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a model's own code raises
            same, reason = False, f"{type(error).__name__}: {str(error).strip()}"
        if not same:
            reason = reason.split("\n")[0][:150]
            raise ValueError(f"this base model cannot be {what} in a batch ({reason}): "
                             "choose a decoder-only Transformer")  # fmt: skip


@torch.no_grad()
def _trained(model, tokenizer, *examples: dict) -> bool:
    """Whether the logits of trained tokens do not depend on other examples."""
    join, (*pair, longest) = collate(tokenizer), examples
    masked_loss(model.train(), **join(pair).to(model.device))  # some ask for more
    masked_loss(model.eval(), **join([longest]).to(model.device))  # enough positions?
    _, logits = masked_loss(model, **join(pair).to(model.device))
    alone = []
    for example in pair:
        trained = [label != IGNORED for label in example["labels"][1:]]
        alone.append(_read(model, example["input_ids"])[:-1][trained])
    expected = torch.cat(alone)
    return _equal(logits, expected, expected.std())


@torch.no_grad()
def _decoded(model, tokenizer, *examples: dict) -> bool:
    """Whether sampled lines have the log-likelihood of a text that is read alone."""
    longer, shorter, *_ = (example["input_ids"] for example in examples)
    decoder = IncrementalDecoder(model, tokenizer)
    decoder.start([longer[:40], shorter[:20]])
    decoder.repeat(2)
    texts, rows = [longer[:40], shorter[:20]], [0, 3]
    found, places = [0.0, 0.0], [[], []]  # log-likelihoods; where what was written is
    for _ in range(2):  # lines of a pair: each row hears what the other model wrote
        written = decoder.write(6, temperature=1.0)
        for n, row in enumerate(rows):
            places[n] += range(len(texts[n]), len(texts[n]) + len(written[row]))
            found[n] += decoder.logprobs[row]
            texts[n] = [*texts[n], *written[row], *longer[: 3 + 4 * n]]
            decoder.hear(row, longer[: 3 + 4 * n])
        if rows != [0, 1]:
            decoder.keep(rows)
            rows = [0, 1]
    for ids, own, value in zip(texts, places, found, strict=True):
        logits = _read(model, ids)
        chances = logits.log_softmax(-1)
        expected = sum(chances[i - 1, ids[i]] for i in own)
        if not _equal(expected, value, len(own) * logits.std()):
            return False
    return True


def _equal(found: torch.Tensor, expected, scale: torch.Tensor) -> bool:
    same = getattr(expected, "shape", found.shape) == found.shape  # and no NaN
    return same and bool((found - expected).abs().max() <= TOLERANCE * scale)


def _read(model, ids: list[int]) -> torch.Tensor:
    """Logits [length, vocabulary] of one text without a cache or padding."""
    ids = torch.tensor([ids], device=model.device)
    return model(input_ids=ids, use_cache=False).logits[0].float()
