"""Every causal language model of transformers is a right student, or is refused.

architectures.csv says which, with the sentence of the refusal; `tests.helpers.
architectures` writes it.  What cannot be built tiny has the exception's type there.
"""

import csv
from pathlib import Path

import pytest
import torch
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from socratic_utils.config import Decoding
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.training.checks import check_base
from socratic_utils.students.training.trainer import collate, masked_loss
from tests.helpers.architectures import EXAMPLES, PROBLEMS, TOKENIZER, tiny_model

with Path(__file__).with_name("architectures.csv").open(encoding="utf-8") as _file:
    LISTED = {row["architecture"]: row for row in csv.DictReader(_file)}


def listed(status):
    return [kind for kind, row in LISTED.items() if row["status"] == status]


def quick(status, slow=("zamba", "zamba2", "gemma3n_text")):  # these have many layers
    return [pytest.param(kind, marks=pytest.mark.slow if kind in slow else ())
            for kind in listed(status)]  # fmt: skip


@pytest.mark.skipif(
    not transformers.__version__.startswith("5.23."), reason="another list"
)
def test_every_architecture_is_listed_as_right_refused_or_not_built():
    assert list(LISTED) == list(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    assert {row["status"] for row in LISTED.values()} == {
        "right", "refused", "not built"
    }  # fmt: skip


@pytest.mark.parametrize("kind", quick("refused"))
def test_what_would_be_trained_or_decoded_wrongly_is_refused_in_one_sentence(kind):
    with pytest.raises(ValueError) as refusal:
        check_base(kind, tiny_model(kind), TOKENIZER, EXAMPLES)
    assert str(refusal.value) == LISTED[kind]["reason"]
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", quick("right"))
def test_the_loss_and_its_gradient_are_the_models_own(kind):
    model = tiny_model(kind)
    check_base(kind, model, TOKENIZER, EXAMPLES)
    batch = collate(TOKENIZER)(sorted(EXAMPLES, key=lambda e: len(e["input_ids"]))[:2])
    gradients = []
    for loss in (model(**batch, use_cache=False).loss, masked_loss(model, **batch)[0]):
        gradients.append(torch.autograd.grad(
            loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True
        ))  # fmt: skip
        gradients[-1] += (loss.detach(),)
    own, ours = ([g for g in one if g is not None] for one in gradients)
    assert len(own) == len(ours)
    for one, other in zip(own, ours, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


class Talkative(IncrementalDecoder):
    """Asks whatever its random model writes; every fifth token ends a line."""

    def __init__(self, model):
        super().__init__(model, TOKENIZER)
        self.stops = torch.arange(0, len(TOKENIZER), 5)

    def text(self, ids, strip=True):
        return f"Q: {super().text(ids, strip)}" if strip else super().text(ids, strip)


# Of a random model two tokens, or two experts, may tie up to rounding, which a batch
# rounds differently: these models have no tie, on any processor that was tried.
WITHOUT_TIES = {"mixtral": (2, 3)}
COMMON = ("gpt2", "opt", "llama", "mistral", "qwen3", "gemma2", "granite", "mixtral")


@pytest.mark.parametrize("kind", quick("right", set(listed("right")) - set(COMMON)))
def test_a_batch_decodes_what_each_problem_decodes_alone(kind):
    seeds, found = WITHOUT_TIES.get(kind, (0, 1)), set()
    pair = [Talkative(tiny_model(kind, seed)) for seed in seeds]
    for decoders, temperature in ((pair[:1], 0.0), (pair, 0.0), (pair, 0.8)):
        given = {"decoding": Decoding(12, 2, 6, temperature=temperature), "seed": 3,
                 "samples": 1 + (temperature > 0), "sees_solutions": True}  # fmt: skip
        together = solve(PROBLEMS[:2], *decoders, **given)
        alone = [s for p in PROBLEMS[:2] for s in solve([p], *decoders, **given)]
        assert [s.lines for s in together] == [s.lines for s in alone]
        found |= {s.output for s in together}
        for one, other in zip(together, alone, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=1e-2)
    assert len(found) > 3  # of 8
