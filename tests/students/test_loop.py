"""Decoding: against `generate`, against hand-made decoders, and at its limits."""

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding
from socratic_utils.students.base_models import tiny
from socratic_utils.students.decoding.incremental import (
    Decoder,
    IncrementalDecoder,
)
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.transcript import prompt_ids

PROBLEMS = load_problems("gradeschool", "test", 7)
_, TOKENIZER = tiny()
SIZE = {"vocab_size": len(TOKENIZER), "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2}  # fmt: skip


def model_of(kind: str):
    torch.manual_seed(0)
    if kind == "gpt2":
        config = GPT2Config(vocab_size=len(TOKENIZER), n_embd=32, n_layer=2, n_head=2)
        return GPT2LMHeadModel(config).eval()
    if kind == "opt":
        return OPTForCausalLM(
            OPTConfig(**SIZE, ffn_dim=64, word_embed_proj_dim=32)
        ).eval()
    return LlamaForCausalLM(LlamaConfig(**SIZE, intermediate_size=64)).eval()


@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt"])
def test_batched_turns_equal_single_generation(kind):
    """Three lines, written in a batch with gaps, against `generate` from scratch."""
    model = model_of(kind)
    prompts = [prompt_ids(TOKENIZER, p) for p in PROBLEMS]
    decoder = IncrementalDecoder(model, TOKENIZER)
    decoder.stops = torch.arange(0, len(TOKENIZER), 7)  # rows stop at different times
    decoder.start(prompts)
    heard = TOKENIZER("Q: How many are left?\n").input_ids
    lines = []
    for turn in range(3):
        lines.append(decoder.write(6 + turn))
        if turn == 0:
            for row in range(0, len(prompts), 2):  # some rows hear more than others
                decoder.hear(row, heard)
    assert len({len(line) for written in lines for line in written}) > 2
    for row, prompt in enumerate(prompts):
        context = list(prompt)
        for turn in range(3):
            expected = generate(model, context, 6 + turn, decoder.stops)
            assert lines[turn][row] == expected
            context += expected
            if turn == 0 and row % 2 == 0:
                context += heard


def generate(model, context, limit, stops):
    ids = torch.tensor([context])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=limit,
        do_sample=False,
        eos_token_id=stops.tolist(),
        pad_token_id=0,
    )
    return out[0, len(context) :].tolist()


def test_rows_that_leave_do_not_change_the_others():
    model = model_of("llama")
    prompts = [prompt_ids(TOKENIZER, p) for p in PROBLEMS]
    whole = IncrementalDecoder(model, TOKENIZER)
    whole.start(prompts)
    whole.write(5)
    expected = whole.write(5)
    part = IncrementalDecoder(model, TOKENIZER)
    part.start(prompts)
    part.write(5)
    part.keep([1, 4, 6])
    assert part.write(5) == [expected[1], expected[4], expected[6]]


class Scripted(Decoder):
    """A decoder that writes a script, one per problem."""

    def __init__(self, scripts):
        super().__init__(TOKENIZER)
        self.scripts = scripts
        self.heard = {}

    def begin(self, prompts):
        rows = super().begin(prompts)
        for row in rows:
            row.name = TOKENIZER.decode(row.ids)
            row.script = list(self.scripts[row.name.strip()])
            row.mark = len(row.ids)  # what it wrote and heard before
        return rows

    def admit(self, row):
        if news := row.ids[row.mark :]:
            heard = self.heard.get(row.name, "") + TOKENIZER.decode(news)
            self.heard[row.name] = heard
        line = row.script.pop(0) if row.script else "Q: and now?\n"
        row.ids += TOKENIZER(line).input_ids[: row.limit]
        row.mark = len(row.ids)
        self.finished.append(row)


def prompts_of(problems):
    return [f"Problem: {p.text}" for p in problems]


def test_two_models_take_turns_to_the_answer():
    one, two = PROBLEMS[:2]
    first, second = prompts_of([one, two])
    generator = Scripted({
        first: ["Q: How many?\n", "Q: And then?\n", "No more questions.<end>"],
        second: ["Q: What now?\n", "No more questions.<end>"],
    })  # fmt: skip
    answerer = Scripted({
        first: [" 1 + 1 = 2.\n", " 2 + 2 = 4.\n", " 4.<end>"],
        second: [" 5 * 5 = 25.\n", " 25.<end>"],
    })  # fmt: skip
    solutions = solve([one, two], generator, answerer)
    assert solutions[0].output.split("\n") == [
        "Q: How many?", "A: 1 + 1 = 2.", "Q: And then?", "A: 2 + 2 = 4.",
        "The answer is 4.",
    ]  # fmt: skip
    assert solutions[1].output.endswith("A: 5 * 5 = 25.\nThe answer is 25.")
    assert not any(s.truncated for s in solutions)
    assert generator.heard == {}, "the question generator saw a solution"
    heard = answerer.heard[first + "\n"]
    assert heard == "Q: How many?\nA:Q: And then?\nA:The answer is"


def test_the_question_generator_sees_solutions_when_switched_on():
    (first,) = prompts_of(PROBLEMS[:1])
    generator = Scripted({first: ["Q: How many?\n", "No more questions.<end>"]})
    answerer = Scripted({first: [" 1 + 1 = 2.\n", " 2.<end>"]})
    solve(PROBLEMS[:1], generator, answerer, sees_solutions=True)
    assert generator.heard == {first + "\n": "A: 1 + 1 = 2.\n"}


def test_an_endless_generator_is_truncated_and_still_answered():
    (first,) = prompts_of(PROBLEMS[:1])
    generator = Scripted({first: []})  # asks "and now?" for ever
    answerer = Scripted({first: [" 1 + 1 = 2.\n"] * 3 + [" 2.<end>"]})
    (solution,) = solve(PROBLEMS[:1], generator, answerer, Decoding(max_steps=3))
    assert solution.truncated
    assert solution.lines[-1] == {"role": "answer", "text": "The answer is 2."}
    assert [line["role"] for line in solution.lines].count("question") == 3


def test_a_text_without_end_is_counted_as_truncated():
    (first,) = prompts_of(PROBLEMS[:1])
    writer = Scripted({first: ["A: 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1\n"]})
    (solution,) = solve(PROBLEMS[:1], writer, decoding=Decoding(max_tokens=8))
    assert solution.truncated and solution.tokens == 8


def test_a_line_of_a_pair_without_end_is_counted_as_truncated():
    (first,) = prompts_of(PROBLEMS[:1])
    generator = Scripted({first: ["Q: How many?\n"]})
    answerer = Scripted({first: [" 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1\n"]})
    (solution,) = solve(PROBLEMS[:1], generator, answerer, Decoding(line_tokens=8))
    assert solution.truncated and solution.lines[-1]["role"] == "solution"


def test_half_a_question_is_not_asked_and_counts_as_truncated():
    (first,) = prompts_of(PROBLEMS[:1])
    generator = Scripted(
        {first: ["Q: How many are left after all of them have gone?\n"]}
    )
    answerer = Scripted({first: [" 2.<end>"]})
    (solution,) = solve(PROBLEMS[:1], generator, answerer, Decoding(line_tokens=5))
    assert solution.truncated and solution.output == "The answer is 2."


def test_what_follows_an_answer_without_end_mark_is_cut_off():
    (first,) = prompts_of(PROBLEMS[:1])
    text = "A: 1 + 1 = 2.\nThe answer is 2.\nProblem: and"
    (solution,) = solve(PROBLEMS[:1], Scripted({first: [text]}))
    assert solution.output == "A: 1 + 1 = 2.\nThe answer is 2."
    assert not solution.truncated


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_text_written_in_strides_equals_one_generation(kind):
    model = model_of(kind)
    decoder = IncrementalDecoder(model, TOKENIZER)
    solutions = solve(PROBLEMS[:3], decoder, decoding=Decoding(max_tokens=37))
    end = torch.tensor([TOKENIZER.eos_token_id])
    for problem, solution in zip(PROBLEMS[:3], solutions, strict=True):
        ids = generate(model, prompt_ids(TOKENIZER, problem), 37, end)
        assert solution.tokens == len(ids)
        lines = decoder.text(ids).split("\n")
        assert solution.output == "\n".join(x.strip() for x in lines if x.strip())


def test_order_does_not_depend_on_batches():
    decoder = IncrementalDecoder(model_of("llama"), TOKENIZER)
    small = solve(PROBLEMS, decoder, decoding=Decoding(40, batch_size=2))
    large = solve(PROBLEMS, decoder, decoding=Decoding(40, batch_size=7))
    assert [s.problem.id for s in small] == [p.id for p in PROBLEMS]
    assert [s.output for s in small] == [s.output for s in large]


def test_a_prediction_row_has_the_promised_fields():
    (first,) = prompts_of(PROBLEMS[:1])
    gold = PROBLEMS[0].answer
    writer = Scripted({first: ["A: 3 + 4 = 7.\n", f"The answer is {gold}.<end>"]})
    (solution,) = solve(PROBLEMS[:1], writer)
    row = prediction_row(solution, Decoding(), student="cot")
    assert row["correct"] and row["correct_strict"] and row["extracted"] == gold
    assert {"id", "prompt", "output", "extracted", "gold", "correct", "truncated",
            "seconds"} <= set(row)  # fmt: skip
    assert row["student"] == "cot" and row["decoding"]["temperature"] == 0
