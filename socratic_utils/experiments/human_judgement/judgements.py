"""The judges' files: what a line must hold, and what is said of one that does not.

A line holds the judge, the two sources, the problem, a hash of the two texts, which
source was on the left and which was preferred ("same" where nobody could tell):

    {"judge": "anna", "kind": "person", "dataset": "gradeschool", "first": "before",
     "second": "cot", "problem": "gradeschool-test-0000", "texts": "0123456789",
     "left": "cot", "preferred": "cot", "both_correct": false, "seconds": 9.5}

People open these files in an editor.  What cannot change a meaning is put right as it
is read (blank lines, "Person", a line that stands there twice); all else is told by its
line, and the file is left as it is.

Not covered: words that were changed into others that could have been said.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from pathlib import Path
from typing import Any

from socratic_utils.problems import json_object

KINDS = ("person", "model")
FIELDS = {
    "judge": str, "kind": str, "dataset": str, "first": str, "second": str,
    "problem": str, "texts": str, "left": str, "preferred": str, "both_correct": bool,
    "seconds": (int, float),
}  # fmt: skip
_COPY = re.compile(r" ?\(\d+\)$")  # "anna (1).jsonl": a browser's second download
ADVICE = "correct it, or take that line out; the others are kept"


class JudgingError(ValueError):
    """A judge's file or name cannot be used; the message says what to do."""


def judgement_key(row: dict) -> tuple[str, str, str, str]:
    """What a line is about, as `judging.Pair.key`."""
    return row["first"], row["second"], row["problem"], row["texts"]


def read_file(path: Path) -> list[dict]:
    """A judge's lines, but a last one that a crash has cut off; nothing is changed.

    A line that stands there twice counts once, with a warning.  Raises JudgingError
    that names the line that is no judgement, or two that contradict each other.
    """
    lines = path.read_bytes().split(b"\n")
    found: dict[tuple, tuple[int, dict]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number} is no judgement"
        try:
            row = json_object(line, where)
        except ValueError as error:
            if number == len(lines):  # no end of line: cut off
                continue
            raise JudgingError(f"{error}: {ADVICE}") from None
        row = _kind_in_small_letters(row)
        if reason := _fault(row, path.stem):
            raise JudgingError(f"{where}: {reason}: {ADVICE}")
        key = judgement_key(row)
        if key in found:
            _same_again(path, *found[key], number, row)
        else:
            found[key] = number, row
    return [row for _, row in found.values()]


def is_cut_off(line: bytes) -> bool:
    """Whether a crash has left the first part of a line: a part is no JSON."""
    try:
        json_object(line, "")
    except ValueError:
        return bool(line.strip())
    return False


def read_judgements(folder: str | Path) -> list[dict]:
    """The lines of all judges' files in a folder; the files are left as they are.

    Raises JudgingError where one judge has judged a pair in two files: two people of
    one name.
    """
    rows: list[dict] = []
    seen: dict[tuple, Path] = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        for row in read_file(path):
            key = (row["judge"], *judgement_key(row))
            if key in seen:
                raise JudgingError(
                    f"{path.name} and {seen[key].name}: two judges are called "
                    f"{row['judge']}: give one of them another name, in every line of "
                    f"the file and as the file's name, or take away the one that is a "
                    f"copy"
                )
            seen[key] = path
            rows.append(row)
    return rows


def _kind_in_small_letters(row: dict) -> dict:
    kind = row.get("kind")
    return {**row, "kind": kind.strip().lower()} if isinstance(kind, str) else row


def _fault(row: dict, stem: str) -> str:
    """What is wrong with a line in the file of this name; "" where nothing is."""
    for name, kind in FIELDS.items():
        if name not in row:
            return f"no field {name!r}"
        if not isinstance(row[name], kind):
            return f"its {name!r} cannot be {row[name]!r:.60}"
    first, second = row["first"], row["second"]
    if first == second:
        return f"{first!r} is compared with itself"
    for name, allowed in (
        ("kind", KINDS), ("left", (first, second)),
        ("preferred", (first, second, "same")),
    ):  # fmt: skip
        if row[name] not in allowed:
            return f"its {name!r} is {row[name]!r}, which is none of {list(allowed)}"
    if _letters(row["judge"]) not in (_letters(stem), _COPY.sub("", _letters(stem))):
        return (
            f"its judge is {row['judge']!r}, and the file is named after {stem!r} (if "
            f"all of its lines are so, rename the file)"
        )
    return ""


def _letters(name: Any) -> str:
    """A name with each letter as one sign: some disks write "ü" as two."""
    return unicodedata.normalize("NFC", name)


def _same_again(path: Path, number: int, row: dict, again: int, other: dict) -> None:
    """Warn of a line that stands there twice; JudgingError where the two differ."""
    if {**row, "seconds": 0} != {**other, "seconds": 0}:
        raise JudgingError(
            f"{path}, lines {number} and {again}: {row['judge']} has judged "
            f"{row['problem']} twice, and not alike: delete line {again}, or line "
            f"{number} if the later one is meant"
        )
    warnings.warn(
        f"{path}: line {again} says what line {number} says, and is counted once",
        stacklevel=3,
    )
