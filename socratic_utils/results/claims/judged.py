"""The table of claims: what our rows, of one or several seeds, say to each of them.

>>> table = claims_table(rows_of)                       # doctest: +SKIP
>>> print(sentence(table.iloc[0]))                      # doctest: +SKIP
Chains beat answers: +9.4 points (+4.0 to +14.8, n = 300, 5 seeds): holds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import nan
from typing import Any

import pandas as pd

from socratic_utils.metrics import comparison
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.comparison import FEWEST_SEEDS, Comparison, Verdicts
from socratic_utils.metrics.self_consistency import vote_is_right

from ..formats import TEXTS
from .declared import CLAIMS, Claim, Run, evidence, weights

COLUMNS = (
    "claim paper evidence arms split n seeds difference ci_low ci_high p p_holm"
    " least_visible design_effect p_b_above_a verdict note caveat"
).split()
SHOWN = (
    "claim verdict arms difference ci_low ci_high p_holm least_visible n seeds note"
    " caveat"
).split()
MEASURED = COLUMNS[COLUMNS.index("difference") : COLUMNS.index("verdict")]
NOT_RUN, VOTES = "not run", ", votes"
ONE_OR_TWO = {1: "one seed", 2: "two seeds"}


def claims_table(rows_of: Callable, run: Run | None = None) -> pd.DataFrame:
    """One line per claim; `rows_of` gives the rows of an experiment, of all seeds.  A
    claim without rows is "not run", with the command that runs it as its `note`.
    `attrs["caption"]` says what was adjusted and pooled."""
    run = run or Run()
    read = cache(rows_of)  # the main table's are judged with and without `changed`
    by_arm = cache(lambda name, changed: _by_arm(read(name), run, changed))
    # 1. Verdicts of every claim's arms, and of all arms of one table together.
    pools: dict[str, dict[str, Verdicts]] = defaultdict(dict)
    arms = {name: _arms(claim, run, by_arm) for name, claim in CLAIMS.items()}
    for name, (found, _) in arms.items():
        for arm, own in found.items():  # votes are of the same trainings
            pool, arm = pools[_table(CLAIMS[name])], arm.removesuffix(VOTES)
            pool[arm] = max(pool.get(arm, own), own, key=lambda one: len(one.seeds))
    # 2. What is measured of every claim.
    lines, compared = [], {}
    for name, claim in CLAIMS.items():
        line = {"claim": name, "paper": claim.paper, "evidence": evidence(claim),
                "caveat": claim.caveat}  # fmt: skip
        line |= {"p": nan, "note": f"{run.command} {claim.run}", "verdict": NOT_RUN}
        found, lost = arms[name]
        if found:
            signs, pool = weights(claim, run, found), [*pools[_table(claim)].values()]
            values = [*signs.values()], [*found.values()]
            compared[name] = comparison.contrast(*values, pool, claim.trained)
            line |= _values(claim, compared[name], lost)
            line["arms"] = _contrast(signs, claim)
            line["split"] = "changed - original" if claim.changed else run.split
            line["verdict"] = "cannot tell"
        lines.append(line)
    table = pd.DataFrame(lines, columns=COLUMNS)
    # 3. Verdicts; p-values are adjusted over the claims of a paper.
    for _, own in table[table["p"].notna()].groupby("paper"):
        tests = [(compared[name], CLAIMS[name]) for name in own["claim"]]
        adjusted = comparison.holm(own["p"])
        within = comparison.holm([one.p_within(c.margin) for one, c in tests])
        # Holm divides the level by the claims that are not rejected before.
        ranks = own["p"].rank(ascending=False, method="first")
        ranks = ranks.clip(lower=sum(p > comparison.LEVEL for p in adjusted))
        for place, (one, claim), p, same, rank in zip(
            own.index, tests, adjusted, within, ranks, strict=True
        ):
            said = comparison.verdict(one, p, claim.margin, same, claim.equal)
            visible = one.least_visible(comparison.LEVEL / rank)
            visible = nan if claim.equal else visible
            table.loc[place, ["p_holm", "least_visible", "verdict"]] = p, visible, said
    numbers = table[MEASURED].astype(float).map(lambda value: float(f"{value:.4g}"))
    table = table.assign(**numbers)
    how = {"margin": 100 * Claim.margin, "power": 100 * comparison.POWER,
           "unlike": comparison.UNLIKE}  # fmt: skip
    table.attrs["caption"] = TEXTS["claims"].format(seeds=FEWEST_SEEDS, **how)
    return table


def shown(table: pd.DataFrame, paper: str) -> pd.DataFrame:
    """The judged claims of a paper, in columns for readers.  The caption says what most
    of them have in common, and names those that were not run, with the command that
    runs them."""
    own = table[table["paper"] == paper]
    lines = own.loc[own["verdict"] != NOT_RUN, SHOWN]
    parts, notes = [table.attrs["caption"]], Counter(lines["note"])
    for note, count in notes.most_common(1):
        if note and count > 1 and lines["note"].all():
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
    count = line["seeds"]
    seeds = "" if pd.isna(count) else f", {count:.0f} seed{'s' * bool(count > 1)}"
    return line["claim"][:1].upper() + line["claim"][1:], points, seeds


def sentence(line: Mapping[str, Any]) -> str:
    """A line of the table as a sentence, as above."""
    name, (difference, low, high), seeds = in_words(line)
    if line["verdict"] == NOT_RUN:
        return f"{name}: not run ({line['note']})."
    found = f"{difference} points ({low} to {high}, n = {line['n']:.0f}{seeds})"
    return f"{name}: {found}: {line['verdict']}{ending(line)}"


def ending(line: Mapping[str, Any]) -> str:
    """What follows a verdict: of "cannot tell", why and which difference would have
    been detected; then the end of the sentence and the claim's caveat."""
    caveat, seen, why = line["caveat"], "", [line["note"]]
    more = f". Caveat: {caveat}." if isinstance(caveat, str) and caveat else "."
    if line["verdict"] != "cannot tell":
        return more
    if not pd.isna(line["p_holm"]):
        why.append(f"adjusted p = {line['p_holm']:.3f}")
    if not pd.isna(line["least_visible"]):
        visible = f"{100 * line['least_visible']:.1f} points"
        seen = f"; a true difference of {visible} would be detected with 80 % power"
    return f" ({'; '.join(w for w in why if isinstance(w, str) and w)}){seen}{more}"


def _table(claim: Claim) -> str:
    """The table whose arms a claim compares."""
    name = claim.experiment.replace("_", " ") or "main"
    return "changed questions" if claim.changed else name


def _arms(claim: Claim, run: Run, by_arm: Callable) -> tuple[dict[str, Verdicts], list]:
    """Verdicts of a claim's arms on the problems and seeds that all of them have, and
    the seeds that not all have."""
    rows = {**by_arm("", claim.changed), **by_arm(claim.experiment, claim.changed)}
    rows = {arm: rows[arm] for arm in weights(claim, run, rows)}
    shared = set.intersection(*map(set, rows.values())) if rows else set()
    sizes = Counter(seed for seed, _ in shared)
    often = Counter(sizes.values())  # a seed that still runs has fewer than most
    usual = max(often, key=lambda size: (often[size], size), default=0)
    seeds = {seed for seed, size in sizes.items() if size >= usual}
    shared = {key for key in shared if key[0] in seeds}
    counts = Counter(name for _, name in shared)
    keys = [key for key in shared if counts[key[1]] == len(seeds)]
    lost = sorted({seed for own in rows.values() for seed, _ in own} - seeds)
    if not keys:
        return {}, lost
    found = {arm: [own[key] for key in keys] for arm, own in rows.items()}
    names = ["arm", "split", "seed"]
    if any(arm.endswith(VOTES) for arm in found):
        names.append("decoding")
    alike(sum(found.values(), []), names)  # ValueError: of other models or teachers
    return {arm: comparison.verdicts(own) for arm, own in found.items()}, lost


def _by_arm(rows: Iterable[dict], run: Run, changed: bool) -> dict[str, dict]:
    """By arm, one row per (seed, problem): votes are counted; of a changed question,
    the verdict on its original is subtracted."""
    samples: dict[str, dict[tuple, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        share = f"-{round(100 * row['share']):03d}" if "share" in row else ""
        arm = row["student"] + share
        samples[arm][row["seed"], row["id"]].append(row | {"arm": arm})
    found: dict[str, dict] = defaultdict(dict)
    for arm, own in samples.items():
        one = {key: _voted(rows, run.kind) for key, rows in own.items()}
        for (seed, name), row in one.items():
            base = one.get((seed, run.base_of.get(name)))
            if changed and base:
                change = row["correct"] - base["correct"]
                found[arm][seed, name] = row | {"correct": change}
            elif not changed and row["split"] == run.split:
                found[arm][seed, name] = row
    return found


def _voted(rows: Sequence[dict], kind: str) -> dict:
    """The samples of one problem as one row, with the verdict on their vote."""
    first = rows[0]
    if "sample" in first:
        return first | {"correct": vote_is_right(rows, kind)}
    if len(rows) > 1:
        raise ValueError(f"{first['id']} has two rows of {first['arm']} and one seed")
    return first


def _contrast(signs: Mapping[str, float], claim: Claim) -> str:
    if not claim.minus:
        return f"trend over {', '.join(signs)}"
    sides = [[arm for arm in signs if signs[arm] * sign > 0] for sign in (1, -1)]
    words = ("mean of " * (len(side) > 1) + ", ".join(side) for side in sides)
    return " against ".join(words)


def _values(claim: Claim, found: Comparison, lost: Sequence[int]) -> dict[str, Any]:
    """The columns that are measured, and the note; `p` is of equivalence where that is
    the claim, and NaN where no verdict is given."""
    p, notes = found.p_value, []
    if claim.equal and p == p:
        p = found.p_within(claim.margin)
    if not claim.trained:
        notes.append("one teacher, greedy decoding: nothing is trained")
    elif found.seeds < FEWEST_SEEDS:
        notes.append(f"{ONE_OR_TWO[found.seeds]}: a comparison of checkpoints")
    elif not found.error:
        p, same = nan, "the arms are equally often right on every problem"
        notes.append("nothing varies" if found.difference else same)
    if lost:
        which = f"seed{'s' * (len(lost) > 1)} {', '.join(map(str, lost))}"
        notes.append(f"without {which}, whose rows are incomplete")
    return {
        "n": found.n, "seeds": found.seeds if claim.trained else nan, "p": p,
        "difference": found.difference, "ci_low": found.low, "ci_high": found.high,
        "design_effect": found.design_effect, "note": "; ".join(notes),
        "p_b_above_a": found.b_wins if p == p and claim.trained else nan}  # fmt: skip
