"""What this machine can do at most, to read rates against.  By hand:

    python tests/speed/machine.py

`decoding.py` and `training_peers.py` print the same line before they begin.
"""

import timeit

import torch

from socratic_utils.students.training import hardware

FLOATS = 2**27  # 0.5 GiB of float32, which no cache holds
product_rate = hardware.product_rate.__wrapped__  # uncached: it changes in a run


def memory_rate() -> float:
    """Bytes per second that are read in a sum of float32."""
    values = torch.ones(FLOATS)
    times = timeit.repeat(values.sum, number=1, repeat=6)
    return values.nbytes / min(times[1:])  # the first one warms up


def rates() -> str:
    half = "bf16" if hardware.bf16_is_faster() else "float32"
    product, memory = product_rate() / 1e9, memory_rate() / 1e9
    return (f"{torch.get_num_threads()} threads, matrix product in {half} "
            f"{product:.0f} GFLOP/s, memory {memory:.0f} GB/s")  # fmt: skip


if __name__ == "__main__":
    print(rates())
