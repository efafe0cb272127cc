"""What hub repositories hold: data sets as parquet files, a tiny GPT-2, a tiny OPT.

Each model has the files of the real repository, down to those that no PyTorch user
needs: `openai-community/gpt2` has safetensors, `facebook/opt-125m` has not.
"""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

OTHERS = {"flax_model.msgpack": b"flax", "tf_model.h5": b"tf", "README.md": b"# One",
          "onnx/decoder_model.onnx": b"onnx", "onnx/config.json": b"{}",
          ".gitattributes": b"*.bin filter=lfs"}  # fmt: skip
TEXTS = [
    "Ann has 3 pens and buys 4 more. How many pens does she have?",
    "She has 3 + 4 = 7 pens. The answer is 7.",
    "Q1: A1: Janet's ducks lay 16 eggs",
]


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def dataset(**configurations):
    """The files of a data set from {split: rows} of each configuration."""
    files, lines = {".gitattributes": b"*.parquet filter=lfs"}, ["---", "configs:"]
    for name, splits in configurations.items():
        lines += [f"- config_name: {name}", "  data_files:"]
        for split, rows in splits.items():
            files[f"{name}/{split}-00000-of-00001.parquet"] = parquet(rows)
            lines += [f"  - split: {split}", f"    path: {name}/{split}-*"]
    files["README.md"] = "\n".join([*lines, "---", "# A data set"]).encode()
    return files


def gpt2(folder):
    """The files of a random GPT-2 with a byte-level BPE tokeniser of its own."""
    from transformers import GPT2Config, GPT2LMHeadModel

    ends = {"bos_token_id": 0, "eos_token_id": 0}
    size = _tokenizer(folder, ["<|endoftext|>"], {"model_max_length": 1024})
    config = GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=2, **ends)
    return _files(folder, GPT2LMHeadModel, config, "model.safetensors")


def opt(folder):
    """The files of a random OPT: `</s>` begins and ends every text."""
    from transformers import OPTConfig, OPTForCausalLM

    own = {"errors": "replace", "unk_token": "</s>", "bos_token": "</s>",
           "eos_token": "</s>", "pad_token": "<pad>", "add_prefix_space": False,
           "add_bos_token": True, "tokenizer_class": "GPT2Tokenizer"}  # fmt: skip
    size = _tokenizer(folder, ["<s>", "<pad>", "</s>", "<unk>"], own)
    config = OPTConfig(
        vocab_size=size, hidden_size=32, ffn_dim=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=2048, word_embed_proj_dim=32,
        bos_token_id=2, eos_token_id=2, pad_token_id=1,
    )  # fmt: skip
    return _files(folder, OPTForCausalLM, config, "pytorch_model.bin")


def _tokenizer(folder, special, configuration):
    from tokenizers import ByteLevelBPETokenizer

    folder.mkdir(parents=True)
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(TEXTS, vocab_size=400, special_tokens=special)
    tokenizer.save_model(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration))
    return tokenizer.get_vocab_size()


def _files(folder, kind, config, weights):
    import torch

    torch.manual_seed(0)
    model = kind(config)
    model.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")  # GPT-2 has both
    if not weights.endswith(".safetensors"):
        (folder / "model.safetensors").unlink()
    return OTHERS | {p.name: p.read_bytes() for p in Path(folder).iterdir()}
