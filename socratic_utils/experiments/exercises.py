"""The notebooks' exercises: is an answer right, and where may a trial write?

    check("02.1", globals())                  # prints "right", or a hint
    stages.score(scratch(settings), arm)      # writes to outputs/<run>/scratch/

`notebooks/checks/02_filtering.py` has a function per exercise: it computes the right
answer from the run, and its docstring is the hint.  Not covered: answers in prose.
"""

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from io import StringIO
from math import isclose
from pathlib import Path
from runpy import run_path
from typing import Any

from socratic_utils.config import Settings
from socratic_utils.names import NOTEBOOKS


def check(exercise: str, names: Mapping[str, Any]) -> None:
    """Print that `answer_1` of "02.1" is right, a hint, or which cell to run first."""
    notebook, _, number = exercise.partition(".")
    name = f"answer_{number}"
    if "settings" not in names:
        said = "first run the notebook from its top: `settings` is not defined."
    elif names.get(name, ...) is ...:
        said = f"not answered yet. Give `{name}` a value, run its cell, then this one."
    else:
        [path] = NOTEBOOKS.glob(f"checks/{notebook}_*.py")
        said = verdict(names[name], run_path(str(path))[name], names["settings"])
    print(f"Exercise {number}: {said}")


def verdict(answer: Any, right: Callable, settings: Settings) -> str:
    """What is said about an answer; `right` computes the right one, or raises."""
    try:
        with redirect_stdout(StringIO()):
            expected = right(settings)
    except (ValueError, OSError) as error:  # the run has no such chains or rows
        return f"cannot be checked with these settings: {error}"
    try:
        said = "right." if agrees(answer, expected) else "not yet."
    except Exception as error:  # whatever the reader's own function raises
        said = f"not yet ({type(error).__name__}: {error})."
    hint = " ".join((right.__doc__ or "").split())
    return said if said == "right." else f"{said} Hint: {hint}"


def agrees(answer: Any, expected: Any) -> bool:
    """Whether an answer is the expected one, numbers to one percent; an expected
    function gets the answer, tries it if it is a function, and decides."""
    if callable(expected):
        return bool(expected(answer))
    if isinstance(expected, dict):
        same = (own := dict(answer)).keys() == expected.keys()
        return same and all(agrees(own[name], expected[name]) for name in own)
    if isinstance(expected, tuple):
        return all(agrees(*pair) for pair in zip(answer, expected, strict=True))
    if isinstance(expected, float):
        return isclose(answer, expected, rel_tol=0.01, abs_tol=1e-6)
    return bool((set(answer) if isinstance(expected, set) else answer) == expected)


class Scratch(Settings):
    @property
    def folder(self) -> Path:
        return super().folder / "scratch"


def scratch(settings: Settings) -> Settings:
    """Settings for a trial: it finds the run's students, and writes to `scratch/`."""
    own = Scratch(**vars(settings))
    (own.folder / "students").mkdir(parents=True, exist_ok=True)
    for record in settings.folder.glob("students/*/training.json"):
        student = record.parent.resolve()
        with suppress(OSError):  # it is there, or Windows allows no links: trained anew
            (own.folder / "students" / student.name).symlink_to(student)
    return own
