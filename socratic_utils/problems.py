"""Problems, steps and chains, and their JSON Lines files.

A `Problem` is one question of a benchmark, with gold Socratic `steps` if there are any;
a `Chain` is a teacher's solution of one.  Their fields are those of their rows on disk:

    {"id": "gradeschool-train-0000", "dataset": "gradeschool", "split": "train",
     "text": "Mia buys 3 bags of 4 apples ...", "answer": "12", "kind": "number",
     "steps": [{"question": "How many ...?", "solution": "She buys 3 * 4 = 12 apples.",
                "answer": "12"}], "choices": [], "extra": {"family": "shopping"}}
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .files import read_rows

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
    """One problem of a benchmark; `kind` decides how answers are compared."""

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
    """A chain that `source` (a teacher, or "gold") wrote for a problem.  `answer` is
    the chain's own final answer, or None if it has none.  `sample` counts the samples
    of a problem from 0; `logprob` is the log-likelihood of all `tokens` tokens, if the
    endpoint reports it; `text` is the raw reply.  Tokens without text are thoughts."""

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
    """The problem with its choices lettered, as teacher and student read it."""
    choices = zip(LETTERS, problem.choices, strict=False)
    return " ".join([problem.text, *(f"({letter}) {text}" for letter, text in choices)])


def gold_chain(problem: Problem) -> Chain:
    """The benchmark's own steps as a chain (ground-truth steps in Socratic CoT)."""
    return Chain(problem.id, "socratic", problem.steps, problem.answer, "gold")


def sub_questions(problem: Problem) -> list[str]:
    """The benchmark's own sub-questions; StrategyQA's are not those of its steps."""
    own = [step.question for step in problem.steps if step.question]
    return own or list(problem.extra.get("sub_questions", ()))


def _need_text(item: Any, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(item, name), str):
            raise TypeError(f"{name} must be a string, not {getattr(item, name)!r}")


def _steps(values: Iterable[Any]) -> tuple[Step, ...]:
    return tuple(v if isinstance(v, Step) else Step(**v) for v in values)


def load_jsonl(path: str | Path, cls: type) -> list[Any]:
    """Read `Problem`s or `Chain`s; ValueError names the line of the first bad row."""
    known, items = {f.name for f in fields(cls)}, []
    for number, row in read_rows(path):
        try:
            if unknown := sorted(set(row) - known):
                raise ValueError(f"unknown fields {unknown}")
            items.append(cls(**row))
        except (TypeError, ValueError) as error:
            where = f"{path}, line {number}"
            raise ValueError(f"{where}: not a {cls.__name__}: {error}") from None
    return items
