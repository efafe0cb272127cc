"""Refuse early, in one sentence, what would fail an hour later.

Each function raises ValueError with what is wrong and what to do.
"""

from __future__ import annotations

import os
from pathlib import Path

from socratic_utils import config
from socratic_utils.benchmarks import BENCHMARKS, DATA_VARIABLE
from socratic_utils.files import read_json
from socratic_utils.teacher.errors import APIS, KEY_VARIABLE, MODES, check_address

LOCAL_STUDENTS = {config.PRESETS[scale].student for scale in ("smoke", "small")}


def check(settings: config.Settings) -> config.Settings:
    """Refuse early, in one sentence, what would fail an hour later."""
    if settings.dataset not in BENCHMARKS:
        known = ", ".join(sorted(BENCHMARKS))
        raise ValueError(f"unknown dataset {settings.dataset!r}: choose from {known}")
    if settings.teacher_url:
        check_address(settings.teacher_url)
    data = os.environ.get(DATA_VARIABLE)
    if data and not Path(data).is_dir():
        raise ValueError(f"{DATA_VARIABLE} names {data}, which is no folder")
    student = settings.student
    if not (student in LOCAL_STUDENTS or Path(student).is_dir() or "/" in student):
        known = ", ".join(sorted(LOCAL_STUDENTS))
        raise ValueError(
            f"unknown student {student!r}: choose {known}, a folder, or a model of the "
            f"Hugging Face hub such as openai-community/gpt2"
        )
    if not 0 <= settings.seed < 2**32:
        raise ValueError("--seed must be between 0 and 4294967295")
    for name, known in (("teacher_api", APIS), ("teacher_mode", MODES)):
        if getattr(settings, name) not in known:
            raise ValueError(
                f"--{name.replace('_', '-')} must be one of {', '.join(known)}, not "
                f"{getattr(settings, name)!r}"
            )
    for name in ("train_limit", "test_limit"):
        if (getattr(settings, name) or 1) < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be at least 1")
    if settings.reuse and not settings.reference.is_dir():
        raise ValueError(
            f"no committed run to reuse in {settings.reference}: run without --reuse"
        )
    if settings.reuse:
        committed = read_json(settings.reference / "run.json", {}).get("settings", {})
        for name in ("student", "teacher", "train_limit", "test_limit", "seed"):
            if committed.get(name) != getattr(settings, name):
                raise ValueError(
                    f"the committed run has {name} {committed.get(name)!r}, not "
                    f"{getattr(settings, name)!r}: leave --{name.replace('_', '-')} "
                    f"out, or run without --reuse"
                )
    return settings


def check_cost(dollars: float | None) -> None:
    """A limit, where one is given, is a number of dollars above 0."""
    if dollars is not None and not 0 < dollars < float("inf"):
        raise ValueError("--max-cost must be a number of dollars above 0, such as 2.50")


def check_teacher(settings: config.Settings) -> None:
    """Refuse a teacher that nobody could ask and whose chains are nowhere."""
    if settings.reuse or settings.teacher_url or os.environ.get(KEY_VARIABLE):
        return
    try:
        from .plan_teacher import known_teachers
    except ImportError:  # the environment is not there
        return
    if settings.teacher not in (known := known_teachers()):
        raise ValueError(
            f"unknown teacher {settings.teacher!r}: choose {', '.join(known)}, or set "
            f"{KEY_VARIABLE}, or give --teacher-url with the address of a server"
        )
