"""A problem read once for all its chains gives the same loss and gradient."""

import pytest
import torch

from socratic_utils import many_chains, sampling
from socratic_utils.corpus import train_problems
from socratic_utils.pretrained import load_pretrained
from socratic_utils.shared import collate_shared, pack, packed, shared_loss
from socratic_utils.students import collate, make_examples, masked_loss
from socratic_utils.transcripts import SUPERVISIONS


@pytest.fixture
def examples(settings):
    problems, chains = sampling.sampled(settings)
    pool = many_chains.by_count(settings, problems, chains)["chains_02"]
    by_id = {problem.id: problem for problem in train_problems(settings)}
    pairs = [(by_id[chain.problem_id], chain) for chain in pool.chains]
    _, tokenizer = load_pretrained("tiny")
    return make_examples(pairs, tokenizer, SUPERVISIONS["cot"], 512)[0]


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {
        n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None
    }


@pytest.mark.parametrize("together", [1, 2, 8])
def test_loss_and_gradient_are_those_of_plain_batches(examples, together):
    model, tokenizer = load_pretrained("tiny")
    model.eval()  # dropout would draw other numbers
    plain, _ = masked_loss(model, **collate(tokenizer.pad_token_id)(examples))
    wanted = gradients(model, plain)
    rows = packed(examples, together)
    assert sum(max(row["chains"]) for row in rows) == len(examples)
    shared, logits = shared_loss(model, **collate_shared(tokenizer.pad_token_id)(rows))
    assert shared.item() == pytest.approx(plain.item(), rel=1e-5)
    for name, gradient in gradients(model, shared).items():
        assert torch.allclose(gradient, wanted[name], atol=1e-5), name
    assert len(logits) == sum(len(row["targets"]) for row in rows)


def test_two_chains_of_a_problem_do_share_a_row(examples):
    rows = packed(examples, 2)
    assert max(max(row["chains"]) for row in rows) == 2
    tokens = [sum(len(item["input_ids"]) for item in x) for x in (rows, examples)]
    assert tokens[0] < tokens[1]


def test_chains_of_different_problems_cannot_share(examples):
    other = {"input_ids": [1, 2, 3], "labels": [-100, 2, 3]}
    with pytest.raises(ValueError, match="one problem"):
        pack([examples[0], other])
