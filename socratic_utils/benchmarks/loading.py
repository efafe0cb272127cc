"""Read published files from a folder or the web; damaged rows are named in a sentence.

SOCRATIC_DATA_DIR=/d   local_file("gsm8k", "test.jsonl") -> /d/gsm8k/test.jsonl
(variable not set)     hub_rows("openai/gsm8k", revision, "test", name="main")
"""

import csv
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from socratic_utils.files import content_hash, read_rows, visible, write_atomic

DATA_VARIABLE = "SOCRATIC_DATA_DIR"


def local_file(*parts: str) -> Path | None:
    """A file below SOCRATIC_DATA_DIR, or FileNotFoundError; None if that is not set."""
    if not (folder := os.environ.get(DATA_VARIABLE)):
        return None
    path = Path(folder, *parts)
    if not path.is_file():
        remedy = f"unset {DATA_VARIABLE} to download it from the Hugging Face hub"
        fault = f"{path} does not exist: put the published file there, or {remedy}"
        raise FileNotFoundError(fault)
    return path


def downloaded_file(url: str) -> Path:
    """A file from the web, downloaded once to the hub's cache, or FileNotFoundError."""
    import httpx
    from huggingface_hub.constants import HF_HOME

    path = Path(HF_HOME) / "socratic-cot" / content_hash(url) / url.rpartition("/")[2]
    if not path.exists():
        if os.environ.get("HF_HUB_OFFLINE") == "1":
            raise _not_downloaded(url, OSError("HF_HUB_OFFLINE is set"))
        try:
            reply = httpx.get(url, follow_redirects=True, timeout=60.0)
            write_atomic(path, reply.raise_for_status().content)
        except (httpx.HTTPError, OSError) as error:
            raise _not_downloaded(url, error) from None
    return path


def hub_rows(hub_id: str, revision: str, *splits: str, name: str = "") -> list[dict]:
    """The rows of a data set on the hub, or FileNotFoundError."""
    from datasets import load_dataset

    load = partial(load_dataset, hub_id, name or None, revision=revision)
    try:
        parts = [load(split=split) for split in splits]
    except OSError as error:  # no network, no such data set, no such revision
        raise _not_downloaded(hub_id, error) from None
    return [row for part in parts for row in part]


def read_lines(path: Path, *fields: str, texts: tuple[str, ...] = ()) -> list[dict]:
    """The rows of a JSON Lines file; ValueError if one lacks a field or a text."""
    return _with_fields([row for _, row in read_rows(path)], path, fields, texts)


def read_array(path: Path, *fields: str, texts: tuple[str, ...] = ()) -> list[Any]:
    """The items of one JSON array; with `fields` or `texts`, objects that have them."""
    try:
        items = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: also invalid UTF-8
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(items, list):
        raise ValueError(f"{path}: not a JSON array")
    return _with_fields(items, path, fields, texts)


def read_table(
    path: Path, *fields: str, quoted: bool = True, delimiter: str = "\t"
) -> list[dict]:
    """The rows of a table; unless `quoted`, quotation marks are part of the text."""
    marks = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter, quoting=marks))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a table ({error})") from None
    complete = [{k: v for k, v in row.items() if v is not None} for row in rows]
    return _with_fields(complete, path, fields)


def field_of(row: Any, field: str, where: str, text: bool = True) -> Any:
    """A field, a string if `text`; ValueError that says where there is none."""
    if not isinstance(row, dict) or field not in row:
        raise ValueError(f"{where}: no field {field!r}")
    if text and not isinstance(row[field], str):
        fault = f"its {field!r} is no text but {row[field]!r:.60}"
        raise ValueError(f"{where}: {fault}: correct it, or take the published file")
    return row[field]


def _with_fields(
    rows: list[Any], path: Path, fields: tuple[str, ...], texts: tuple[str, ...] = ()
) -> list[Any]:
    for number, row in enumerate(rows, 1):
        for name in (*fields, *texts):
            field_of(row, name, f"{path}, row {number}", text=name in texts)
    return rows


def _not_downloaded(what: str, error: Exception) -> FileNotFoundError:
    reason = visible(" ".join(str(error).split()))[:200] or type(error).__name__
    return FileNotFoundError(
        f"{what} cannot be downloaded ({reason}): connect to the network, or put the "
        f"published files into the folder that {DATA_VARIABLE} names"
    )
