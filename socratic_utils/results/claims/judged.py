"""The table of claims: what our rows, of one or several seeds, say to each of them.

>>> table = claims_table(rows_of)                       # doctest: +SKIP
>>> print(sentence(table.iloc[0]))                      # doctest: +SKIP
Chains beat answers: +9.4 points (+4.0 to +14.8, n = 300, 5 seeds): holds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import isnan, nan
from typing import Any

import pandas as pd

from socratic_utils.answers import is_correct
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.comparison import (
    FEWEST_SEEDS,
    POWER,
    Comparison,
    Verdicts,
    contrast,
    equal_variances,
    holm,
    verdict,
    verdicts,
)
from socratic_utils.metrics.self_consistency import majority

from ..formats import TEXTS
from .declared import CLAIMS, Claim, Run, evidence, weights

COLUMNS = (
    "claim paper evidence arms split n seeds difference ci_low ci_high p p_holm"
    " least_visible design_effect p_b_above_a verdict note"
).split()
SHOWN = (
    "claim verdict difference ci_low ci_high p_holm least_visible n seeds note"
).split()
NOT_RUN, VOTES = "not run", ", votes"
ONE_OR_TWO = {1: "one seed", 2: "two seeds"}
RowsOf = Callable[[str], Sequence[dict]]


def claims_table(rows_of: RowsOf, run: Run | None = None) -> pd.DataFrame:
    """One line per claim; `rows_of` gives the rows of an experiment, of all seeds.

    A claim without rows is "not run", with the command that runs it as its `note`.
    `attrs["caption"]` says how variances were pooled, and whether they are equal.
    """
    run = run or Run()
    read = cache(rows_of)  # the main table's are judged with and without `changed`
    by_arm = cache(lambda name, changed: _by_arm(read(name), run, changed))
    # 1. Verdicts of every claim's arms, and of all arms of one table together.
    pools: dict[str, dict[str, Verdicts]] = defaultdict(dict)
    arms = {claim: _arms(claim, run, by_arm) for claim in CLAIMS.values()}
    for claim, found in arms.items():
        for arm, own in found.items():  # votes are of the same trainings
            pools[_table(claim)].setdefault(arm.removesuffix(VOTES), own)
    # 2. Differences; p-values are adjusted over the claims of a paper.
    compared: dict[Claim, Comparison] = {}
    adjusted: dict[Claim, float] = {}
    for paper in dict.fromkeys(claim.paper for claim in CLAIMS.values()):
        own = [c for c in CLAIMS.values() if c.paper == paper and arms[c]]
        for claim in own:
            signs = weights(claim, run, arms[claim]).values()
            pool = pools[_table(claim)].values()
            compared[claim] = contrast(
                [*signs], [*arms[claim].values()], [*pool], claim.trained
            )
        values = holm([_p_value(claim, compared[claim]) for claim in own])
        adjusted |= dict(zip(own, values, strict=True))
    # 3. Lines, and what they have in common.
    lines = []
    for claim in CLAIMS.values():
        line = {"claim": claim.name, "paper": claim.paper, "evidence": evidence(claim)}
        if claim in compared:
            line["arms"] = _contrast(weights(claim, run, arms[claim]), claim)
            line["split"] = "changed - original" if claim.changed else run.split
            line |= _values(claim, compared[claim], adjusted[claim])
        else:
            line |= {"verdict": NOT_RUN, "note": f"{run.command} {claim.run}"}
        lines.append(line)
    table = pd.DataFrame(lines, columns=COLUMNS)
    table.attrs["caption"] = _caption(pools)
    return table


def shown(table: pd.DataFrame, paper: str) -> pd.DataFrame:
    """The judged claims of a paper, in columns for readers.

    The caption says what most of them have in common, and names those that were not
    run, with the command that runs them.
    """
    own = table[table["paper"] == paper]
    lines = own.loc[own["verdict"] != NOT_RUN, SHOWN]
    parts, notes = [table.attrs["caption"]], Counter(lines["note"])
    for note, count in notes.most_common(1):
        if note and count > 1:
            lines["note"] = lines["note"].replace(note, "")
            parts.append(f"If nothing else is noted: {note}.")
    for command, rest in own[own["verdict"] == NOT_RUN].groupby("note", sort=False):
        parts.append(f"Not run: {', '.join(rest['claim'])} ({command}).")
    lines.attrs["caption"] = " ".join(parts)
    return lines


def in_words(line: Mapping[str, Any]) -> tuple[str, list[str], str]:
    """A claim's name with a capital; its difference and the ends of the interval, in
    points; ", 3 seeds", or nothing where nothing is trained."""
    points = [f"{100 * line[c]:+.1f}" for c in ("difference", "ci_low", "ci_high")]
    count, seeds = line["seeds"], ""
    if not pd.isna(count):
        seeds = f", {count:.0f} seed{'s' * bool(count > 1)}"
    return line["claim"][:1].upper() + line["claim"][1:], points, seeds


def sentence(line: Mapping[str, Any]) -> str:
    """A line of the table as a sentence, as above."""
    name, (difference, low, high), seeds = in_words(line)
    if line["verdict"] == NOT_RUN:
        return f"{name}: not run ({line['note']})."
    size, end = f"n = {line['n']:.0f}{seeds}", ""
    if pd.isna(line["p_holm"]):
        end = f" ({line['note']})"
    elif line["verdict"] == "cannot tell":
        visible = 100 * line["least_visible"]
        end = f"; a difference of {visible:.0f} points would have been visible"
    interval = f"{difference} points ({low} to {high}, {size})"
    return f"{name}: {interval}: {line['verdict']}{end}."


def _table(claim: Claim) -> str:
    """The table whose arms a claim compares."""
    name = claim.experiment.replace("_", " ") or "main"
    return "changed questions" if claim.changed else name


def _arms(claim: Claim, run: Run, by_arm: Callable) -> dict[str, Verdicts]:
    """Verdicts of a claim's arms on the problems and seeds that all of them have."""
    rows = {**by_arm("", claim.changed), **by_arm(claim.experiment, claim.changed)}
    rows = {arm: rows[arm] for arm in weights(claim, run, rows)}
    seeds = [{row["seed"] for row in own} for own in rows.values()]
    shared = set.intersection(*seeds) if seeds else set()
    ids = [{row["id"] for row in own if row["seed"] == seed}
           for own in rows.values() for seed in shared]  # fmt: skip
    common = set.intersection(*ids) if ids else set()
    if not common:
        return {}
    rows = {arm: [row for row in own if row["seed"] in shared and row["id"] in common]
            for arm, own in rows.items()}  # fmt: skip
    names = ["arm", "split", "seed"]
    if any(arm.endswith(VOTES) for arm in rows):
        names.append("decoding")
    alike(sum(rows.values(), []), names)  # ValueError: of other models or teachers
    return {arm: verdicts(own) for arm, own in rows.items()}


def _by_arm(rows: Iterable[dict], run: Run, changed: bool) -> dict[str, list[dict]]:
    """One row per seed and problem by arm: votes are counted; of a changed question,
    the verdict on its original is subtracted."""
    samples: dict[str, dict[tuple, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        share = f"-{round(100 * row['share']):03d}" if "share" in row else ""
        arm = row["student"] + share
        samples[arm][row["seed"], row["id"]].append(row | {"arm": arm})
    found = {}
    for arm, own in samples.items():
        one = {key: _voted(rows, run.kind) for key, rows in own.items()}
        if changed:
            pairs = [(row, one.get((row["seed"], run.base_of.get(row["id"]))))
                     for row in one.values()]  # fmt: skip
            found[arm] = [row | {"correct": row["correct"] - base["correct"]}
                          for row, base in pairs if base]  # fmt: skip
        else:
            found[arm] = [row for row in one.values() if row["split"] == run.split]
    return {arm: rows for arm, rows in found.items() if rows}


def _voted(rows: Sequence[dict], kind: str) -> dict:
    """The samples of one problem as one row, with the verdict on their vote."""
    first = rows[0]
    if "sample" in first:
        answer = majority([(row["extracted"], row["logprob"]) for row in rows], kind)
        return first | {"correct": is_correct(answer, first["gold"], kind)}
    if len(rows) > 1:
        raise ValueError(f"{first['id']} has two rows of {first['arm']} and one seed")
    return first


def _p_value(claim: Claim, found: Comparison) -> float:
    """Of the difference, or of equivalence where that is the claim."""
    judged = not isnan(found.p_value)
    return found.p_within(claim.margin) if claim.equal and judged else found.p_value


def _contrast(signs: Mapping[str, float], claim: Claim) -> str:
    if not claim.minus:
        return f"trend over {', '.join(signs)}"
    sides = [[arm for arm in signs if signs[arm] * sign > 0] for sign in (1, -1)]
    words = ("mean of " * (len(side) > 1) + ", ".join(side) for side in sides)
    return " against ".join(words)


def _values(claim: Claim, found: Comparison, p: float) -> dict[str, Any]:
    """The columns that are measured, to 4 digits, with verdict and note."""
    note = ""
    if not claim.trained:
        note = "one teacher, greedy decoding: nothing is trained"
    elif found.seeds < FEWEST_SEEDS:
        note = f"{ONE_OR_TWO[found.seeds]}: a comparison of checkpoints"
    judged = not isnan(p)
    values = {
        "difference": found.difference, "ci_low": found.low, "ci_high": found.high,
        "p": _p_value(claim, found), "p_holm": p, "design_effect": found.design_effect,
        "least_visible": found.least_visible if judged else nan,
        "p_b_above_a": found.b_wins if judged and claim.trained else nan,
    }  # fmt: skip
    return {
        **{name: float(f"{value:.4g}") for name, value in values.items()},
        "n": found.n, "seeds": found.seeds if claim.trained else nan,
        "verdict": verdict(found, p, claim.margin, claim.equal), "note": note,
    }  # fmt: skip


def _caption(pools: Mapping[str, Mapping[str, Verdicts]]) -> str:
    """The caption, with the p-value of equal variances of every table that has one."""
    tested = []
    for name, arms in pools.items():
        several = [own for own in arms.values() if len(own.seeds) >= FEWEST_SEEDS]
        p = equal_variances(several) if len(several) > 1 else nan
        tested += [] if isnan(p) else [f"{name} {p:.2f}"]
    words = f" (p of equal variances: {', '.join(tested)})" if tested else ""
    how = {"margin": 100 * Claim.margin, "power": 100 * POWER, "seeds": FEWEST_SEEDS}
    return TEXTS["claims"].format(tested=words, **how)
