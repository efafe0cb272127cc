"""Like beside like: which prediction rows may stand in one table; all pass here."""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pandas as pd

SETUP = ("dataset", "model", "seed", "teacher", "decoding")
OF_PROBLEMS = ("part", "steps_gold", "variant")  # other columns name arms
NO_TEACHER = {"gold", "exemplars", "", "None"}  # no chains of a teacher are learnt


def alike(
    rows: Iterable[dict], names: Sequence[str], paired: Sequence[str] = ()
) -> list[dict]:
    """The rows that one table can hold, whose lines are named by the columns `names`.
    Only the problems that all arms have are kept, with a warning.  `paired` columns
    identify a problem along with its id, such as the seed where seeds are paired.
    ValueError if two arms differ in a column of SETUP that is not named, or have no
    problem in common; if a line has several splits, or a problem twice."""
    rows = list(rows)
    place = ["dataset", "split", *(name for name in names if name in OF_PROBLEMS)]
    unit, arm = [*paired, "id"], [name for name in names if name not in place]
    columns = list(dict.fromkeys([*SETUP, *place, *unit, *arm, "sample"]))
    texts = [[str(row.get(column)) for column in columns] for row in rows]
    table = pd.DataFrame(texts, columns=columns)
    for column in (c for c in SETUP if c not in (*names, *paired)):
        found = {*table[column]} - (NO_TEACHER if column == "teacher" else set())
        if len(found) > 1:
            known = " and ".join(sorted(found))
            raise ValueError(f"rows of {known} are unlike: give one {column} at a time")
    if table.duplicated([*place, *arm, *unit, "sample"]).any():
        raise ValueError(f"a problem was predicted twice for the same {', '.join(arm)}")
    table["arm"] = ["; ".join(line) for line in table[arm].to_numpy()]
    if "split" not in names and (table.groupby(names)["split"].nunique() > 1).any():
        raise ValueError("a line of several splits: give one split at a time")
    having = table.groupby([*place, *unit])["arm"].transform("nunique")
    common = having == table.groupby(place)["arm"].transform("nunique")
    if not common.groupby([table["dataset"], table["split"]]).any().all():
        known = " and ".join(table["arm"].unique())
        raise ValueError(f"{known}: no problem in common, compare them separately")
    if dropped := (~common).sum():
        warnings.warn(f"not the same problems: {dropped} of {len(rows)} rows are of "
                      f"problems that an arm lacks: skipped", stacklevel=3)  # fmt: skip
    return [row for row, keep in zip(rows, common, strict=True) if keep]


def blocks(rows: Iterable[dict]) -> list[list[dict]]:
    """Rows of one split in blocks, each of all students that have the same problems.
    The largest set of problems comes first; a student that has those of a smaller set
    is in its block too, on these problems only."""
    own: dict[str, set] = defaultdict(set)
    for row in (rows := list(rows)):
        own[row["student"]].add(row["id"])
    sets = sorted({frozenset(ids) for ids in own.values()}, key=len, reverse=True)
    return [[row for row in rows if row["id"] in ids <= own[row["student"]]]
            for ids in sets]  # fmt: skip
