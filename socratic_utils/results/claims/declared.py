"""The papers' claims as code, each with the paper's numbers and the arms that test it.

>>> claim = CLAIMS["iterative beats CoT"]
>>> published(claim)[0]
('GSM8K', 'GPT-2 Small', ['4.70', '5.98'])
>>> weights(claim, Run(), {"cot", "gt_steps", "socratic_iterative"})
{'socratic_iterative': 1.0, 'cot': -1.0}
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..papers import paper_table
from ..papers.socratic_cot import SOCGT

NUMBER = r"-?\d+\.?\d*$"


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper and the contrast of arms that tests it: see declared.toml.
    A name in `plus` or `minus` may hold {least}, {most} and {count} chains per problem,
    the {part} of the training problems, and {socgt}, the arms that are SocGT."""

    name: str
    paper: str
    sentence: str
    plus: Sequence[str]
    source: str
    run: str
    caveat: str = ""
    minus: Sequence[str] = ()
    experiment: str = ""
    equal: bool = False
    changed: bool = False
    trained: bool = True
    sampled: bool = False  # needs several chains per problem of one teacher
    table: str = ""
    cells: Mapping[str, Any] = field(default_factory=dict)
    # Our choice: well below the gains that the papers' relative gains would be here.
    margin: float = 0.05


@dataclass(frozen=True)
class Run:
    """What the arms' names and the problems of the claims depend on in a run."""

    dataset: str = "gradeschool"
    split: str = "test"
    kind: str = "number"  # of the answers that vote
    counts: tuple[int, ...] = (1, 2, 4, 8)  # chains per problem
    share: float = 0.5  # of the training problems, for {part}
    base_of: Mapping[str, str] = field(default_factory=dict)  # `bases`
    command: str = "./run_all.sh"


DECLARED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CLAIMS = {name: Claim(name, **fields) for name, fields in DECLARED.items()}


def published(claim: Claim) -> list[tuple[str, str, list[str]]]:
    """(benchmark, model, values as printed) of a claim; none if they are only drawn."""
    if not claim.table:
        return []
    table, name, wanted, found = paper_table(claim.table, str), "", [], []
    for column, cells in claim.cells.items():
        if isinstance(cells, str):
            table = table[table[column] == cells]
        else:
            name, wanted = column, [cell.split(" | ") for cell in cells]
    if name in table:  # the values are in rows: turned, they are in columns
        table = table.set_index(name).T.rename_axis("dataset").reset_index()
    for line in table.to_dict("records"):
        values = [[line[c] for c in cells if re.match(NUMBER, str(line[c]))]
                  for cells in wanted]  # fmt: skip
        if all(values):
            found.append((line["dataset"], line.get("student_model", ""),
                          [own[0] for own in values]))  # fmt: skip
    return found


def evidence(claim: Claim) -> str:
    """Where the paper reports a claim, with its values in percent."""
    found = defaultdict(list)
    for benchmark, _, values in published(claim):
        found[benchmark].append(" to ".join(values))
    texts = (f"{name} {', '.join(values)}" for name, values in found.items())
    cells = next((own for own in claim.cells.values() if not isinstance(own, str)), ())
    where = f"{claim.source} ({', '.join(cells)})" if cells else claim.source
    return f"{where}: {'; '.join(texts) or 'drawn, without numbers'}"


def statements(paper: str) -> pd.DataFrame:
    """The claims of a paper in our words, with its evidence in percent."""
    return pd.DataFrame(
        {"claim": claim.name, "in our words": claim.sentence,
         "in the paper (%)": evidence(claim)}
        for claim in CLAIMS.values() if claim.paper == paper)  # fmt: skip


def names_of(claim: Claim, run: Run) -> tuple[list[str], list[str]]:
    """The arms of both sides in a run, the alternatives of each separated by " | "."""
    words = {
        "least": f"{run.counts[0]:02d}", "most": f"{run.counts[-1]:02d}",
        "part": f"{round(100 * run.share):03d}",
        "socgt": " | ".join(SOCGT.get(run.dataset, SOCGT["gsm8k"]))}  # fmt: skip
    return tuple(
        [name.format(count=f"{count:02d}", **words) for name in side
         for count in (run.counts if "{count}" in name else run.counts[:1])]
        for side in (claim.plus, claim.minus))  # fmt: skip


def weights(claim: Claim, run: Run, have: Collection[str]) -> dict[str, float]:
    """Arm -> weight in the contrast; empty where an arm is not among those we `have`.
    The weights of a trend make it the gain from the fewest to the most chains on a line
    over the logarithm of their number."""
    plus, minus = (
        [next((arm for arm in name.split(" | ") if arm in have), "") for name in side]
        for side in names_of(claim, run)
    )
    one = not minus and len(plus) < 2  # no trend
    if "" in (*plus, *minus) or {*plus} & {*minus} or one:
        return {}
    if not minus:
        x = np.log(run.counts) - np.log(run.counts).mean()
        return dict(zip(plus, (x / (x @ x) * (x[-1] - x[0])).tolist(), strict=True))
    shares = dict.fromkeys(plus, 1 / len(plus)), dict.fromkeys(minus, -1 / len(minus))
    return shares[0] | shares[1]
