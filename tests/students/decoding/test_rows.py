"""Rows do not influence each other: every row writes what it would write alone."""

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding
from socratic_utils.students.base_models import tiny
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.transcript import line_ids, prompt_ids, role_of, text_ids

PROBLEMS = load_problems("gradeschool", "test", 7)
_, TOKENIZER = tiny()
VOCABULARY = {"vocab_size": len(TOKENIZER), "bos_token_id": 0, "eos_token_id": 1,
              "pad_token_id": 1}  # fmt: skip
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
LLAMA = SIZE | {"intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}
WINDOW = {"sliding_window": 9}
MODELS = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2},
    "opt": SIZE | {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "llama": LLAMA,
    "mistral": LLAMA | WINDOW,
    "qwen2": LLAMA | WINDOW | {"use_sliding_window": True, "max_window_layers": 0},
    "gemma3_text": LLAMA | WINDOW
    | {"layer_types": ["sliding_attention", "full_attention"]},
    "gemma2": LLAMA | WINDOW,
    "gpt_neo": {"hidden_size": 32, "num_layers": 2, "num_heads": 2, "window_size": 9,
                "attention_types": [[["global", "local"], 1]],
                "max_position_embeddings": 128},
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "expansion_ratio": 2,
            "max_seq_len": 256},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "falcon": SIZE | {"alibi": True, "new_decoder_architecture": False},
    "gpt_neox": SIZE | {"intermediate_size": 64},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 2, "rotary_dim": 8},
    "phi": SIZE | {"intermediate_size": 64},
    "cohere2": LLAMA | WINDOW,
    "granite": LLAMA | {"logits_scaling": 4.0},
}  # fmt: skip


def model_of(kind):
    torch.manual_seed(0)
    config = CONFIG_MAPPING[kind](**VOCABULARY, **MODELS[kind])
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():  # random models say one thing only: let the context count
        for name, weights in model.named_parameters():
            if weights.dim() > 1 and "embed" not in name and "wte" not in name:
                weights.normal_(0, 0.4)
    return model


class Lively(IncrementalDecoder):
    """Its lines end at every ninth token, so that rows stop at different times."""

    def __init__(self, model):
        super().__init__(model, TOKENIZER)
        self.stops = torch.arange(0, len(TOKENIZER), 9)


def written_alone(model, context, limit, stops):
    """Greedy, from scratch for every token, without cache, padding or batch."""
    ids = list(context)
    for _ in range(limit):
        with torch.inference_mode():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        if ids[-1] in stops:
            break
    return ids[len(context) :]


@pytest.mark.parametrize("kind", MODELS)
def test_a_row_that_others_join_and_leave_writes_what_it_writes_alone(kind):
    model = model_of(kind)
    decoder = Lively(model)
    stops = set(decoder.stops.tolist())
    decoder.start([])
    prompts = [prompt_ids(TOKENIZER, problem)[: 8 + 4 * i]
               for i, problem in enumerate(PROBLEMS)]  # fmt: skip
    heard = TOKENIZER("Q: How many are left?\n").input_ids
    rows, turns, said = [], {}, {}
    while len(rows) < len(prompts) or decoder.busy:
        if len(rows) < len(prompts):  # a new row with every step
            [row] = decoder.open(prompts[len(rows) : len(rows) + 1])
            rows.append(row)
            said[row], turns[row] = [(list(row.ids), None)], 0
            decoder.ask(row, 7)
        for row in decoder.step():
            said[row][-1] = (said[row][-1][0], row.line)
            turns[row] += 1
            if turns[row] == 3:
                row.gone = True
                continue
            if (len(row.prompt) + turns[row]) % 2:
                row.hear(heard[: 2 + turns[row]])
            said[row].append((list(row.ids), None))
            decoder.ask(row, 5 + turns[row])
    lengths = set()
    for row in rows:
        assert len(said[row]) == 3
        for turn, (context, line) in enumerate(said[row]):
            limit = 7 if turn == 0 else 5 + turn
            assert line == written_alone(model, context, limit, stops)
            lengths.add(len(line))
    assert len(lengths) > 2


@pytest.mark.parametrize("kind", ["gpt2", "llama", "mistral", "mpt"])
def test_solutions_of_a_pair_do_not_depend_on_the_batch(kind):
    decoders = Lively(model_of(kind)), Lively(model_of("llama"))
    for decoder in decoders:
        decoder.context = 100
    found = []
    for size in (1, 3, 7):
        decoding = Decoding(line_tokens=9, max_steps=3, max_tokens=40, batch_size=size)
        found.append(solve(PROBLEMS, *decoders, decoding=decoding))
    for one in found[1:]:
        assert [s.lines for s in one] == [s.lines for s in found[0]]
        assert [s.tokens for s in one] == [s.tokens for s in found[0]]


WARM = Decoding(max_tokens=24, max_steps=2, line_tokens=8, temperature=0.9)


@pytest.mark.parametrize("pair", [False, True])
def test_samples_do_not_depend_on_the_batch(pair):
    decoders = [Lively(model_of("llama")) for _ in range(1 + pair)]
    given = {"decoding": WARM, "samples": 3, "seed": 5}
    together = solve(PROBLEMS, *decoders, **given)
    for number in (0, 3, 6):
        alone = solve(PROBLEMS[number : number + 1], *decoders, **given)
        own = together[3 * number : 3 * number + 3]
        assert [s.output for s in alone] == [s.output for s in own]
        assert len({s.output for s in own}) > 1
        for one, other in zip(alone, own, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=1e-3)


def test_a_repeated_problem_is_sampled_anew():
    decoder = Lively(model_of("llama"))
    solutions = solve([PROBLEMS[0]] * 4, decoder, decoding=WARM, seed=1)
    assert len({s.output for s in solutions}) > 1


def test_sampled_tokens_have_the_models_chances():
    decoder = Lively(model_of("llama"))
    prompt = prompt_ids(TOKENIZER, PROBLEMS[0])[:6]
    decoder.start([prompt] * 1500)
    decoder.seed(3)
    drawn = torch.tensor(decoder.write(1, temperature=0.5, whole_lines=False))[:, 0]
    with torch.inference_mode():
        logits = decoder.model(torch.tensor([prompt])).logits[0, -1]
    expected = torch.softmax(logits / 0.5, -1)
    found = torch.bincount(drawn, minlength=len(expected)) / 1500
    assert float((found - expected).abs().sum()) < 0.5  # of at most 2
    top = int(expected.argmax())
    assert float(found[top]) == pytest.approx(float(expected[top]), abs=0.05)


def test_a_full_context_closes_a_solution_as_truncated():
    """Lines of 100 tokens do not fit into 128 positions."""
    decoders = [Lively(model_of("gpt_neo")) for _ in range(2)]
    for decoder in decoders:
        decoder.stops = torch.tensor([decoder.end])
    decoding = Decoding(line_tokens=100, max_tokens=60)
    for solution in solve(PROBLEMS[:3], *decoders, decoding=decoding):
        assert solution.truncated
    alone = solve(PROBLEMS[:3], decoders[0], decoding=Decoding(max_tokens=120))
    assert all(s.truncated and s.prompt_cut and s.tokens == 120 for s in alone)


def test_a_pair_with_long_lines_is_closed_where_its_context_ends():
    """Eight questions and solutions do not fit into the answerer's 128 positions."""
    questioner, answerer = Lively(model_of("gpt2")), Lively(model_of("gpt_neo"))

    class Asking(Lively):
        """Asks for ever, whatever its model says."""

        def choose(self, rows, logits):
            asked = [
                line_ids(TOKENIZER, "Q: and how many " + "many " * 4) for _ in rows
            ]
            return [ids[len(r.line)] for r, ids in zip(rows, asked, strict=True)]

    asking = Asking(questioner.model)
    asking.stops = torch.tensor(sorted({asking.end, *text_ids(TOKENIZER, "\n")}))
    answerer.stops = answerer.stops[5:6]
    decoding = Decoding(line_tokens=30, max_tokens=60, max_steps=8)
    solutions = solve(PROBLEMS, asking, answerer, decoding, sees_solutions=True)
    for solution in solutions:
        assert solution.truncated
        assert role_of(solution.lines[0]["text"]) == "question"


def test_recurrent_layers_are_refused_in_one_sentence():
    config = CONFIG_MAPPING["lfm2"](
        **VOCABULARY, **SIZE | {"intermediate_size": 48, "num_key_value_heads": 2},
        layer_types=["conv", "full_attention"],
    )  # fmt: skip
    decoder = IncrementalDecoder(AutoModelForCausalLM.from_config(config), TOKENIZER)
    with pytest.raises(ValueError, match="lfm2 models cannot be decoded"):
        decoder.start([[1, 2]])
