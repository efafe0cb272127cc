"""What is decided for a device, by its memory; and what happens when that is full."""

from types import SimpleNamespace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding, Training
from socratic_utils.problems import gold_chain
from socratic_utils.runner import cli
from socratic_utils.students.base_models import SIZES, load_pretrained, tiny
from socratic_utils.students.decoding import loop, oracles
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training import hardware, memory, train
from socratic_utils.students.training.train import load_student, train_student
from socratic_utils.students.training.trainer import MaskedTrainer

PAIRS = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 8)]
PROBLEMS = load_problems("gradeschool", "test", 6)
UNIFIED = SUPERVISIONS["socratic_unified"]


def untrained(seed=0):
    model, tokenizer = tiny(seed)
    return IncrementalDecoder(model.eval(), tokenizer)


@pytest.fixture
def card(monkeypatch):
    """`card(major, free)`: a CUDA GPU of that generation, seen by torch."""

    def fake(major, free=16e9):
        monkeypatch.setattr(torch.version, "hip", None)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
        found = SimpleNamespace(major=major)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: found)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (int(free), int(free)))

    monkeypatch.delenv("SOCRATIC_DEVICE", raising=False)
    return fake


# --- the device and its precision ---------------------------------------------------


@pytest.mark.parametrize(
    ("major", "half"),
    [(7, "float16"), (8, "bfloat16"), (9, "bfloat16"), (12, "bfloat16")],
)
def test_a_gpu_trains_and_decodes_in_its_own_half_precision(card, major, half):
    card(major)  # 7: V100 and T4, which only emulate bf16
    assert str(hardware.device()) == "cuda"
    assert hardware.autocast() == hardware.half() == half


def test_other_devices_decode_in_float32(card, monkeypatch):
    card(8)
    monkeypatch.setenv("SOCRATIC_DEVICE", "cpu")
    assert (str(hardware.device()), hardware.half()) == ("cpu", "")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setenv("SOCRATIC_DEVICE", "mps")
    assert (str(hardware.device()), hardware.half()) == ("mps", "")
    assert hardware.autocast() == "none"


@pytest.mark.parametrize("wrong", ["gpu", "cuda", "mps", "CPU", "cuda:1"])
def test_a_device_that_is_not_there_is_one_sentence(wrong, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("SOCRATIC_DEVICE", wrong)
    with pytest.raises(ValueError, match="SOCRATIC_DEVICE must be cpu on this machine"):
        hardware.device()
    assert cli.main(["smoke", "--only", "01"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_mac_is_used_on_request_only(monkeypatch):
    monkeypatch.delenv("SOCRATIC_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert str(hardware.device()) == "cpu"


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_float16_is_scaled_and_named_in_the_hash(half, monkeypatch, tmp_path):
    monkeypatch.setattr(train, "autocast", lambda: half)
    given = Training(batch_size=32), tmp_path, 0, 64, 1
    arguments = train.training_arguments(*given)
    assert (arguments.fp16, arguments.bf16) == (half == "float16", half == "bfloat16")
    made_from = train.ingredients("tiny", PAIRS, UNIFIED, Training(), 0)
    assert made_from["autocast"] == half


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_weights_are_decoded_in_half_precision_but_rotary_angles_are_exact(
    half, monkeypatch
):
    monkeypatch.setattr(hardware, "half", lambda: half)
    size = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    llama = LlamaForCausalLM(LlamaConfig(**size, num_hidden_layers=1, vocab_size=600))
    model = hardware.for_decoding(llama)
    assert {p.dtype for p in model.parameters()} == {getattr(torch, half)}
    assert model.model.rotary_emb.inv_freq.dtype == torch.float32
    decoder = IncrementalDecoder(model, tiny()[1])
    assert len(loop.solve(PROBLEMS, decoder, decoding=Decoding(max_tokens=8))) == 6


def test_on_the_cpu_decoding_stays_in_float32(tmp_path):
    folder = train_student("tiny", PAIRS[:4], UNIFIED, Training(batch_size=4), tmp_path)
    assert {p.dtype for p in load_student(folder)[0].parameters()} == {torch.float32}


# --- what fits ----------------------------------------------------------------------

DECISIONS = [  # memory, student: sequences of 400 tokens, 300 trained, of 32; recompute
    (16e9, "gpt2", 20, False),
    (16e9, "gpt2-medium", 6, False),
    (16e9, "gpt2-large", 1, True),
    (16e9, "gpt2-xl", 0, True),
    (24e9, "gpt2-xl", 0, True),
    (40e9, "gpt2-xl", 2, False),
    (80e9, "gpt2-xl", 11, False),
    (16e9, "opt-1.3b", 0, True),
    (40e9, "opt-1.3b", 13, False),
    (16e9, "SmolLM2-135M-Instruct", 22, False),
    (80e9, "Llama-3.2-3B", 6, False),
    (40e9, "Llama-3.2-3B", 0, True),
]


@pytest.mark.parametrize(("free", "student", "rows", "checkpointing"), DECISIONS)
def test_sequences_at_once_follow_from_the_memory(free, student, rows, checkpointing):
    fit = memory.training_fit(SIZES[student], 400, 300, 32, free)
    assert (fit.rows if fit.fits else 0, fit.checkpointing) == (rows, checkpointing)
    assert not fit.fits or fit.needed <= 0.9 * free
    alone = memory.training_fit(SIZES[student], 400, 300, 32, 1e15)
    assert alone.rows == 32 and not alone.checkpointing


def saved_bytes(model, rows, length=256):
    """What autograd saves for the backward pass under bf16 autocast, weights aside."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = tensor  # alive: addresses are not used again
        return tensor

    ids = torch.ones(rows, length, dtype=torch.long)
    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with torch.autocast("cpu", torch.bfloat16), hooks:
        model.base_model(ids, attention_mask=ids, use_cache=False)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def model_of(kind, layers):
    from transformers import AutoConfig, AutoModelForCausalLM

    names = {"num_hidden_layers": layers, "hidden_size": 192, "vocab_size": 64}
    heads = {"num_attention_heads": 3}
    config = AutoConfig.for_model(kind, **names | heads)
    if kind == "llama":  # as SmolLM2: 8/3 as wide inside, three heads share a key
        config.intermediate_size, config.num_key_value_heads = 512, 1
    if kind == "opt":
        config.ffn_dim, config.word_embed_proj_dim = 768, 192
    return AutoModelForCausalLM.from_config(config).train()


@pytest.mark.parametrize("kind", ["gpt2", "opt", "llama"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_saved_activations_are_as_many_as_counted(kind, checkpointing):
    def per_row(layers):
        model = model_of(kind, layers)
        if checkpointing:
            model.activation_checkpointing_enable()
        return (saved_bytes(model, 3) - saved_bytes(model, 1)) / 2

    found = (per_row(3) - per_row(1)) / 2 / 192 / 256  # per layer, unit and token
    counted = memory.LAYER_INPUT if checkpointing else memory.SAVED[kind]
    assert found == pytest.approx(counted, rel=0.08)


def test_the_cache_of_a_row_is_counted():
    model, tokenizer = load_pretrained("tiny")
    size = memory.size_of(model)
    assert size[1:4] == (2, 48, "gpt2")
    decoder = IncrementalDecoder(model, tokenizer)
    decoder.start([[1, 2, 3, 4, 5]])
    decoder.write(3)
    layers = decoder.cache.layers
    held = sum(b[:1, :, :1].nbytes for layer in layers for b in layer.buffers)
    counted = 4 * 2 * size.layers * size.cached  # float32, keys and values, one token
    assert held == counted
    one = [memory.decoding_fit([size], n, 1, 1e9, width=4).needed for n in (100, 200)]
    assert one[1] - one[0] >= 100 * counted


def test_decoding_rows_follow_from_the_free_memory(card, monkeypatch):
    decoder = untrained()
    assert hardware.decoding_rows([decoder, decoder], 400, 100) == 100
    card(8, free=5e6)
    few = hardware.decoding_rows([decoder], 400, 100)
    assert 1 < few < 100
    assert hardware.decoding_rows([decoder, decoder], 400, 100) in (
        few // 2,
        few // 2 + 1,
    )
    card(8, free=0)
    assert hardware.decoding_rows([decoder], 400, 100) == 1
    assert (
        hardware.decoding_rows([SimpleNamespace(model="served", context=0)], 9, 7) == 7
    )


def test_training_takes_as_many_rows_as_fit(tmp_path, monkeypatch):
    seen = []
    plain = MaskedTrainer.accumulate

    def spy(self, *args):
        seen.append((self.rows, self.model.model.is_activation_checkpointing))
        return plain(self, *args)

    monkeypatch.setattr(MaskedTrainer, "accumulate", spy)
    for free, wanted in ((1e12, (4, False)), (0, (1, True))):
        seen.clear()
        monkeypatch.setattr(train, "free_memory", lambda free=free: free)
        train_student("tiny", PAIRS[:4], UNIFIED, Training(batch_size=4),
                      tmp_path / str(free))  # fmt: skip
        assert set(seen) == {wanted}


# --- out of memory ------------------------------------------------------------------


@pytest.fixture
def base(tmp_path):
    """The tiny model without dropout, whose draws depend on the rows at once."""
    model, tokenizer = load_pretrained("tiny")
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        setattr(model.config, name, 0.0)
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    return str(tmp_path / "base")


def full_above(monkeypatch, most, backward=False):
    """A memory for `most` rows: more raise PyTorch's own error, in either pass."""
    from transformers import GPT2Model

    plain, sizes = GPT2Model.forward, []

    def check(rows):
        sizes.append(rows)
        if rows > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    class Backward(torch.autograd.Function):
        @staticmethod
        def forward(context, tensor):
            return tensor.clone()

        @staticmethod
        def backward(context, gradient):
            check(len(gradient))
            return gradient

    def forward(self, input_ids, **rest):
        if not backward:
            check(len(input_ids))
        out = plain(self, input_ids, **rest)
        if backward:
            out.last_hidden_state = Backward.apply(out.last_hidden_state)
        return out

    monkeypatch.setattr(GPT2Model, "forward", forward)
    return sizes


def weights(folder):
    return load_pretrained(str(folder))[0].state_dict()


def assert_same(one, other, **tolerance):
    for name in one:
        torch.testing.assert_close(one[name], other[name], **tolerance)


@pytest.mark.parametrize("backward", [False, True])
def test_out_of_memory_halves_the_rows_and_changes_no_step(
    base, tmp_path, monkeypatch, capsys, backward
):
    monkeypatch.setattr(train, "autocast", lambda: "none")
    # Adam divides even rounding errors by themselves, unless epsilon is larger.
    training = Training(3, 4, learning_rate=1e-3, adam_epsilon=1e-4)
    whole = train_student(base, PAIRS[:6], UNIFIED, training, tmp_path / "whole")
    sizes = full_above(monkeypatch, 2, backward)
    small = train_student(base, PAIRS[:6], UNIFIED, training, tmp_path / "small")
    assert sizes[0] == 4 and set(sizes[1:]) <= {1, 2}  # it failed once, and was said
    assert capsys.readouterr().out.count("out of memory") == 1
    assert whole.name == small.name
    assert_same(weights(whole), weights(small), rtol=1e-3, atol=1e-5)


def test_a_repeated_step_draws_the_same_dropout(tmp_path, monkeypatch):
    training = Training(batch_size=4, learning_rate=1e-3)
    with monkeypatch.context() as patch:
        patch.setattr(train, "training_fit", lambda *_: memory.Fit(2, False, 0, True))
        wanted = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "two")
    full_above(monkeypatch, 2)
    found = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "halved")
    assert_same(weights(wanted), weights(found), rtol=0, atol=0)


def test_a_student_that_never_fits_is_one_sentence(base, tmp_path, monkeypatch, capsys):
    full_above(monkeypatch, 0)
    with pytest.raises(RuntimeError, match="choose a smaller student or a larger dev"):
        train_student(base, PAIRS[:4], UNIFIED, Training(batch_size=4), tmp_path)
    assert "repeated with gradient checkpointing" in capsys.readouterr().out


def test_an_infinite_loss_is_reported(base, tmp_path, monkeypatch):
    def infinite(self, *_):
        return torch.tensor(float("inf"))

    monkeypatch.setattr(MaskedTrainer, "accumulate", infinite)
    with pytest.raises(RuntimeError, match="the training loss is inf: lower"):
        train_student(base, PAIRS[:4], UNIFIED, Training(batch_size=4), tmp_path)


def outputs(solutions):
    return [(s.problem.id, s.output, s.truncated, s.tokens) for s in solutions]


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("pair", [False, True])
def test_out_of_memory_halves_decoding_and_changes_no_text(
    monkeypatch, capsys, samples, pair
):
    decoders = [untrained(seed) for seed in ((0, 1) if pair else (0,))]
    heat = 0.8 if samples > 1 else 0.0
    decoding = Decoding(24, 3, 12, batch_size=6 * samples, temperature=heat)

    def solve():
        given = {"decoding": decoding, "samples": samples, "seed": 3}
        return outputs(loop.solve(PROBLEMS, *decoders, **given))

    wanted = solve()
    sizes = full_above(monkeypatch, 2 * samples)
    assert solve() == wanted
    assert max(sizes) > 2 * samples and sizes[-1] <= 2 * samples
    assert "out of memory" in capsys.readouterr().out
    full_above(monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError):
        solve()


def test_questions_asked_upfront_survive_it_too(monkeypatch):
    decoder, decoding = untrained(), Decoding(24, 3, 12, batch_size=6)
    wanted = oracles.ask_upfront(PROBLEMS, decoder, decoding).known
    full_above(monkeypatch, 2)
    assert oracles.ask_upfront(PROBLEMS, decoder, decoding).known == wanted


def test_other_errors_are_not_taken_for_it():
    def broken():
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        hardware.fits_memory(broken)
    for text in ("DefaultCPUAllocator: can't allocate memory: 9 bytes",
                 "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`",
                 "MPS backend out of memory (MPS allocated: 9 GB)"):  # fmt: skip
        assert hardware.is_out_of_memory(RuntimeError(text))
