"""What the two papers published, and our scores in the same shape, below theirs.

    >>> printed("socratic_cot_table5").iloc[0].tolist()
    ['GSM8K', 'GPT-2 Small', '2.70', '5.98']

`values/` holds the tables as printed (accuracies in percent); a column `ours` names our
arm of a row.  Values that the papers only draw are missing, except those of Socratic
CoT's Figure 4 and Figure 6, which are measured.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from ..formats import TEXTS, interval

GREY = "grey"  # rows of context
NONE = "–"  # in a cell that a paper does not have
HELD = {"yes": "", "no": "†: the interval does not contain the paper's value"}
COPIED = "GPT-3 6B"  # a row of Table 2 that is copied from Cobbe et al. (2021)


def paper_table(name: str, dtype: type | None = None) -> pd.DataFrame:
    """A table of a paper by its file in `values/`, such as "socratic_cot_table2". With
    `dtype=str` its values are texts, as printed."""
    return pd.read_csv(Path(__file__).parent / "values" / f"{name}.csv", dtype=dtype)


def printed(name: str) -> pd.DataFrame:
    """A table as the paper prints it, without our names of its rows."""
    table = paper_table(name, str).drop(columns="ours", errors="ignore").fillna(NONE)
    table.attrs["caption"] = f"{TEXTS['papers'][name]}, as printed."
    return table


def compare_with_paper(
    ours: Mapping, value: float | None, score: str = "accuracy", lacks: str = ""
) -> dict[str, Any]:
    """Our line of a table with the columns `paper, difference, covered` added.
    `covered` says whether our interval (`ci_low`, `ci_high`) contains the paper's, or
    which share of the paper's problems and seeds is there if ours `lacks` some."""
    difference, covered = None, None
    if value is not None and not pd.isna(ours[score]):
        difference = round(ours[score] - value, 4)
        if lacks:
            covered = f"not judged: {lacks}"
        elif not pd.isna(ours["ci_low"]):
            covered = "yes" if ours["ci_low"] <= value <= ours["ci_high"] else "no"
    return {**ours, "paper": value, "difference": difference, "covered": covered}


def with_ours(name: str, ours: Iterable[Mapping], about: str = "") -> pd.DataFrame:
    """A paper's table as printed, and our scores in rows below the paper's.  A score
    has its `row` (the names in the first columns), `column`, `n` and either a `text` or
    `accuracy, ci_low, ci_high`.  Rows and columns that the paper lacks are added.
    `attrs` has the caption, which says `about` ours, its notes and once for all why
    scores with a `reason` are not compared; their rows are listed in "grey"."""
    ours, table = list(ours), printed(name)
    if not ours:
        table.attrs["only printed"] = True
        return table
    names, rows = [*table.columns[: len(ours[0]["row"])]], defaultdict(dict)
    for score in ours:
        seeds = f", {score['seeds']:.0f} seeds" if score.get("seeds", 1) > 1 else ""
        size = f"ours (n = {score['n']:,.0f}{seeds})"
        shares = (score.get(name) for name in ("accuracy", "ci_low", "ci_high"))
        text = score.get("text") or interval(*shares)
        row = rows[tuple(score["row"]), size, bool(score.get("reason"))]
        row[score["column"]] = text + "†" * (score.get("covered") == "no")
    keys = [tuple(line) for line in table[names].to_numpy()]
    lines = [*zip(range(len(keys)), table.to_dict("records"), strict=True)]
    for (key, size, grey), cells in rows.items():  # below its row, or the last like it
        same = [i for i, other in enumerate(keys) if other == key]
        like = [i for i, other in enumerate(keys) if other[:-1] == key[:-1]]
        label = size if same else f"{key[-1]}: {size}"
        line = dict(zip(names, (*key[:-1], label), strict=True)) | cells | {GREY: grey}
        lines.append(((same or like or [len(keys)])[-1] + 0.5, line))
    made = pd.DataFrame([line for _, line in sorted(lines, key=itemgetter(0))])
    grey = made.pop(GREY).eq(True).to_numpy().nonzero()[0].tolist()
    # "1 chain", "2 chains", ... stand in their order; other columns as they came.
    made = made[sorted(made, key=lambda name: int(re.sub(r"\D.*", "", name) or 0))]
    made = made.fillna(NONE)
    made.attrs |= {GREY: grey, "caption": _caption(TEXTS["papers"][name], ours, about)}
    return made


def _caption(title: str, ours: list[Mapping], about: str) -> str:
    """What the cells are, and once for all what is not compared or not judged."""
    texts = pd.DataFrame(ours, columns=["reason", "covered", "note"]).replace("", None)
    said = {name: texts[name].dropna().unique().tolist() for name in texts}
    parts = [f"{title}, as printed; ours{about} below, with 95 % intervals"]
    if said["reason"]:
        parts.append(f"Ours are not compared: {'; '.join(said['reason'])}")
    parts += [*(HELD.get(text, text) for text in said["covered"]), *said["note"]]
    return ". ".join(part[:1].upper() + part[1:] for part in parts if part) + "."
