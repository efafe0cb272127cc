"""What identifies a student: the hash in its folder's name, and what went into it.

The hash counts meaning, never source bytes.  A student whose folder exists is not
trained again, so whatever changes the weights must change the hash.

    >>> ingredients("tiny", pairs, SUPERVISIONS["cot"], Training(), seed=0)["autocast"]
    'none'

Not covered: versions of libraries (their order of examples is counted), processes and
device, which change weights only through rounding and dropout.
"""

from dataclasses import asdict
from typing import Any

from socratic_utils.config import Training
from socratic_utils.files import content_hash
from socratic_utils.students.base_models import base_revision
from socratic_utils.students.supervision import Supervision
from socratic_utils.students.transcript import Pairs

from .hardware import use_bf16
from .trainer import ByLength

# Raise it when transcripts, the loss or the training loop change what is learnt: every
# student is then trained again.
FORMAT = 2
_LENGTHS = [17 * i % 61 + 1 for i in range(256)]  # any fixed lengths


def ingredients(
    base: str, pairs: Pairs, supervision: Supervision, training: Training, seed: int
) -> dict[str, Any]:
    """Everything that determines a student's weights, as `training.json` records it."""
    return {
        "format": FORMAT,
        "base_revision": base_revision(base),
        "supervision": asdict(supervision),
        "training": {name: float(v) for name, v in asdict(training).items()},
        "seed": seed,
        "transcripts": transcripts_hash(pairs, supervision),
        "order": order_fingerprint(seed, training.batch_size),
        "dtype": "float32",
        "autocast": "bfloat16" if use_bf16() else "none",
    }


def student_hash(
    base: str, pairs: Pairs, supervision: Supervision, training: Training, seed: int
) -> str:
    """The hash of a student's `ingredients`, 10 hex digits."""
    return content_hash(ingredients(base, pairs, supervision, training, seed))


def transcripts_hash(pairs: Pairs, supervision: Supervision) -> str:
    """A hash of the transcripts and their masks, in order."""
    known: dict[tuple[str, int], str] = {}  # repeated pairs are the same objects
    for problem, chain in pairs:
        key = (problem.id, id(chain))
        if key not in known:
            shown = supervision.transcript(problem, chain)
            known[key] = content_hash([(s.role, s.text, t) for s, t in shown], 64)
    return content_hash([known[problem.id, id(chain)] for problem, chain in pairs])


def order_fingerprint(seed: int, batch_size: int) -> str:
    """A hash of the sampler's order over two epochs of examples of fixed lengths.

    It notices a changed sampler, or a changed library, without a raised `FORMAT`.
    """
    examples = [{"input_ids": [0] * n, "labels": [0] * n} for n in _LENGTHS]
    sampler, epochs = ByLength(examples, batch_size, seed), []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
    return content_hash(epochs)
