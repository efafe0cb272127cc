"""The machine: its device, whether bf16 is faster on it, and expected training time."""

import platform
import time
from functools import cache

import torch

from socratic_utils.config import outputs_root
from socratic_utils.files import read_json, write_json


def device() -> torch.device:
    """CUDA where there is a GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@cache
def use_bf16() -> bool:
    """Whether training uses bf16 autocast on this machine; a CPU is timed."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
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
