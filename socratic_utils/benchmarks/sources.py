"""Where published files are: the folder that SOCRATIC_DATA_DIR names, or the web."""

from __future__ import annotations

import os
from pathlib import Path

from socratic_utils.files import content_hash, write_atomic
from socratic_utils.problems import read_rows

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


def downloaded(url: str) -> Path:
    """A file of the plain web, fetched once into the hub's cache folder.

    Raises OSError where it is out of reach; half a file is never left behind.
    """
    import httpx
    from huggingface_hub.constants import HF_HOME

    path = Path(HF_HOME) / "socratic-cot" / content_hash(url) / url.rpartition("/")[2]
    if not path.exists():
        try:
            reply = httpx.get(url, follow_redirects=True, timeout=60.0)
            reply.raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(str(error) or type(error).__name__) from None
        write_atomic(path, reply.content)
    return path


def read_local(path: Path) -> list[dict]:
    """The rows of a published JSON Lines file."""
    return [row for _, row in read_rows(path)]
