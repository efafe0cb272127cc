"""Base models and tokenizers of all kinds: trained right, or refused beforehand."""

import json
from dataclasses import replace

import pytest
import torch
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoModelForCausalLM,
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertLMHeadModel,
    GPT2Config,
    GPT2LMHeadModel,
    GraniteConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding, Training
from socratic_utils.problems import gold_chain
from socratic_utils.students.base_models import tiny
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training import checks
from socratic_utils.students.training.train import (
    load_student,
    make_examples,
    train_student,
    training_record,
)
from socratic_utils.students.training.trainer import collate, masked_loss
from socratic_utils.students.transcript import start_ids

PAIRS = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 6)]
UNIFIED = SUPERVISIONS["socratic_unified"]
TRAINING = Training(epochs=1, batch_size=3, learning_rate=1e-3)
LLAMA = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 48}  # fmt: skip


def gpt2(tokenizer, **config):
    torch.manual_seed(0)
    own = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 512} | config
    own |= {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    own = {
        "vocab_size": len(tokenizer),
        "bos_token_id": None,
        "eos_token_id": None,
    } | own
    return GPT2LMHeadModel(GPT2Config(**own))


def save(folder, model, tokenizer):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def edit(folder, name, **values):
    path = folder / name
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps(known | values), "utf-8")


def trained(base, folder, training=TRAINING, supervision=UNIFIED):
    return train_student(base, PAIRS, supervision, training, folder / "students")


# --- models and their settings ------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{"do_sample": False, "temperature": 0.9}, {"do_sample": False, "top_p": 0.5},
     {"max_new_tokens": -1}, {"cache_implementation": "none such"}],
)  # fmt: skip
def test_a_base_with_invalid_generation_settings_is_trained_and_saved(
    tmp_path, settings
):
    _, tokenizer = tiny()
    base = tmp_path / "base"
    save(base, gpt2(tokenizer), tokenizer)
    edit(base, "generation_config.json", **settings)
    load_student(trained(str(base), tmp_path))


@pytest.mark.parametrize("pad", [9999, -1, -100, None])
@pytest.mark.parametrize("of_tokenizer", [False, True])
def test_a_pad_token_without_an_embedding_is_replaced(tmp_path, pad, of_tokenizer):
    _, tokenizer = tiny()
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **LLAMA))
    if of_tokenizer:
        tokenizer.add_special_tokens({"pad_token": "<pad>"})  # and no `resize`
    base = tmp_path / "base"
    save(base, model, tokenizer)
    edit(base, "config.json", pad_token_id=pad)
    model, tokenizer = load_student(trained(str(base), tmp_path))
    assert tokenizer.pad_token == "<end>"
    assert model.config.pad_token_id == tokenizer.pad_token_id


def test_a_token_without_an_embedding_is_refused(tmp_path):
    _, tokenizer = tiny()
    model = gpt2(tokenizer)
    tokenizer.add_tokens(["How many"])
    with pytest.raises(ValueError, match="resize its embedding"):
        trained(save(tmp_path, model, tokenizer), tmp_path)


@pytest.mark.parametrize("end", [None, "<beyond>"])
def test_a_tokenizer_without_an_end_is_refused(tmp_path, end):
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tiny()[1].backend_tokenizer)
    model = gpt2(tokenizer)
    if end:
        tokenizer.add_special_tokens({"eos_token": end})
    with pytest.raises(ValueError, match="has no end-of-text token: set"):
        trained(save(tmp_path, model, tokenizer), tmp_path)


def test_transcripts_longer_than_a_models_positions_are_skipped(tmp_path, capsys):
    _, tokenizer = tiny()
    examples, _ = make_examples(PAIRS, tokenizer, UNIFIED, 512)
    lengths = sorted(len(example["input_ids"]) for example in examples)
    base = save(tmp_path, gpt2(tokenizer, n_positions=lengths[3]), tokenizer)
    folder = trained(base, tmp_path)
    longer = sum(length > lengths[3] for length in lengths)
    assert training_record(folder)["too_long"] == longer > 0
    said = f"{longer} transcripts with more than {lengths[3]} tokens skipped"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["positions", "max_length"])
def test_nothing_that_fits_is_refused(tmp_path, limit):
    _, tokenizer = tiny()
    short = limit == "positions"
    base = save(tmp_path, gpt2(tokenizer, n_positions=40 if short else 512), tokenizer)
    training = replace(TRAINING, max_length=512 if short else 40)
    with pytest.raises(ValueError, match="no transcript fits into 40 tokens"):
        trained(base, tmp_path, training)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_on_disk_is_trained_in_float32(tmp_path, tied, dtype):
    _, tokenizer = tiny()
    model = gpt2(tokenizer, tie_word_embeddings=tied, use_cache=False).to(dtype)
    folder = trained(save(tmp_path / "base", model, tokenizer), tmp_path)
    student = AutoModelForCausalLM.from_pretrained(folder)
    assert student.dtype == torch.float32
    assert student.config.tie_word_embeddings is tied
    own = student.get_input_embeddings().weight, student.get_output_embeddings().weight
    assert torch.equal(*own) is tied
    [solution] = solve(
        [PAIRS[0][0]], IncrementalDecoder(*load_student(folder)),
        decoding=Decoding(max_tokens=4),
    )  # fmt: skip
    assert solution.tokens


def small(config_class, model_class, tokenizer, **config):
    torch.manual_seed(0)
    return model_class(config_class(vocab_size=len(tokenizer), **config))


BART = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 2, "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "max_position_embeddings": 512}  # fmt: skip
BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 48}  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [(T5Config, T5ForConditionalGeneration, {"d_model": 32, "d_kv": 8, "d_ff": 48,
                                             "num_layers": 2, "num_heads": 2}),
     (BartConfig, BartForConditionalGeneration, BART),
     (BertConfig, BertLMHeadModel, BERT)],
    ids=["T5", "BART", "BERT"],
)  # fmt: skip
def test_what_is_no_causal_language_model_is_refused(tmp_path, given):
    _, tokenizer = tiny()
    model = small(*given[:2], tokenizer, **given[2])
    with torch.no_grad():  # random attention is flat: as if it saw everything anyway
        for weights in model.parameters():
            weights.mul_(5)
    base = save(tmp_path, model, tokenizer)
    with pytest.raises(ValueError, match="cannot be") as refusal:
        trained(base, tmp_path)
    assert str(refusal.value).startswith(f"student {base!r} cannot be ")
    assert "\n" not in str(refusal.value)


def test_the_told_loss_is_that_of_the_saved_model(tmp_path):
    """Granite divides its logits after the head."""
    _, tokenizer = tiny()
    config = GraniteConfig(vocab_size=len(tokenizer), logits_scaling=8.0, **LLAMA)
    torch.manual_seed(0)
    base = save(tmp_path, AutoModelForCausalLM.from_config(config), tokenizer)
    training = Training(epochs=30, batch_size=6, learning_rate=1e-2)
    folder = trained(base, tmp_path, training)
    model, tokenizer = load_student(folder)
    examples, _ = make_examples(PAIRS, tokenizer, UNIFIED, 512)
    with torch.no_grad():
        own = float(model(**collate(tokenizer)(examples).to(model.device)).loss)
    told = training_record(folder)["losses"][-1]["loss"]
    assert own == pytest.approx(told, rel=0.1) and own < 6


def test_the_loss_of_a_router_counts_once_per_optimizer_step():
    _, tokenizer = tiny()
    model = AutoModelForCausalLM.from_config(MixtralConfig(
        vocab_size=len(tokenizer), output_router_logits=True, num_local_experts=4,
        router_aux_loss_coef=0.5, **LLAMA,
    )).eval()  # fmt: skip
    examples, _ = make_examples(PAIRS, tokenizer, UNIFIED, 512)
    batch = collate(tokenizer)(examples[:2])
    own, trained = model(**batch).loss, (batch["labels"][:, 1:] != -100).sum()
    assert torch.isclose(masked_loss(model, **batch)[0], own, rtol=1e-5)
    half = masked_loss(model, **batch, items=2 * trained)[0]
    assert torch.isclose(half, own / 2, rtol=1e-5)


def test_the_checks_do_not_change_what_is_trained(tmp_path, monkeypatch):
    weights = []
    for number in range(2):  # with all checks, and without those of the model
        checks._checked.clear()
        if number:
            checks._checked.add(checks.base_revision("tiny"))
        folder = train_student("tiny", PAIRS, UNIFIED, TRAINING, tmp_path / str(number))
        weights.append(load_student(folder)[0].state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


# --- tokenizers ---------------------------------------------------------------------

TEXTS = ["\n".join(s.text for s, _ in UNIFIED.transcript(*pair)) for pair in PAIRS] + [
    "0123456789 QAPN:.,?()+-*/=$abcdefghijklmnopqrstuvwxyz"
]


def bpe(**parts):
    """A byte-level BPE of the transcripts, with other `parts` of the library's."""
    built = Tokenizer(models.BPE())
    parts = {"pre_tokenizer": pre_tokenizers.ByteLevel(add_prefix_space=False),
             "decoder": decoders.ByteLevel()} | parts  # fmt: skip
    for name, part in parts.items():
        setattr(built, name, part)
    start = pre_tokenizers.ByteLevel.alphabet()
    special = ["<end>", "<start>"]
    built.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, initial_alphabet=start,
    ))  # fmt: skip
    return built


def unigram(normalizer=None, pre_tokenizer=None):
    built = Tokenizer(models.Unigram())
    if normalizer:
        built.normalizer = normalizer
    built.pre_tokenizer = pre_tokenizer or pre_tokenizers.Metaspace()
    built.decoder = decoders.Metaspace()
    special = ["<end>", "<start>", "<unk>"]
    built.train_from_iterator(TEXTS, trainers.UnigramTrainer(
        vocab_size=150, special_tokens=special, unk_token="<unk>",
    ))  # fmt: skip
    return built


def word_pieces():
    built = Tokenizer(models.WordPiece(unk_token="<unk>"))
    built.normalizer = normalizers.BertNormalizer(lowercase=False)
    built.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    built.decoder = decoders.WordPiece()
    special = ["<end>", "<start>", "<unk>"]
    built.train_from_iterator(TEXTS, trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=special,
    ))  # fmt: skip
    return built


def wrapped(built):
    return PreTrainedTokenizerFast(
        tokenizer_object=built, eos_token="<end>", bos_token="<start>"
    )


WHITESPACE = normalizers.Replace(Regex(r"\s+"), " ")
LOSSY = {
    "a unigram model that normalises whitespace": lambda: unigram(WHITESPACE),
    "T5's": lambda: unigram(normalizers.Sequence([normalizers.NFKC(), WHITESPACE])),
    "new lines unknown": lambda: unigram(
        pre_tokenizer=pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])),
    "BERT's word pieces": word_pieces,
    "lower case": lambda: bpe(normalizer=normalizers.Lowercase()),
    "no spaces": lambda: bpe(normalizer=normalizers.Replace(" ", "")),
}  # fmt: skip


@pytest.mark.parametrize("kind", LOSSY)
def test_a_tokenizer_that_changes_transcripts_is_refused(tmp_path, kind):
    tokenizer = wrapped(LOSSY[kind]())
    base = save(tmp_path, gpt2(tokenizer), tokenizer)
    with pytest.raises(ValueError, match="^the tokenizer turns .* into ") as refusal:
        trained(base, tmp_path)
    assert "\n" not in str(refusal.value)


def template(start, end=""):
    own = [("<start>", 1), ("<end>", 0)]
    text = f"{start} $A {end}".strip()
    adds = processors.TemplateProcessing(single=text, special_tokens=own)
    return {"post_processor": processors.Sequence([processors.ByteLevel(), adds])}


MERGING = {"pre_tokenizer": pre_tokenizers.ByteLevel(
    add_prefix_space=False, use_regex=False)}  # fmt: skip
LOSSLESS = {
    "plain": (lambda: bpe(), []),
    "adds a start": (lambda: bpe(**template("<start>")), [1]),
    "adds an end": (lambda: bpe(**template("", "<end>")), []),
    "adds both": (lambda: bpe(**template("<start>", "<end>")), [1]),
    "merges new lines with words": (lambda: bpe(**MERGING), []),
    "adds a space": (
        lambda: bpe(pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True)),
        [],
    ),
    "a unigram model with new lines": (
        lambda: unigram(pre_tokenizer=pre_tokenizers.Metaspace()),
        [],
    ),
}


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("pair", [False, True])
def test_a_lossless_tokenizer_of_any_habit_writes_what_it_learnt(tmp_path, kind, pair):
    build, start = LOSSLESS[kind]
    tokenizer = wrapped(build())
    base = save(tmp_path / "base", gpt2(tokenizer), tokenizer)
    names = {"model_input_names": ["input_ids"]}  # without an attention mask
    edit(tmp_path / "base", "tokenizer_config.json", **names)
    names = ("qg", "qa") if pair else ("socratic_unified",)
    training = Training(epochs=60, batch_size=1, learning_rate=5e-3)
    decoders = []
    for name in names:
        folder = train_student(
            base, PAIRS[:1], SUPERVISIONS[name], training, tmp_path / name
        )
        decoders.append(IncrementalDecoder(*load_student(folder)))
    assert start_ids(decoders[0].tokenizer) == start
    [solution] = solve([PAIRS[0][0]], *decoders)
    shown = UNIFIED.transcript(*PAIRS[0])[1:]
    assert solution.output == "\n".join(segment.text for segment, _ in shown)
    assert not solution.truncated
