"""A problem read once for all its chains gives the same loss and gradient."""

from itertools import pairwise

import pytest
import torch

from socratic_utils.experiments import many_chains, sampling
from socratic_utils.experiments.corpus import train_problems
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.shared import (
    Neighbours,
    collate_shared,
    pack,
    packed,
    shared_loss,
)
from socratic_utils.students.training.train import collate, make_examples, masked_loss


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


def test_loss_and_gradient_are_those_of_plain_batches(examples):
    model, tokenizer = load_pretrained("tiny")
    model.eval()  # dropout would draw other numbers
    plain, _ = masked_loss(model, **collate(tokenizer.pad_token_id)(examples))
    wanted = gradients(model, plain)
    batch = collate_shared(tokenizer.pad_token_id)(examples)
    assert len(batch["input_ids"]) < len(examples)  # some do share
    shared, logits = shared_loss(model, **batch)
    assert shared.item() == pytest.approx(plain.item(), rel=1e-5)
    for name, gradient in gradients(model, shared).items():
        assert torch.allclose(gradient, wanted[name], atol=1e-5), name
    assert len(logits) == len(batch["labels"])


def test_a_shared_row_is_shorter_than_its_chains(examples):
    rows = packed(examples)
    assert max(max(row["chains"]) for row in rows) == 2
    tokens = [sum(len(item["input_ids"]) for item in x) for x in (rows, examples)]
    assert tokens[0] < tokens[1]


def test_neighbours_stand_together_and_everybody_comes_once():
    keys = ["p"] * 5 + ["q"] * 2 + ["r"]
    order = Neighbours(keys, 2, seed=1)
    first, second = list(order), list(order)
    assert sorted(first) == sorted(second) == list(range(len(keys)))
    assert first != second and list(Neighbours(keys, 2, seed=1)) == first
    met = sum(keys[a] == keys[b] for a, b in pairwise(first))
    assert met >= 3  # two pairs of p, one of q


def test_chains_of_different_problems_cannot_share(examples):
    other = {"input_ids": [1, 2, 3], "labels": [-100, 2, 3]}
    with pytest.raises(ValueError, match="one problem"):
        pack([examples[0], other])


def test_a_student_of_shared_rows_is_trained_and_is_another_student(settings):
    from socratic_utils.students.training.train import train_student, training_record

    problems, chains = sampling.sampled(settings)
    pool = many_chains.by_count(settings, problems, chains)["chains_02"]
    by_id = {problem.id: problem for problem in train_problems(settings)}
    pairs = [(by_id[chain.problem_id], chain) for chain in pool.chains]
    supervision = SUPERVISIONS["cot"]
    folders = [
        train_student(
            "tiny", pairs, supervision, settings.training, settings.folder,
            together=together,
        )
        for together in (1, 2)
    ]  # fmt: skip
    assert folders[0] != folders[1]
    one, two = (training_record(folder) for folder in folders)
    assert one["problems"] == two["problems"] == len(pairs)
    assert one["trained_tokens"] == two["trained_tokens"]
    assert two["losses"][0]["loss"] == pytest.approx(one["losses"][0]["loss"], rel=0.1)


def test_labels_are_counted_by_the_trainer_as_they_are_in_plain_batches(examples):
    """Its mean is over all trained tokens of a step, which it counts in `labels`."""
    _, tokenizer = load_pretrained("tiny")
    plain = collate(tokenizer.pad_token_id)(examples)["labels"]
    shared = collate_shared(tokenizer.pad_token_id)(examples)["labels"]
    assert (plain != -100).sum() == (shared != -100).sum() == len(shared)
    assert torch.equal(plain[plain != -100].sort()[0], shared.sort()[0])
