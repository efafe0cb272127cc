"""One file per judge, which people may edit: written line by line, read with care.

    {"judge": "anna", "kind": "person", "dataset": "gradeschool", "first": "before",
     "second": "cot", "problem": "gradeschool-test-0000", "texts": "0123456789",
     "left": "cot", "preferred": "cot", "both_correct": false, "seconds": 9.5}

`texts` is a hash of the two chains; `preferred` is "same" if the judge cannot tell.
Files of several machines are merged by copying them into one folder.
"""

import re
import time
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from unicodedata import normalize

from socratic_utils.files import json_object, visible, write_jsonl_rows

from .pairs import Pair

CHOICES = ("left", "right", "same")
KEY = ("first", "second", "problem", "texts")  # as `Pair.key`
judgement_key = itemgetter(*KEY)


def read_judgements(folder: str | Path, judge: str = "*") -> list[dict]:
    """The judgements in the files of a folder (or of one judge), left unchanged;
    ValueError for an invalid line, and for a pair that is judged twice."""
    found: dict[tuple, tuple[str, dict]] = {}
    for path in sorted(Path(folder).glob(f"{judge}.jsonl")):
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                row, where = _judgement(line, path.stem), f"{path.name}, line {number}"
                key = (row["judge"], *judgement_key(row))
                first, _ = found.setdefault(key, (where, row))
                if first != where:
                    raise ValueError(f": its pair is judged in {first} already")
            except ValueError as error:
                fault = f"{path}, line {number} is not a judgement{error}"
                advice = "correct or delete this line; the others are kept"
                raise ValueError(visible(f"{fault}: {advice}")) from None
    return [row for _, row in found.values()]


def judgements_of(pairs: Sequence[Pair], rows: Sequence[dict]) -> list[dict]:
    """The judgements of exactly these pairs; prints how many are of other chains."""
    keys = {pair.key for pair in pairs}
    found = [row for row in rows if judgement_key(row) in keys]
    if others := len(rows) - len(found):
        print(f"{others} judgements are of other chains than these and are skipped")
    return found


def _judgement(line: bytes, judge: str) -> dict:
    """The judgement in a line of a judge's file; ValueError (": why") if invalid."""
    row, judge = json_object(line, ""), normalize("NFC", judge)  # one way to write ü
    row["kind"] = str(row.get("kind")).strip().lower()  # "Person" is harmless
    sources = [row.get("first"), row.get("second")]
    if sources[0] == sources[1]:
        raise ValueError(f": {sources[0]!r} is compared with itself")
    choices = {"judge": [judge], "kind": ["person", "model"], "left": sources,
               "preferred": [*sources, "same"]}  # fmt: skip
    types = {**dict.fromkeys(("dataset", *KEY), str), "both_correct": bool,
             "seconds": (int, float)}  # fmt: skip
    wrong = [name for name in choices if row.get(name) not in choices[name]]
    wrong += [name for name in types if not isinstance(row.get(name), types[name])]
    if wrong:
        raise ValueError(f": its {wrong[0]!r} cannot be {row.get(wrong[0])!r:.60}")
    return row


class Judge:
    """A person or a model at work: the pairs to judge, and the file for the results."""

    def __init__(self, name: str, pairs: Sequence[Pair], folder, kind="person") -> None:
        if not re.fullmatch(r"\w[\w .-]{0,39}", name):
            raise ValueError("a judge's name: 1 to 40 letters, digits, spaces, . or -")
        self.name, self.pairs, self.kind = name, pairs, kind
        self.path = Path(folder) / f"{name}.jsonl"
        self.rows = read_judgements(folder, name)
        self._known, self.started = self._content(), time.monotonic()

    def _content(self) -> bytes:
        return self.path.read_bytes() if self.path.exists() else b""

    @property
    def waiting(self) -> list[Pair]:
        """The pairs that this judge has not judged yet, in their order."""
        done = set(map(judgement_key, self.rows))
        return [pair for pair in self.pairs if pair.key not in done]

    @property
    def last(self) -> Pair | None:
        """The pair of the last judgement; None if it is not among these."""
        key = judgement_key(self.rows[-1]) if self.rows else None
        return next((pair for pair in self.pairs if pair.key == key), None)

    def undo(self) -> None:
        """Delete the last line, so that its pair waits again; ValueError if none."""
        if not self.last:
            raise ValueError(f"{self.name} has no judgement of these pairs to undo")
        self._save(self.rows[:-1])

    def record(self, choice: str, pair: Pair | None = None) -> None:
        """Save a judgement (default: of the next pair); ValueError if that fails."""
        if choice not in CHOICES:
            raise ValueError(f"choose one of {', '.join(CHOICES)}, not {choice!r}")
        if not (waiting := self.waiting):
            raise ValueError(f"{self.name} has judged every pair")
        pair = pair or waiting[0]
        left, right = (side.source for side in pair.sides(self.name))
        row = {
            "judge": self.name, "kind": self.kind, "dataset": pair.dataset,
            **dict(zip(KEY, pair.key, strict=True)), "left": left,
            "preferred": {"left": left, "right": right}.get(choice, choice),
            "both_correct": pair.first.correct and pair.second.correct,
            "seconds": round(time.monotonic() - self.started, 1)}  # fmt: skip
        self._save([*self.rows, row])

    def _save(self, rows: list[dict]) -> None:
        """Replace the file; ValueError if another program has changed it."""
        if self._content() != self._known:
            fault = f"another judge is using the name {self.name}"
            raise ValueError(f"{fault}: continue under another name")
        write_jsonl_rows(self.path, rows)  # a crash leaves no half line
        self.rows = rows
        self._known, self.started = self._content(), time.monotonic()
