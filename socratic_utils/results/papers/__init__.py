"""What the two papers published, and how our scores are set beside it.

    >>> paper_table("scotd_fig5").columns.tolist()
    ['student', 'original', 'contrast', 'ours']
    >>> ours = {"student": "cot", "accuracy": 0.10, "ci_low": 0.08, "ci_high": 0.12}
    >>> compare_with_paper(ours, 0.047)["covered"]
    'no'

`values/` holds the verified values as printed (accuracies in percent); its columns
`ours` and `note` name our arm that answers to a cell and what to know of it.  For
Socratic CoT's Table 2 the registry of students does (`column_of`).  Numbers that a
paper has only in a drawing are missing, except Socratic CoT's Figure 4: measured.
"""

from pathlib import Path
from typing import Any

import pandas as pd


def paper_table(name: str) -> pd.DataFrame:
    """A table of a paper by its file in `values/`, such as "socratic_cot_table2"."""
    path = Path(__file__).parent / "values" / f"{name}.csv"
    return pd.read_csv(path, dtype={"note": str})


def compare_with_paper(
    ours: dict[str, Any], value: float | None, reason: str = "", note: str = "",
    score: str = "accuracy",
) -> dict[str, Any]:  # fmt: skip
    """Our line of a table with the columns `paper, difference, covered, note` added.

    `value` is the paper's, in the unit of `ours[score]`.  Where there is a `reason` not
    to compare the two, it is the note and there is no difference.  `covered` says
    whether our interval (`ci_low`, `ci_high`) holds the value; empty without interval.
    """
    difference, covered = None, None
    if not reason and value is not None and not pd.isna(ours[score]):
        difference = round(ours[score] - value, 4)
        if not pd.isna(ours["ci_low"]):
            covered = "yes" if ours["ci_low"] <= value <= ours["ci_high"] else "no"
    columns = {"paper": value, "difference": difference, "covered": covered}
    return {**ours, **columns, "note": reason or note}
