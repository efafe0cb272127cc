"""Problems, steps and chains, and their JSON Lines files.

A `Problem` is what a benchmark asks; its `steps` are the gold Socratic steps where
the benchmark has them.  A `Chain` is what a teacher wrote about one problem.  Both
are plain frozen dataclasses, so that a row on disk and an object in a notebook are
the same thing:

    {"id": "gradeschool-train-0000", "dataset": "gradeschool", "split": "train",
     "text": "Mia buys 3 bags of 4 apples ...", "answer": "12", "kind": "number",
     "steps": [{"question": "How many ...?", "solution": "She buys 3 * 4 = 12 apples.",
                "answer": "12"}], "choices": [], "extra": {"family": "shopping"}}

Not covered here: how a problem is asked (`prompts`) or taught (`transcripts`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

KINDS = ("number", "yes_no", "choice")
LETTERS = "abcdefghijklmnopqrstuvwxyz"  # of choices


@dataclass(frozen=True)
class Step:
    """One Socratic step: a sub-question, its solution sentence, its answer."""

    question: str
    solution: str
    answer: str

    def __post_init__(self) -> None:
        _need_text(self, "question", "solution", "answer")


@dataclass(frozen=True)
class Problem:
    """One problem of a benchmark; `kind` says how its answer is compared."""

    id: str
    dataset: str
    split: str
    text: str
    answer: str
    kind: str = "number"
    steps: tuple[Step, ...] = ()
    choices: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, not {self.kind!r}")
        _need_text(self, "id", "dataset", "split", "text", "answer")
        if isinstance(self.choices, str):
            raise TypeError(f"choices must be a list, not {self.choices!r}")
        if not self.text.strip():
            raise ValueError(f"problem {self.id!r} has an empty text")
        object.__setattr__(self, "steps", _steps(self.steps))
        object.__setattr__(self, "choices", tuple(self.choices))
        letters = tuple(LETTERS[: len(self.choices)])
        if self.kind == "choice" and self.choices and self.answer not in letters:
            raise ValueError(
                f"problem {self.id!r}: the answer {self.answer!r} is no letter of its "
                f"{len(letters)} choices: give one of {', '.join(letters)}"
            )


@dataclass(frozen=True)
class Chain:
    """One chain that `source` (a teacher, or "gold") wrote about a problem.

    `answer` is the chain's own final answer, right or wrong, or None when the text
    could not be parsed.  `sample` counts repeated samples of one problem from 0;
    `logprob` is the summed log-likelihood of its `tokens` tokens where the endpoint
    gives it; `text` is the raw reply, kept so that parsing can be redone offline.
    """

    problem_id: str
    style: str
    steps: tuple[Step, ...]
    answer: str | None
    source: str
    sample: int = 0
    logprob: float | None = None
    text: str = ""
    tokens: int | None = None

    def __post_init__(self) -> None:
        _need_text(self, "problem_id", "style", "source", "text")
        if self.answer is not None:
            _need_text(self, "answer")
        object.__setattr__(self, "steps", _steps(self.steps))


def problem_text(problem: Problem) -> str:
    """The problem as teacher and student read it, its choices lettered."""
    choices = zip(LETTERS, problem.choices, strict=False)
    return " ".join([problem.text, *(f"({letter}) {text}" for letter, text in choices)])


def gold_chain(problem: Problem) -> Chain:
    """The benchmark's own steps as a chain (P1's ground-truth steps)."""
    return Chain(problem.id, "socratic", problem.steps, problem.answer, "gold")


def sub_questions(problem: Problem) -> list[str]:
    """The benchmark's own sub-questions: of its steps, or those that stand apart.

    StrategyQA's are not aligned with its facts (PAPERS.md 1.5).
    """
    own = [step.question for step in problem.steps if step.question]
    return own or list(problem.extra.get("sub_questions", ()))


def _need_text(item: Any, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(item, name), str):
            raise TypeError(f"{name} must be a string, not {getattr(item, name)!r}")


def _steps(values: Iterable[Any]) -> tuple[Step, ...]:
    return tuple(v if isinstance(v, Step) else Step(**v) for v in values)


# --- JSON Lines -------------------------------------------------------------------

Row = TypeVar("Row", Problem, Chain)


def save_jsonl(path: str | Path, items: Iterable[Problem | Chain | dict]) -> Path:
    """Write one JSON object a line, whole or not at all; `.gz` is compressed."""
    from .files import write_atomic

    rows = (item if isinstance(item, dict) else asdict(item) for item in items)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    data = text.encode()
    if str(path).endswith(".gz"):
        data = gzip.compress(data, mtime=0)  # mtime=0: same rows, same bytes
    return write_atomic(path, data)


def load_jsonl(path: str | Path, cls: type[Row]) -> list[Row]:
    """Read a file of `Problem`s or `Chain`s.

    Raises ValueError that names the file and the line of the first bad row, and
    FileNotFoundError when there is no such file.
    """
    known = {f.name for f in fields(cls)}
    items: list[Row] = []
    for number, row in read_rows(path):
        try:
            unknown = set(row) - known
            if unknown:
                raise ValueError(f"unknown fields {sorted(unknown)}")
            items.append(cls(**row))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{path}, line {number}: not a {cls.__name__}: {error}"
            ) from None
    return items


def read_rows(path: str | Path) -> Iterator[tuple[int, dict]]:
    """Yield (line number, JSON object) of a JSON Lines file, `.gz` or plain.

    Raises ValueError that names the file and the line which is damaged or no object.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    with opener(path, "rb") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, json_object(line, f"{path}, line {number}")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(
                f"{path}, after line {number}: damaged or cut off ({error})"
            ) from None


def json_object(line: bytes, where: str) -> dict:
    """A line's JSON object; ValueError that says where it is broken or none.

    Brackets in brackets without end are a RecursionError of `json`, and broken too.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError(f"{where}: not a JSON object")
    return row
