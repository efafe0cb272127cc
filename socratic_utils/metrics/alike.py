"""Like beside like: which prediction rows may stand in one table.

    >>> rows = [{"id": i, "student": s} for s, ids in (("a", "123"), ("b", "23"))
    ...         for i in ids]
    >>> [len(block) for block in blocks(rows)]  # 3 of a; 2 of a and 2 of b
    [3, 4]

Every table of rows passes here.  Not covered: how students were trained; tables that
are read without their rows (`results.tables.over_seeds`, `by_size`).
"""

import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

SETUP = ("dataset", "model", "seed", "teacher", "decoding")
OF_PROBLEMS = ("part", "steps_gold", "grouping", "group")  # other columns name arms
NO_TEACHER = {"gold", "exemplars", "", None}  # where no chains of a teacher are learnt


def alike(
    rows: Iterable[dict], names: Sequence[str], paired: Sequence[str] = ()
) -> list[dict]:
    """The rows that one table can hold, whose lines are named by the columns `names`.

    Only the problems that all arms have are kept, with a warning.  `paired` columns
    identify a problem along with its id, such as the seed where seeds are paired.
    ValueError if two arms differ in a column of SETUP that is not named, or have no
    problem in common; if a line has several splits, or a problem twice.
    """
    rows = list(rows)
    for column in (c for c in SETUP if c not in (*names, *paired)):
        found = {_plain(row.get(column)) for row in rows}
        if len(found - NO_TEACHER if column == "teacher" else found) > 1:
            known = " and ".join(sorted(map(str, found)))
            raise ValueError(f"rows of {known} are unlike: give one {column} at a time")
    where = ["dataset", "split", *(name for name in names if name in OF_PROBLEMS)]
    places = [_key(row, where) for row in rows]
    units = [_key(row, [*paired, "id"]) for row in rows]
    arms = [_key(row, [n for n in names if n not in where]) for row in rows]
    # 1. every line has one split, and every problem once
    lines, samples = [_key(row, names) for row in rows], [r.get("sample") for r in rows]
    splits = {line: place[:2] for line, place in zip(lines, places, strict=True)}
    for line, place in zip(lines, places, strict=True):
        if splits[line] != place[:2]:
            raise ValueError(f"{', '.join(line)}: give one split at a time")
    counts = Counter(zip(lines, units, samples, strict=True))
    for line, _, _ in (key for key, count in counts.items() if count > 1):
        raise ValueError(f"{', '.join(line)}: a problem was predicted twice")
    # 2. the problems that all arms have
    having, present = defaultdict(set), defaultdict(set)
    for place, unit, arm in zip(places, units, arms, strict=True):
        having[place, unit].add(arm)
        present[place].add(arm)
    kept = [row for row, place, unit in zip(rows, places, units, strict=True)
            if having[place, unit] == present[place]]  # fmt: skip
    if {place[:2] for place in places} - {_key(row, where[:2]) for row in kept}:
        who = "; ".join(sorted({", ".join(arm) for arm in arms}))
        raise ValueError(f"{who}: no problem in common, compare them separately")
    if dropped := len(rows) - len(kept):
        warnings.warn(f"not the same problems: {dropped} of {len(rows)} rows are of "
                      f"problems that an arm lacks: skipped", stacklevel=3)  # fmt: skip
    return kept


def blocks(rows: Iterable[dict]) -> list[list[dict]]:
    """Rows of one split in blocks, each of all students that have the same problems.

    The largest set of problems comes first; a student that has those of a smaller set
    is in its block too, on these problems only.
    """
    own: dict[str, set] = defaultdict(set)
    for row in (rows := list(rows)):
        own[row["student"]].add(row["id"])
    sets = sorted({frozenset(ids) for ids in own.values()}, key=len, reverse=True)
    return [[row for row in rows if row["id"] in ids <= own[row["student"]]]
            for ids in sets]  # fmt: skip


def _plain(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _key(row: dict, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in names)
