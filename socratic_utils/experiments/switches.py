"""The table of notebook 06: every switch beside the setting that it changes.

    >>> line("cot, calculator", {"a": True, "b": True}, {"a": True, "b": False})[
    ...     "only_here"]
    1

The switches of P1 are `ablations`.  Those of P2 change a student of many chains: its
pool is flat or balanced, and its checkpoint is chosen on held-back or on the reported
problems (PAPERS.md 2.4).  Notebooks 10 and 13 make their rows; here those on disk are
read, so that nobody pays for thirty chains a problem to see what a calculator does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.metrics import accuracy, paired
from socratic_utils.results.papers import scotd as second_paper

from . import checkpoints as selection
from . import many_chains
from . import stages as experiments
from .ablations import ABLATIONS, Ablation, problems_of


def compare(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """A line a switch: accuracy, and pair by pair against the default.

    `rows` are those of the ablations.  `default_accuracy` is that of the default on the
    same problems, `only_default` and `only_here` count the problems that one of the two
    alone solves, `p_value` is exact and not corrected for the number of lines.
    """
    table = []
    for ablation in ABLATIONS:
        own = [row for row in rows if row["student"] == ablation.name]
        if own:
            base = default_rows(settings, ablation)
            table.append(line(ablation.name, verdicts(own), verdicts(base)))
    return pd.DataFrame([*table, *of_many_chains(settings)])


def default_rows(settings: Settings, ablation: Ablation) -> list[dict]:
    """Rows of the student it changes, on the same problems."""
    asked = problems_of(settings)
    ids = {problem.id for problem in asked}
    rows = experiments.score(settings, ablation.default, asked[0].split)
    return [row for row in rows if row["id"] in ids]


def of_many_chains(settings: Settings) -> Iterator[dict[str, Any]]:
    """The lines of P2's switches, once notebooks 10 and 13 have made their rows."""
    split = problems_of(settings)[0].split
    other, most = many_chains.other_way(settings), many_chains.most(settings)
    base, own = (
        verdicts(second_paper.on_disk(settings, many_chains.FOLDER, f"-{split}-{n}."))
        for n in (most, other)
    )
    if own and own.keys() == base.keys():
        yield line(f"many chains, {other.removeprefix('pool_')} pool", own, base)
    looked = second_paper.on_disk(settings, selection.FOLDER)
    if looked:
        chosen = selection.choices(looked)["step"].tolist()
        base, own = (verdicts(selection.reported(looked, s)) for s in chosen[:2])
        yield line("cot, checkpoint chosen on the reported problems", own, base)


def verdicts(rows: Sequence[dict]) -> dict[str, bool]:
    """Problem id -> whether it was solved."""
    return {row["id"]: row["correct"] for row in rows}


def line(
    setting: str, own: Mapping[str, bool], base: Mapping[str, bool]
) -> dict[str, Any]:
    """A line of the table: verdicts of the changed setting and of the default.

    Both must be of the same problems.
    """
    lost, won, p_value = paired((base[i], own[i]) for i in own)
    return {
        "setting": setting,
        **accuracy({"correct": right} for right in own.values()),
        "default_accuracy": round(sum(base.values()) / len(base), 4),
        "only_default": lost,
        "only_here": won,
        "p_value": p_value,
    }
