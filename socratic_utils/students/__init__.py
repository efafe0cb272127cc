"""Stage 3, students: supervise, train and decode small language models.

Every student of Socratic CoT (section 3) and of SCoTD (section 2) learns from the same
transcript of a problem and a chain; the supervisions differ in which lines are shown
and which are trained (`supervision`, the one list of students).

    >>> folder = train_student("tiny", pairs, SUPERVISIONS["cot"], training, "out")
    >>> student = IncrementalDecoder(*load_student(folder))
    >>> [solution] = solve([problem], student)

Not covered: where the chains come from (`teacher`, `filtering`), scores (`metrics`).
"""

from importlib import import_module

from .supervision import STUDENTS, SUPERVISIONS, Student, Supervision

# Loaded on first use: they import torch, which tables and `--help` do not need.
_LAZY = {
    "IncrementalDecoder": ".decoding.incremental",
    "load_student": ".training.train",
    "solve": ".decoding.loop",
    "train_student": ".training.train",
}


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
