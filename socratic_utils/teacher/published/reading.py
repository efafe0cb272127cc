"""Where the published files are, and how their text becomes a `Chain`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from socratic_utils.answers import parse_chain
from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.problems import Chain, Problem


def corpus_file(*parts: str) -> Path:
    """A published file under SOCRATIC_DATA_DIR; FileNotFoundError if it is not there.

    Unlike a benchmark, a corpus of chains is never downloaded.
    """
    folder, name = os.environ.get(DATA_VARIABLE), "/".join(parts)
    if not folder:
        raise FileNotFoundError(
            f"published chains are read from disk only: set {DATA_VARIABLE} to the "
            f"folder that holds {name}"
        )
    path = Path(folder, name)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist: put the published file there, or let "
            f"{DATA_VARIABLE} name the folder that holds {name}"
        )
    return path


def read_chain(
    problem: Problem,
    style: str,
    source: str,
    text: str,
    prepared: str | None = None,
    cut_off: bool = False,
) -> Chain:
    """`text` as a Chain; `prepared` is parsed instead where the raw text cannot be."""
    body = text if prepared is None else prepared
    steps, answer = parse_chain(body, style, problem.kind, cut_off)
    return Chain(problem.id, style, steps, answer, source, text=text)


def text_key(text: str) -> str:
    """A key that copies of a problem share: its words and signs in lower case."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))


class TextIndex:
    """Problems by their text; each problem is taken at most once."""

    def __init__(self, problems: Iterable[Problem], path: Path) -> None:
        self._path = path
        self._left: dict[str, list[Problem]] = defaultdict(list)
        for problem in problems:
            self._left[text_key(problem.text)].append(problem)

    def take(self, text: str) -> Problem:
        """The next problem with this text; ValueError when there is none (left)."""
        left = self._left.get(text_key(text))
        if not left:
            raise ValueError(
                f"{self._path}: {text[:60]!r} is no problem, or one too many"
            )
        return left.pop(0)


def by_id(problems: dict, id: int | str, path: Path) -> Problem:
    """The problem of an id; ValueError when there is none."""
    if id not in problems:
        raise ValueError(f"{path}: no question has the id {id!r}")
    return problems[id]


def same_length(what: str, chains: list, questions: list) -> None:
    """ValueError unless there is one chain for each question."""
    if len(chains) != len(questions):
        raise ValueError(
            f"{what}: {len(chains)} chains for {len(questions)} questions, so the "
            f"files do not belong together"
        )
