"""What a base model must be able to do, checked before hours of training.

There is no list of models: one that is recurrent, bidirectional or an encoder-decoder
fails, or has other logits in a batch than for a text that is read alone.
Not covered: texts that are longer than the attention window of a model.
"""

from collections.abc import Sequence

import torch

from ..base_models import base_revision
from ..decoding.incremental import IncrementalDecoder
from ..transcript import IGNORED
from .trainer import collate, masked_loss

TOLERANCE = 0.001  # standard deviations of the logits; rounding makes about 1e-5
_checked: set[str] = set()  # base revisions, in this process


@torch.no_grad()
def check_base(base: str, model, tokenizer, examples: Sequence[dict]) -> None:
    """ValueError, in one sentence, for a model that is not trained or decoded right."""
    largest = max(max(example["input_ids"]) for example in examples)
    if largest >= model.config.get_text_config().vocab_size:
        what = f"does not embed token {largest} of its tokenizer: resize its embedding"
        raise ValueError(f"student {base!r} {what}")
    if (revision := base_revision(base)) in _checked:
        return
    short, longest = (f(examples, key=lambda e: len(e["labels"])) for f in (min, max))
    pair = short, {name: ids[len(ids) // 2 :] for name, ids in short.items()}
    checks = {"trained on chosen tokens": _trained, "decoded in a batch": _decoded}
    for what, check in checks.items():
        reason = "its logits are not those of a text that is read alone"
        try:
            right = check(model, tokenizer, pair, longest)
        except Exception as error:  # whatever a model's own code raises
            right, reason = False, f"{type(error).__name__}: {error}".split("\n")[0]
        if not right:
            what = f"cannot be {what} ({reason})"
            raise ValueError(f"student {base!r} {what}: choose a GPT-like model")
    _checked.add(revision)


def _trained(model, tokenizer, pair: Sequence[dict], longest: dict) -> bool:
    """Whether the logits of trained tokens do not depend on other examples."""
    join = collate(tokenizer)
    masked_loss(model.train(), **join([longest]))  # has it all that training needs?
    _, logits = masked_loss(model.eval(), **join(list(pair)))
    trained = [torch.tensor(example["labels"][1:]) != IGNORED for example in pair]
    alone = (_read(model, example["input_ids"])[:-1] for example in pair)
    expected = torch.cat([x[kept] for x, kept in zip(alone, trained, strict=True)])
    same = logits.shape == expected.shape
    return same and bool((logits - expected).abs().max() <= TOLERANCE * expected.std())


def _decoded(model, tokenizer, pair: Sequence[dict], longest: dict) -> bool:
    """Whether sampled lines have the log-likelihood of a text that is read alone."""
    long, other = (example["input_ids"] for example in pair)
    texts, decoder = [long[:24], other[:12]], IncrementalDecoder(model, tokenizer)
    decoder.start(texts)
    for _ in range(2):  # and again after what another model may have written
        for row, line in enumerate(decoder.write(6, temperature=1.0)):
            logits = _read(model, [*texts[row], *line])[-len(line) - 1 : -1]
            expected = logits.log_softmax(-1)[range(len(line)), line].sum()
            error = abs(expected - decoder.logprobs[row]) / len(line)
            if not error <= TOLERANCE * logits.std():
                return False
            heard = long[: 3 + 4 * row]
            decoder.hear(row, heard)
            texts[row] = [*texts[row], *line, *heard]
    return True


def _read(model, ids: list[int]) -> torch.Tensor:
    """Logits [length, vocabulary] of one text without a cache or padding."""
    read = torch.tensor([ids])
    whole = {"attention_mask": torch.ones_like(read), "use_cache": False}
    return model(input_ids=read, **whole).logits[0].float()
