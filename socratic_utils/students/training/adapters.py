"""Adapters (LoRA, Hu et al. 2022): small matrices are trained beside frozen weights.

A layer's W x becomes W x + ALPHA B A x, where A [rank, inputs] is random and B
[outputs, rank] starts at 0.  Every linear layer but the head has one, as in QLoRA
(Dettmers et al. 2023).  Not covered: experts in one tensor; a quantised base.
"""

from pathlib import Path

import peft
import torch
from peft.tuners.lora import LoraLayer
from transformers.pytorch_utils import Conv1D

from socratic_utils.files import read_json

from ..base_models import base_revision, load_pretrained

ALPHA = 2  # scale of an update; peft's `lora_alpha` is this times the rank


def add_adapters(model, base: str, rank: int, seed: int, half: str = "none") -> None:
    """Freeze a model and add adapters to it; ValueError for a rank that saves nothing.
    Frozen matrices are kept in `half`, what autocast computes in: it would round them
    to it at every product."""
    width = model.config.get_text_config().hidden_size
    if not 0 < rank < width:
        need = f"above 0 and below {width}, its hidden units, not {rank}"
        raise ValueError(f"student {base!r}: lora_rank must be {need}")
    torch.manual_seed(seed)
    is_gpt2 = any(isinstance(m, Conv1D) for m in model.modules())
    model.add_adapter(peft.LoraConfig(
        r=rank, lora_alpha=ALPHA * rank, target_modules="all-linear",
        fan_in_fan_out=is_gpt2))  # fmt: skip
    model.peft_config["default"].base_model_name_or_path = None  # else peft looks there
    for layer in model.modules():
        if isinstance(layer, LoraLayer) and half != "none":
            layer.get_base_layer().to(getattr(torch, half))
            layer.cast_input_dtype_enabled = False  # autocast does it


def load_adapters(model, folder: str | Path) -> None:
    """Overwrite a model's adapters with saved ones, such as a checkpoint's."""
    peft.set_peft_model_state_dict(model, peft.load_peft_weights(str(folder)))


def merged(folder: Path):
    """(model, tokenizer): the base in float32 with the adapters of a student's folder.
    ValueError if the base is not what they were trained on."""
    kept = read_json(folder.parent / "training.json", {})  # of a student's checkpoint
    record = read_json(folder / "training.json", kept)
    base, made_from = record["base"], record["made_from"]
    wanted, found = made_from["base_revision"], base_revision(base)
    if found != wanted:
        needs = f"need its base {base!r} as it was ({wanted}), not {found}"
        advice = "restore it, or train the student again"
        raise ValueError(f"the adapters of {folder.name} {needs}: {advice}")
    model, tokenizer = load_pretrained(base, made_from["seed"])
    adapted = peft.LoraModel(model, peft.LoraConfig.from_pretrained(folder), "default")
    load_adapters(model, folder)
    return adapted.merge_and_unload(), tokenizer
