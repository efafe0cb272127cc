"""Tiny random models of every causal language model that transformers knows.

    PYTHONPATH=. python tests/helpers/architectures.py > architectures.csv

No size is set for one architecture in particular: a config gets those of `SIZES` that
it has, and `VARIANTS` of them until a model can be built and reads a text.
"""

import csv
import os
import signal
import sys
import warnings
from contextlib import contextmanager
from functools import cache

os.environ["HF_HUB_OFFLINE"] = "1"  # no name here is of a hub

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import gold_chain
from socratic_utils.students.base_models import tiny
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.checks import check_base
from socratic_utils.students.training.train import make_examples

_, TOKENIZER = tiny()
PROBLEMS = load_problems("gradeschool", "train", 8)
EXAMPLES, _ = make_examples(
    [(p, gold_chain(p)) for p in PROBLEMS], TOKENIZER, SUPERVISIONS["qa"], 512
)
END = TOKENIZER.eos_token_id
LARGEST = 20e6  # parameters
SECONDS = 20  # for building and checking a model, on one core
SIZES = {
    "vocab_size": len(TOKENIZER), "vocab_size_per_layer_input": len(TOKENIZER),
    "pad_token_id": END, "bos_token_id": END, "eos_token_id": END,
    "max_position_embeddings": 512, "sliding_window": 12, "is_decoder": True,
    "hidden_size": 32, "d_model": 32, "embedding_dim": 32, "word_embed_proj_dim": 32,
    "num_hidden_layers": 2, "decoder_layers": 2, "encoder_layers": 1,
    "num_decoder_layers": 2, "num_encoder_layers": 1, "layers_block_type": None,
    "num_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_attention_heads": 4, "num_decoder_attention_heads": 4,
    "num_encoder_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "intermediate_size": 48, "ffn_dim": 48, "decoder_ffn_dim": 48,
    "encoder_ffn_dim": 48, "ffn_hidden_size": 48, "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32, "moe_shared_expert_intermediate_size": 32,
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4,
    "num_experts_per_tok": 2, "num_experts_per_token": 2, "n_group": 1, "topk_group": 1,
    "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "v_head_dim": 8,
    "qk_rope_head_dim": 8, "linear_head_dim": 8, "linear_num_heads": 4,
    "linear_key_head_dim": 8, "linear_value_head_dim": 8, "linear_num_key_heads": 4,
    "linear_num_value_heads": 4, "mamba_n_heads": 8, "mamba_d_head": 8,
    "mamba_d_ssm": 64, "mamba_num_heads": 8, "mamba_head_dim": 8, "mamba_d_state": 8,
    "full_attn_idxs": [1], "hidden_size_per_layer_input": 8, "laurel_rank": 8,
    "pronunciation_embed_dim": 8, "shape_embed_dim": 8, "shape_vocab_size": 10,
    "d_inner": 48, "rotary_dim": 4, "axial_pos_embds_dim": [8, 24],
    "axial_pos_shape": [16, 32], "attention_head_size": 8, "feed_forward_size": 48,
    "n_shared_experts": 1, "n_head": 4, "d_head": 8,
}  # fmt: skip
DROPPED = None  # a size that is left at its default
VARIANTS = (
    {}, {"num_key_value_heads": 4}, {"head_dim": DROPPED}, {"num_experts_per_tok": 1},
    {"num_hidden_layers": DROPPED}, {"num_hidden_layers": 6},
    {"head_dim": DROPPED, "num_hidden_layers": DROPPED},
    {"head_dim": DROPPED, "num_attention_heads": DROPPED},
    {"head_dim": DROPPED, "v_head_dim": DROPPED}, {"hidden_size_per_layer_input": 0},
    {"num_hidden_layers": DROPPED, "hidden_size_per_layer_input": 0},
    {"num_heads": 8}, {"head_dim": DROPPED, "num_heads": 8},
    {"layer_types": ["full_attention"] * 2}, {"max_position_embeddings": DROPPED},
)  # fmt: skip


def tiny_model(kind: str, seed: int = 0):
    """A random model in evaluation mode; the first variant's error if there is none."""
    return _model(_config(kind, VARIANTS[variant_of(kind)]), seed)


@cache  # three tests build each architecture
def variant_of(kind: str) -> int:
    """The place of the first variant that can be built and called."""
    errors = []
    for place, variant in enumerate(VARIANTS):
        try:
            config = _config(kind, variant)
            with torch.device("meta"):  # without memory
                model = AutoModelForCausalLM.from_config(config)
            if (count := sum(p.numel() for p in model.parameters())) > LARGEST:
                raise MemoryError(f"{count} parameters")
            with torch.no_grad():
                _model(config, 0)(input_ids=torch.arange(5, 10)[None], use_cache=False)
            return place
        except TimeoutError:
            raise
        except Exception as error:  # a variant that this architecture does not like
            errors.append(error)
    raise errors[0]


def _config(kind: str, variant: dict):
    return CONFIG_MAPPING[kind](**_sizes(CONFIG_MAPPING[kind], variant))


def _sizes(config_class, variant: dict) -> dict:
    default = config_class()
    sizes = {name: value for name, value in (SIZES | variant).items()
             if value is not DROPPED and _has(default, name)}  # fmt: skip
    for name in config_class.sub_configs:
        if (part := getattr(default, name, None)) is not None:
            sizes[name] = _sizes(type(part), variant)
    return sizes


def _has(config, name: str) -> bool:
    try:
        return hasattr(config, name)
    except Exception:  # it differs between layers, or cannot be told
        return True


def _model(config, seed: int):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config).eval()
    embedding = model.get_input_embeddings().weight
    with torch.no_grad():  # else what was read hardly counts
        for weights in model.parameters():
            if weights.dim() > 1 and weights is not embedding:
                weights.mul_(5)
    return model


@contextmanager
def at_most(seconds: int):
    def stop(*_):
        raise TimeoutError(f"more than {seconds} seconds")

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)  # of this process's own work
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def main() -> None:
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["architecture", "status", "reason"])
    for kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        row = (kind, "right", "")
        try:
            with at_most(SECONDS):
                model = tiny_model(kind)
                try:
                    check_base(kind, model, TOKENIZER, EXAMPLES)
                except ValueError as error:
                    row = (kind, "refused", str(error))
        except Exception as error:  # no model, in `SECONDS` and with `LARGEST`
            row = (kind, "not built", type(error).__name__)
        out.writerow(row)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
