"""Where published files are: the folder that SOCRATIC_DATA_DIR names."""

from __future__ import annotations

import os
from pathlib import Path

from ..problems import read_rows

VARIABLE = "SOCRATIC_DATA_DIR"


def local_file(*parts: str) -> Path | None:
    """The file under SOCRATIC_DATA_DIR, or None when the variable is not set.

    Raises FileNotFoundError when the variable is set but the file is not there.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    path = Path(folder).joinpath(*parts)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist: put the published file there, or unset {VARIABLE} "
            f"to download it from the Hugging Face hub"
        )
    return path


def read_local(path: Path) -> list[dict]:
    """The rows of a published JSON Lines file."""
    return [row for _, row in read_rows(path)]
