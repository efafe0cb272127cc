"""Few-shot decoding: exemplars as transcripts, read once for a whole batch."""

from dataclasses import replace

import pytest
import torch

from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import Problem
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.decoding import few_shot
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.transcript import prompt_ids
from socratic_utils.teacher.prompts import load_prompt

SCOTD = {"commonsense_qa": 7, "openbookqa": 4, "quarel": 5, "sst2": 6, "imdb": 3}


@pytest.mark.parametrize(("dataset", "count"), SCOTD.items())
def test_there_are_as_many_exemplars_as_the_authors_have(dataset, count):
    found = few_shot.exemplars(dataset, "choice")
    assert len(found) == count
    assert all(chain.steps and chain.answer for _, chain in found)
    assert len({chain.answer for _, chain in found}) > 1
    assert len(load_prompt(dataset, "cot").exemplars) == count


def test_the_anli_exemplars_have_every_answer():
    answers = [chain.answer for _, chain in few_shot.exemplars("anli", "choice")]
    assert sorted(answers) == list("aabbcc")


def text_of(supervision):
    _, tokenizer = load_pretrained("tiny")
    ids = few_shot.prefix_ids(tokenizer, "gradeschool", "number", supervision)
    return tokenizer.decode(ids)


def test_exemplars_are_written_as_transcripts():
    shown = text_of(SUPERVISIONS["cot"])
    blocks = shown.strip().split("\n\n")
    assert len(blocks) == len(load_prompt("gradeschool", "cot").exemplars)
    for block in blocks:
        lines = block.splitlines()
        assert lines[0].startswith("Problem:") and lines[1].startswith("A:")
        assert lines[-1].startswith("The answer is")
    assert "A:" not in text_of(SUPERVISIONS["answer_only"])


def test_a_row_behind_exemplars_does_not_depend_on_its_batch(settings):
    """The exemplars are read once for all rows, with the same logits."""
    model, tokenizer = load_pretrained("tiny")
    model.eval()
    prefix = [5, 6, 7, 8]
    problems = load_problems("gradeschool", "test", 3)
    prompts = [prompt_ids(tokenizer, p)[: 9 + i] for i, p in enumerate(problems)]
    decoder = few_shot.FewShotDecoder(model, tokenizer, prefix)
    decoder.start(prompts)
    together = decoder.write(6, whole_lines=False)
    for prompt, written in zip(prompts, together, strict=True):
        ids = torch.tensor([prefix + prompt])
        for token in written:
            with torch.inference_mode():
                assert int(model(ids).logits[0, -1].argmax()) == token
            ids = torch.cat([ids, torch.tensor([[token]])], 1)


def test_a_problem_longer_than_the_context_loses_its_head(settings):
    model, tokenizer = load_pretrained("tiny")
    decoder = IncrementalDecoder(model.eval(), tokenizer)
    assert decoder.context == 512
    text = "Ann has 2 pens. " * 200 + "How many?"
    long = Problem("long", "demo", "test", text, "2")
    short = replace(long, id="short", text="Ann has 2 pens. How many?")
    solutions = solve([long, short], decoder, decoding=settings.decoding)
    rows = [prediction_row(s, settings.decoding) for s in solutions]
    assert [row["prompt_cut"] for row in rows] == [True, False]


def test_only_exemplars_that_fit_are_used(settings):
    _, tokenizer = load_pretrained("tiny")
    given = "gradeschool", "number", SUPERVISIONS["cot"]
    assert few_shot.prefix_ids(tokenizer, *given, room=10) == []
    whole = few_shot.prefix_ids(tokenizer, *given)
    some = few_shot.prefix_ids(tokenizer, *given, room=len(whole) - 1)
    assert 0 < len(some) < len(whole) and whole[: len(some)] == some
