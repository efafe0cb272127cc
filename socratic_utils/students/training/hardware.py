"""The machine: its device, its precision, and what its memory holds.

SOCRATIC_DEVICE names the device: cpu, cuda (also ROCm) or mps.  CUDA GPUs train under
autocast to their own half precision and decode in it; Macs and CPUs decode in float32.
"""

import ctypes
import os
import platform
import timeit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache

import psutil
import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from socratic_utils.config import outputs_root
from socratic_utils.files import read_json, write_json

from .memory import decoding_fit, size_of

VARIABLE = "SOCRATIC_DEVICE"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def device() -> torch.device:
    """SOCRATIC_DEVICE, else CUDA where there is a GPU, else the CPU; ValueError."""
    wanted, cuda = os.environ.get(VARIABLE, ""), torch.cuda.is_available()
    there = {"cpu": True, "cuda": cuda, "mps": torch.backends.mps.is_available()}
    if wanted and not there.get(wanted):
        known = " or ".join(name for name in there if there[name])
        raise ValueError(f"{VARIABLE} must be {known} on this machine, not {wanted!r}")
    return torch.device(wanted or ("cuda" if cuda else "cpu"))


def half() -> str:
    """The half precision that a CUDA GPU computes in; empty for other devices."""
    if device().type != "cuda":
        return ""
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float16"


def autocast() -> str:
    """What training computes in: "bfloat16", "float16" or "none"; a CPU is timed."""
    on_cpu = device().type == "cpu" and bf16_is_faster()
    return half() or ("bfloat16" if on_cpu else "none")


@cache
def bf16_is_faster() -> bool:
    """Whether this CPU multiplies faster in bf16, measured once per machine."""
    path = outputs_root() / "machine.json"  # kept: it is part of a student's hash
    machine = f"{platform.node()}, torch {torch.__version__}"
    known = read_json(path, {})
    if machine not in known:
        half, full = (_matmul_seconds(k, 512) for k in (torch.bfloat16, torch.float32))
        known[machine] = {"bf16": half * 1.2 < full}  # emulated, it takes ten times
        write_json(path, known)
    return known[machine]["bf16"]


def _matmul_seconds(dtype: torch.dtype, size: int = 1024) -> float:
    left, right = torch.randn(2, size, size).to(dtype)
    times = timeit.repeat(lambda: left @ right, number=1, repeat=6)
    return min(times[1:])  # the first one warms up


@cache
def product_rate() -> float:
    """Operations per second of a matrix product as in training, measured once."""
    kind = torch.bfloat16 if bf16_is_faster() else torch.float32
    return 2 * 1024**3 / _matmul_seconds(kind)


def expected_minutes(model, tokens: float) -> float:
    """Rough training time on the CPU, in minutes, of `tokens` over all epochs."""
    each = (p.numel() * (6 if p.requires_grad else 4) for p in model.parameters())
    operations = sum(each) * tokens  # frozen weights have no gradient of their own
    return operations / (0.6 * product_rate()) / 60  # 60 % of a product's


def for_decoding(model):
    """The model on the device in evaluation mode; on CUDA GPUs in half precision."""
    dtype = getattr(torch, half() or "float32")
    for parameter in model.parameters():  # buffers, such as rotary angles, stay exact
        parameter.data = parameter.data.to(device(), dtype)
    return model.to(device()).eval()


def free_memory() -> float:
    """Bytes that the device can still give; Macs share those of the CPU."""
    clear_device_cache(garbage_collection=True)  # a trained model is in a cycle
    if device().type != "cuda":
        return psutil.virtual_memory().available
    return torch.cuda.mem_get_info()[0]


def decoding_rows(decoders: Sequence, tokens: int, largest: int) -> int:
    """How many rows of so many tokens, at most `largest`, decoders can have at once."""
    models = [getattr(decoder, "model", None) for decoder in decoders]
    models = [model for model in models if isinstance(model, torch.nn.Module)]
    weights = [p for model in models for p in model.parameters()]
    free = free_memory() + sum(p.nbytes for p in weights)  # which are loaded already
    width = max((p.element_size() for p in weights), default=1)
    tokens += max(len(getattr(decoder, "prefix", ())) for decoder in decoders)
    tokens = min([tokens, *(d.context for d in decoders if d.context)])
    return decoding_fit(map(size_of, models), tokens, largest, free, width).rows


def is_out_of_memory(error: Exception) -> bool:
    said = isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)
    return said or "CUBLAS_STATUS_ALLOC_FAILED" in str(error)


@contextmanager
def reused_memory() -> Iterator[None]:
    """Keep freed memory for the next step.  glibc returns it to the system, and to get
    it back, page by page, slows training on a CPU (docs/speed.md)."""
    libc = None
    with suppress(OSError, AttributeError):  # another system or C library
        found = ctypes.CDLL("libc.so.6")
        found.mallopt(M_MMAP_THRESHOLD, 32 * 2**20)  # the most that glibc accepts
        found.mallopt(M_TRIM_THRESHOLD, -1)
        libc = found  # which has mallopt
    try:
        yield
    finally:
        if libc:
            libc.mallopt(M_TRIM_THRESHOLD, 128 * 2**10)  # the default
            libc.malloc_trim(0)


def fits_memory(work: Callable[[], None], may_fail: bool = True) -> bool:
    """Do some work; False, where it `may_fail`, if the memory is too small for it."""
    try:
        work()
        return True
    except RuntimeError as error:
        if not may_fail or not is_out_of_memory(error):
            raise
    clear_device_cache(garbage_collection=True)  # the error held tensors, and is gone
    return False
