"""Self-consistency: samples that share a prompt, votes, ties."""

import pytest
import torch

from socratic_utils.config import Decoding
from socratic_utils.metrics.self_consistency import (
    accuracy_by_votes,
    majority,
)
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import Solution, prediction_row, solve
from socratic_utils.students.transcript import prompt_ids
from tests.students.test_loop import PROBLEMS, TOKENIZER, model_of

WARM = Decoding(max_tokens=20, max_steps=2, line_tokens=8, temperature=0.7)


@pytest.mark.parametrize(
    "ballots, expected",
    [
        ([("12", -3.0), ("12.0", -9.0), ("10", -1.0)], "12"),
        ([("1/2", -5.0), ("3", -1.0), ("0.5", -5.0)], "1/2"),
        ([("3", -2.0), ("4", -1.0)], "4"),  # a tie: the likelier solution
        ([("3", -9.0), ("4", -2.0), ("3", -1.0), ("4", -1.5)], "3"),
        ([(None, -0.1), (None, -0.1), ("7", -50.0)], "7"),
        ([(None, -0.1)], None),
    ],
)
def test_majority(ballots, expected):
    assert majority(ballots) == expected


def test_majority_of_choices():
    assert majority([("b", -1.0), ("a", -1.0), ("b", -2.0)], "choice") == "b"


@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt"])
def test_a_prompt_read_once_gives_the_same_text(kind):
    """Greedy lines of repeated rows are those of a batch that read them all."""
    model = model_of(kind)
    prompts = [prompt_ids(TOKENIZER, p) for p in PROBLEMS[:3]]
    plain = IncrementalDecoder(model, TOKENIZER)
    shared = IncrementalDecoder(model, TOKENIZER)
    plain.start(prompts)
    shared.start([])
    shared.rows = shared.open(prompts, 4)
    for limit in (5, 7):
        expected = [line for line in plain.write(limit) for _ in range(4)]
        assert shared.write(limit) == expected


def test_logprobs_are_those_of_the_whole_text():
    model = model_of("llama")
    prompts = [prompt_ids(TOKENIZER, p) for p in PROBLEMS[:3]]
    decoder = IncrementalDecoder(model, TOKENIZER)
    decoder.start(prompts)
    decoder.seed(1)
    lines = decoder.write(6, temperature=0.7)
    for prompt, line, found in zip(prompts, lines, decoder.logprobs, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + line])).logits
        logits = logits[0, len(prompt) - 1 : -1]
        table = torch.log_softmax(logits.float(), -1)
        expected = table[torch.arange(len(line)), torch.tensor(line)].sum()
        assert found == pytest.approx(float(expected), abs=1e-3)


@pytest.mark.parametrize("pair", [False, True])
def test_samples_differ_and_are_reproducible(pair):
    model = model_of("llama")
    decoders = [IncrementalDecoder(model, TOKENIZER) for _ in range(1 + pair)]
    first, again, other = (
        solve(PROBLEMS[:3], *decoders, decoding=WARM, samples=5, seed=seed)
        for seed in (0, 0, 1)
    )
    ids = [p.id for p in PROBLEMS[:3] for _ in range(5)]
    assert [s.problem.id for s in first] == ids
    assert [s.output for s in first] == [s.output for s in again]
    assert [s.output for s in first] != [s.output for s in other]
    assert len({s.output for s in first[:5]}) > 1
    assert all(s.logprob < 0 for s in first)


def test_several_greedy_samples_are_refused():
    with pytest.raises(ValueError, match="temperature above 0"):
        solve(PROBLEMS[:1], IncrementalDecoder(model_of("gpt2"), TOKENIZER), samples=2)


def drawn(problem, answers):
    solutions = [
        Solution(problem, [{"role": "answer", "text": f"The answer is {a}."}], 1)
        for a in answers
    ]
    return [prediction_row(s, WARM, logprob=-1.0) for s in solutions]


def test_accuracy_is_counted_by_number_of_votes():
    one, two = PROBLEMS[:2]
    wrong, gold = "9999", [one.answer, two.answer]
    draws = drawn(one, [wrong, gold[0], gold[0]]) + drawn(two, [gold[1]] * 3)
    rows = accuracy_by_votes(draws, 3, (1, 3))
    assert [(r["votes"], r["n"], r["correct"]) for r in rows] == [(1, 2, 1), (3, 2, 2)]
    assert rows[0]["ci_low"] < 0.5 < rows[0]["ci_high"]
    with pytest.raises(ValueError, match="4 votes cannot be cast by 3"):
        accuracy_by_votes(draws, 3, [4])
    with pytest.raises(ValueError, match="not 2 solutions of each"):
        accuracy_by_votes(draws, 2, [1])
