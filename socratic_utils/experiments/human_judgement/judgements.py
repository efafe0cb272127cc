"""One file per judge, which people may edit: written line by line, read with care.

    {"judge": "anna", "kind": "person", "dataset": "gradeschool", "first": "before",
     "second": "cot", "problem": "gradeschool-test-0000", "texts": "0123456789",
     "left": "cot", "preferred": "cot", "both_correct": false, "seconds": 9.5}

`texts` is a hash of the two chains; `preferred` is "same" if the judge cannot tell.
Files of several machines are merged by copying them into one folder.  Harmless edits
are accepted (blank lines, "Person", a duplicated line); other damage is reported with
its line number and left unchanged.  Not covered: an edit that is a valid judgement.
"""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from unicodedata import normalize

from socratic_utils.files import content_hash, json_object

from .pairs import Pair, Side

CHOICES = ("left", "right", "same")
FIELDS = {
    "judge": str, "kind": str, "dataset": str, "first": str, "second": str,
    "problem": str, "texts": str, "left": str, "preferred": str, "both_correct": bool,
    "seconds": (int, float),
}  # fmt: skip
NAME = re.compile(r"[\w][\w .-]{0,39}")
_COPY = re.compile(r" ?\(\d+\)$")  # "anna (1).jsonl": a browser's second download


class JudgingError(ValueError):
    """A judge's file or name cannot be used; the message says what to do."""


# What a line is about, comparable with `Pair.key`.
judgement_key = itemgetter("first", "second", "problem", "texts")


def read_judgements(folder: str | Path) -> list[dict]:
    """The judgements in all files of a folder; see `read_files`."""
    return read_files(sorted(Path(folder).glob("*.jsonl")))


def read_files(paths: Sequence[Path]) -> list[dict]:
    """The judgements in these files, which are left unchanged.

    A last line that a crash cut off is ignored; a duplicated line counts once, with a
    warning.  Raises JudgingError for an invalid line, for two lines that contradict
    each other, and for two files with the same judge's choice for the same pair.
    """
    found: dict[tuple, tuple[Path, int, dict]] = {}
    for path in paths:
        for number, row in _lines(path):
            key = (row["judge"], *judgement_key(row))
            file, earlier, known = found.setdefault(key, (path, number, row))
            if file != path:
                raise JudgingError(
                    f"{path.name} and {file.name}: two judges are called "
                    f"{row['judge']}: rename one of them, in every line and in the "
                    f"file's name, or delete the file that is a copy"
                )
            where = f"{path}, lines {earlier} and {number}"
            if {**known, "seconds": 0} != {**row, "seconds": 0}:
                raise JudgingError(
                    f"{where}: {row['judge']} has judged {row['problem']} twice, with "
                    f"different results: delete one of them"
                )
            if earlier != number:
                warnings.warn(f"{where} are equal and counted once", stacklevel=2)
    return [row for _, _, row in found.values()]


def _lines(path: Path) -> Iterator[tuple[int, dict]]:
    """Number and content of each line; JudgingError for the first invalid one."""
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip() or (number == len(lines) and _is_cut_off(line)):
            continue
        where = f"{path}, line {number} is not a judgement"
        try:
            row = json_object(line, where)
            if isinstance(row.get("kind"), str):
                row["kind"] = row["kind"].strip().lower()
            if fault := _fault(row, path.stem):
                raise ValueError(f"{where}: {fault}")
        except ValueError as error:
            advice = "correct or delete this line; the others are kept"
            raise JudgingError(f"{error}: {advice}") from None
        yield number, row


def _is_cut_off(line: bytes) -> bool:
    """Whether a line is only the beginning of one, which is not valid JSON."""
    try:
        json_object(line, "")
    except ValueError:
        return bool(line.strip())
    return False


def judgements_of(pairs: Sequence[Pair], rows: Sequence[dict]) -> list[dict]:
    """The judgements of exactly these pairs; prints how many are of other chains."""
    keys = {pair.key for pair in pairs}
    found = [row for row in rows if judgement_key(row) in keys]
    if others := len(rows) - len(found):
        print(f"{others} judgements are of other chains than these and are skipped")
    return found


def _fault(row: dict, stem: str) -> str:
    """What is wrong with a line in the file of this name; "" if nothing is."""
    sources = [row.get("first"), row.get("second")]
    if sources[0] == sources[1] and "first" in row:
        return f"{sources[0]!r} is compared with itself"
    allowed = {"kind": ["person", "model"], "left": sources,
               "preferred": [*sources, "same"]}  # fmt: skip
    for name, kind in FIELDS.items():
        if name not in row:
            return f"no field {name!r}"
        if not isinstance(row[name], kind):
            return f"its {name!r} cannot be {row[name]!r:.60}"
        if row[name] not in allowed.get(name, [row[name]]):
            return f"its {name!r} is {row[name]!r}, which is none of {allowed[name]}"
    judge, stem = normalize("NFC", row["judge"]), normalize("NFC", stem)
    if judge not in (stem, _COPY.sub("", stem)):  # NFC: "ü" as one character
        return (
            f"its judge is {judge!r}, and the file is named after {stem!r} (if this is "
            f"so in all of its lines, rename the file)"
        )
    return ""


@dataclass
class Judge:
    """A person or a model at work: the pairs to judge, and the file for the results."""

    name: str
    pairs: Sequence[Pair]
    folder: Path
    kind: str = "person"
    started: float = field(default_factory=time.monotonic, init=False)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise JudgingError(
                "a judge's name is up to 40 letters, digits, spaces, dots or hyphens"
            )
        self.path = Path(self.folder) / f"{self.name}.jsonl"
        rows = read_files([self.path] if self.path.exists() else [])
        self.done = {judgement_key(row) for row in rows}
        self._size = _end_last_line(self.path) if self.path.exists() else 0

    @property
    def waiting(self) -> list[Pair]:
        """The pairs that this judge has not judged yet, in their order."""
        return [pair for pair in self.pairs if pair.key not in self.done]

    def next_pair(self) -> tuple[Pair, Side, Side] | None:
        """The next pair with its left and right side; None when all are judged."""
        pair = next(iter(self.waiting), None)
        return pair and (pair, *pair.sides(self.name))

    def record(self, choice: str) -> None:
        """Judge the next pair; the judgement is on disk when this returns.

        Raises JudgingError for an unknown choice, when no pair is left, and when
        another process has written to the file.
        """
        if choice not in CHOICES:
            raise JudgingError(f"choose one of {', '.join(CHOICES)}, not {choice!r}")
        if not (shown := self.next_pair()):
            raise JudgingError(f"{self.name} has judged every pair")
        pair, left, right = shown
        preferred = {"left": left.source, "right": right.source, "same": "same"}
        row = {
            "judge": self.name, "kind": self.kind, "dataset": pair.dataset,
            "first": pair.first.source, "second": pair.second.source,
            "problem": pair.problem_id, "texts": pair.key[-1], "left": left.source,
            "preferred": preferred[choice], "both_correct": pair.both_correct,
            "seconds": round(time.monotonic() - self.started, 1),
        }  # fmt: skip
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() != self._size:
                raise JudgingError(
                    f"another judge is using the name {self.name}: nothing is lost; "
                    f"continue under another name"
                )
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self._size = file.tell()
        self.done.add(pair.key)
        self.started = time.monotonic()


def _end_last_line(path: Path) -> int:
    """Set a cut-off last line aside, or end a whole one; the file's size afterwards."""
    data = path.read_bytes()
    last = data.rpartition(b"\n")[-1]
    if _is_cut_off(last):
        path.with_suffix(f".{content_hash(str(last), 6)}.cut").write_bytes(last)
        os.truncate(path, len(data) - len(last))
        print(f"{path}: the last line was cut off and has been set aside")
    elif last:
        with path.open("ab") as file:
            file.write(b"\n")  # an editor dropped it
    return path.stat().st_size
