"""What the two papers published, and how our scores are set beside it.

    >>> ours = {"student": "cot", "accuracy": 0.10, "ci_low": 0.08, "ci_high": 0.12}
    >>> compare_with_paper(ours, 0.047)["covered"]
    'no'

`values/` holds the values as printed (accuracies in percent); its columns `ours` and
`note` name our arm for a cell and its caveats.  Values that the papers only draw are
missing, except those of Socratic CoT's Figure 4, which are measured.
"""

from pathlib import Path

import pandas as pd


def paper_table(name: str, dtype: type | None = None) -> pd.DataFrame:
    """A table of a paper by its file in `values/`, such as "socratic_cot_table2".

    With `dtype=str` its values are texts, as printed.
    """
    path = Path(__file__).parent / "values" / f"{name}.csv"
    return pd.read_csv(path, dtype=dtype or {"note": str})


def compare_with_paper(
    ours: dict, value, reason="", note="", score="accuracy", lacks=""
) -> dict:
    """Our line of a table with the columns `paper, difference, covered, note` added.

    `value` is the paper's or None; it is not compared where there is a `reason` not to.
    `covered` says whether our interval (`ci_low`, `ci_high`) holds the value, or which
    share of the paper's problems and seeds is there if our score `lacks` some.
    """
    difference, covered = None, None
    if not reason and value is not None and not pd.isna(ours[score]):
        difference = round(ours[score] - value, 4)
        if lacks:
            covered = f"not judged: {lacks}"
        elif not pd.isna(ours["ci_low"]):
            covered = "yes" if ours["ci_low"] <= value <= ours["ci_high"] else "no"
    columns = {"paper": value, "difference": difference, "covered": covered}
    return {**ours, **columns, "note": reason or note}
