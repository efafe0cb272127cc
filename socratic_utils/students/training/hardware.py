"""What the machine is good for: its device, bf16, how long a training will take."""

from __future__ import annotations

import time
from functools import cache

import torch


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@cache
def use_bf16() -> bool:
    """Whether bf16 autocast is worth it here, by a measured check.

    A GPU is asked; a CPU is timed on one matrix product, because many accept bf16 and
    then run it at half the speed of float32.  Never fp16.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return _matmul_seconds(torch.bfloat16) * 1.2 < _matmul_seconds(torch.float32)


def _matmul_seconds(dtype: torch.dtype, size: int = 1024, repeats: int = 5) -> float:
    left = torch.randn(size, size).to(dtype)
    right = torch.randn(size, size).to(dtype)
    left @ right  # the first call sets things up
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return min(times)


def expected_minutes(model, tokens: float) -> float:
    """A rough forecast: 6 operations a parameter and token, 60 % of a matmul's speed.

    `tokens` counts every epoch.  Only the CPU is measured; a GPU is far quicker.
    """
    operations = 6 * sum(p.numel() for p in model.parameters()) * tokens
    speed = 2 * 1024**3 / _matmul_seconds(torch.float32)
    return operations / (0.6 * speed) / 60
