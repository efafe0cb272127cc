"""Which of two chains reads better?  Pairs, the judges' files, and what they say.

P2 asks people (section 5, Fig 8): two chains of one problem side by side, nobody told
whose they are.  What is compared are two sources (a student before and after, a student
and the teacher) over the same problems; each judge sees the sides in an order of their
own, and every click is a line on disk before the next pair is shown:

    chains = sides_of_chains(problems, chains)
    pairs = make_pairs(sides(cot_rows), chains, problems)
    judge = Judge("anna", pairs, folder)
    judge.say("left")
    preferences(read_judgements(folder))

Lines of several machines are merged by putting their files into one folder
(`judgements` reads them); `about` leaves out those on other texts (of students that
were trained anew, say).  `kind` is "person", or "model" where a language model judged
(`judging_model`).

Not covered: payment, a checked time of work, more than two chains at a time.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from socratic_utils.files import content_hash
from socratic_utils.problems import Chain, Problem, problem_text
from socratic_utils.students.transcript import segments

from .judgements import (
    JudgingError,
    is_cut_off,
    judgement_key,
    read_file,
    read_judgements,
)

# Notebooks know one module of judging; these are in `judgements`.
__all__ = [
    "CHOICES", "Judge", "JudgingError", "Pair", "Side", "about", "make_pairs",
    "read_judgements", "sides", "sides_of_chains",
]  # fmt: skip

CHOICES = ("left", "right", "same")
PAIRS = 20  # some 10 minutes of a person's time
NAME = re.compile(r"[\w][\w .-]{0,39}")


@dataclass(frozen=True)
class Side:
    """One chain: who wrote it, its lines, and whether its answer is right."""

    source: str
    text: str
    correct: bool


@dataclass(frozen=True)
class Pair:
    """Two chains of one problem, in no particular order on the screen."""

    problem_id: str
    dataset: str
    problem: str
    first: Side
    second: Side

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a judgement is about: two sources, a problem, and the very texts."""
        texts = content_hash([self.first.text, self.second.text])
        return self.first.source, self.second.source, self.problem_id, texts

    @property
    def both_correct(self) -> bool:
        """Whether the answers give no reason to prefer one of the two."""
        return self.first.correct and self.second.correct

    def sides(self, judge: str) -> tuple[Side, Side]:
        """Left and right: drawn for each judge and pair, the same at every visit."""
        ordered = (self.first, self.second)
        swapped = random.Random(f"{judge} {self.key}").random() < 0.5
        return ordered[::-1] if swapped else ordered


def sides(rows: Sequence[dict], source: str = "") -> dict[str, Side]:
    """Problem id -> what a student wrote, of prediction rows."""
    return {
        row["id"]: Side(source or row["student"], row["output"], row["correct"])
        for row in rows
    }


def sides_of_chains(
    problems: Sequence[Problem], chains: Sequence[Chain], source: str = "teacher"
) -> dict[str, Side]:
    """Problem id -> a teacher's chain, in the very form that students write.

    A chain without steps or answer is left out.
    """
    from socratic_utils.filtering.right_answers import KEPT, judge

    by_id = {problem.id: problem for problem in problems}
    found = {}
    for chain in chains:
        problem = by_id[chain.problem_id]
        if chain.steps and chain.answer:
            lines = [s.text for s in segments(problem, chain) if s.role != "problem"]
            right = judge(problem, chain) == KEPT
            found[problem.id] = Side(source, "\n".join(lines), right)
    return found


def make_pairs(
    first: Mapping[str, Side],
    second: Mapping[str, Side],
    problems: Sequence[Problem],
    count: int | None = PAIRS,
    seed: int = 0,
    both_correct: bool = False,
) -> list[Pair]:
    """`count` problems that both have, drawn at random (None: all of them).

    Chains that are word for word the same are left out: there is nothing to judge.
    Raises ValueError where no pair is left.
    """
    pairs = [
        Pair(p.id, p.dataset, problem_text(p), first[p.id], second[p.id])
        for p in problems
        if p.id in first and p.id in second and first[p.id].text != second[p.id].text
    ]
    if both_correct:
        pairs = [pair for pair in pairs if pair.both_correct]
    if not pairs:
        raise ValueError("no problem has two different chains to compare")
    random.Random(seed).shuffle(pairs)
    return pairs[:count]


@dataclass
class Judge:
    """A person (or a model) at work: what is to be judged, and the file it goes to."""

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
        self.done: set[tuple] = set()
        self._size = 0
        if self.path.exists():
            self.done = {judgement_key(row) for row in read_file(self.path)}
            self._mend()

    def _mend(self) -> None:
        """Put what a crash left of a last line aside, so that ours begins a line."""
        data = self.path.read_bytes()
        _, _, torn = data.rpartition(b"\n")
        if torn and not is_cut_off(torn):
            with self.path.open("ab") as file:
                file.write(b"\n")  # an editor dropped the line's end
        elif torn:
            aside = self.path.with_suffix(f".{content_hash(str(torn), 6)}.cut")
            aside.write_bytes(torn)
            os.truncate(self.path, len(data) - len(torn))
            print(f"{self.path}: the last line was cut off, and is set aside")
        self._size = self.path.stat().st_size

    @property
    def waiting(self) -> list[Pair]:
        """Pairs without a judgement of this judge, in their order."""
        return [pair for pair in self.pairs if pair.key not in self.done]

    def shown(self) -> tuple[Pair, Side, Side] | None:
        """The next pair with its left and right side; None when all are judged."""
        if not self.waiting:
            return None
        pair = self.waiting[0]
        return (pair, *pair.sides(self.name))

    def say(self, choice: str) -> None:
        """Judge the pair that is shown; it is on disk when this returns.

        Raises JudgingError on another choice, when nothing is left, and when somebody
        else has written to the file: another judge of the same name.
        """
        if choice not in CHOICES:
            raise JudgingError(f"choose one of {', '.join(CHOICES)}, not {choice!r}")
        shown = self.shown()
        if shown is None:
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
        self._append(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self.done.add(pair.key)
        self.started = time.monotonic()

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() != self._size:
                raise JudgingError(
                    f"somebody else judges as {self.name}: what both said is kept, go "
                    f"on under another name"
                )
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            self._size = file.tell()


def about(rows: Sequence[dict], pairs: Sequence[Pair]) -> list[dict]:
    """The judgements of these very pairs; how many are of others is printed."""
    keys = {pair.key for pair in pairs}
    found = [row for row in rows if judgement_key(row) in keys]
    if others := len(rows) - len(found):
        print(f"{others} judgements are of other chains than these, and left out")
    return found
