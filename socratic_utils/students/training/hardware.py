"""The machine: its device, precision and free memory, and expected training time.

SOCRATIC_DEVICE names the device: cpu, cuda (also ROCm) or mps.  Without it a GPU of
CUDA is used where there is one.  GPUs train under autocast to their own half precision
and decode in it; Apple's (mps) and CPUs decode in float32.
"""

import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import cache

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from socratic_utils.config import outputs_root
from socratic_utils.files import read_json, write_json

from .memory import decoding_fit, size_of

VARIABLE = "SOCRATIC_DEVICE"


def device() -> torch.device:
    """SOCRATIC_DEVICE, else CUDA where there is a GPU, else the CPU; ValueError."""
    wanted, cuda = os.environ.get(VARIABLE, ""), torch.cuda.is_available()
    there = {"cpu": True, "cuda": cuda, "mps": torch.backends.mps.is_available()}
    if wanted not in {"", *there}:
        raise ValueError(f"{VARIABLE} must be cpu, cuda or mps, not {wanted!r}")
    if wanted and not there[wanted]:
        hint = f"unset it, or set it to {' or '.join(n for n in there if there[n])}"
        raise ValueError(f"{VARIABLE} is {wanted}, which PyTorch does not find: {hint}")
    return torch.device(wanted or ("cuda" if cuda else "cpu"))


def autocast() -> str:
    """What training computes in: "bfloat16", "float16" or "none"; a CPU is timed."""
    if device().type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    return "bfloat16" if device().type == "cpu" and bf16_is_faster() else "none"


@cache
def bf16_is_faster() -> bool:
    """Whether this CPU multiplies faster in bf16, measured once per machine."""
    path = outputs_root() / "machine.json"  # kept: it is part of a student's hash
    machine = f"{platform.node()}, torch {torch.__version__}"
    known = read_json(path, {})
    if machine not in known:
        seconds = _matmul_seconds(torch.bfloat16), _matmul_seconds(torch.float32)
        known[machine] = {"bf16": seconds[0] * 1.2 < seconds[1]}
        write_json(path, known)
    return known[machine]["bf16"]


def _matmul_seconds(dtype: torch.dtype, size: int = 1024, repeats: int = 5) -> float:
    left, right = torch.randn(2, size, size).to(dtype)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return min(times[1:])  # the first one warms up


def expected_minutes(model, tokens: float) -> float:
    """Rough training time on the CPU, in minutes, of `tokens` over all epochs."""
    operations = 6 * sum(p.numel() for p in model.parameters()) * tokens
    speed = 0.6 * 2 * 1024**3 / _matmul_seconds(torch.float32)  # 60 % of a product's
    return operations / speed / 60


def decoding_dtype() -> torch.dtype:
    """The half precision of a CUDA GPU, else float32."""
    return getattr(torch, autocast()) if device().type == "cuda" else torch.float32


def for_decoding(model):
    """The model on the device, in evaluation mode and in `decoding_dtype`."""
    dtype = decoding_dtype()
    for parameter in model.parameters():  # buffers, such as rotary angles, stay exact
        parameter.data = parameter.data.to(device(), dtype)
    return model.to(device()).eval()


def free_memory() -> float:
    """Bytes that the device can still give."""
    kind = device().type
    clear_device_cache(garbage_collection=kind != "cpu")
    if kind == "cuda":
        return torch.cuda.mem_get_info()[0]
    if kind == "mps":
        limit = torch.mps.recommended_max_memory()
        return limit - torch.mps.driver_allocated_memory()
    import psutil

    return psutil.virtual_memory().available


def decoding_rows(models: Sequence, tokens: int, largest: int) -> int:
    """How many rows of so many tokens, at most `largest`, these models decode at once.

    The models are loaded already; tokens are those of prompt and text.
    """
    if not models:
        return largest
    weights = sum(p.nbytes for model in models for p in model.parameters())
    width = next(models[0].parameters()).element_size()
    sizes, free = [size_of(model) for model in models], free_memory() + weights
    return decoding_fit(sizes, tokens, largest, free, width).rows


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that the device's memory is used up."""
    said = isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)
    return said or "CUBLAS_STATUS_ALLOC_FAILED" in str(error)


def fits_memory(work: Callable[[], None], may_fail: bool = True) -> bool:
    """Do some work; False, where it `may_fail`, if the memory is too small for it."""
    try:
        work()
        return True
    except RuntimeError as error:
        if not may_fail or not is_out_of_memory(error):
            raise
    clear_device_cache(garbage_collection=True)  # the error, which held tensors, is gone
    return False


def half_of(rows: int, multiple: int = 1) -> int:
    """Half as many rows, a multiple of `multiple` if they are as many."""
    return rows // 2 // multiple * multiple or rows // 2
