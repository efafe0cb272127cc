"""Rows of published data, and one sentence where they are not as published.

A published file is JSON Lines or one JSON array; the suffix does not tell which.

A table is tab-separated, and its first line names the columns.

Not covered: compressed arrays.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from .sources import VARIABLE, downloaded, read_local


def read_lines(path: Path, *fields: str, texts: tuple[str, ...] = ()) -> list[dict]:
    """The rows of a JSON Lines file; ValueError when one lacks a field.

    What `texts` names is there too, and must be text.
    """
    return _with_fields(read_local(path), path, fields, texts)


def read_array(path: Path, *fields: str, texts: tuple[str, ...] = ()) -> list[Any]:
    """The items of one JSON array; with `fields`, objects that have them."""
    try:
        items = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8 is a ValueError too
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(items, list):
        raise ValueError(f"{path}: not a JSON array")
    return _with_fields(items, path, fields, texts) if fields or texts else items


def read_table(
    path: Path, *fields: str, quoted: bool = True, delimiter: str = "\t"
) -> list[dict]:
    """The rows of a tab-separated file; ValueError when one lacks a field.

    Not `quoted`: a quotation mark is part of the text.
    """
    marks = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter, quoting=marks))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no table ({error})") from None
    complete = [{k: v for k, v in row.items() if v is not None} for row in rows]
    return _with_fields(complete, path, fields)


def downloaded_file(url: str) -> Path:
    """A file of the web, fetched once; FileNotFoundError if it is out of reach."""
    try:
        return downloaded(url)
    except OSError as error:
        raise out_of_reach(url, error) from None


def hub_rows(
    hub_id: str, revision: str, *splits: str, name: str | None = None
) -> list[dict]:
    """The rows of a data set on the hub; FileNotFoundError when it is out of reach.

    `name` is its configuration, where it has several.
    """
    from datasets import load_dataset

    try:
        where = (hub_id, name) if name else (hub_id,)
        parts = [load_dataset(*where, split=s, revision=revision) for s in splits]
    except OSError as error:  # no network, no such data set, no such revision
        raise out_of_reach(hub_id, error) from None
    return [row for part in parts for row in part]


def out_of_reach(what: str, error: Exception) -> FileNotFoundError:
    """The error that says what to do when a download fails."""
    reason = " ".join(str(error).split())[:200]
    return FileNotFoundError(
        f"{what} cannot be downloaded ({reason}): connect to the network, or put the "
        f"published files into the folder that {VARIABLE} names"
    )


def text_of(row: Any, field: str, where: str) -> str:
    """A field that must be text; ValueError that says where it is none."""
    if not isinstance(row, dict) or field not in row:
        raise ValueError(f"{where}: no field {field!r}")
    if not isinstance(row[field], str):
        raise ValueError(
            f"{where}: its {field!r} is no text but {row[field]!r:.60}: correct it, or "
            f"take the published file"
        )
    return row[field]


def _with_fields(
    rows: list[Any], path: Path, fields: tuple[str, ...], texts: tuple[str, ...] = ()
) -> list[dict]:
    for number, row in enumerate(rows, 1):
        where = f"{path}, row {number}"
        missing = [f for f in fields if not isinstance(row, dict) or f not in row]
        if missing:
            raise ValueError(f"{where}: no field {missing[0]!r}")
        for name in texts:
            text_of(row, name, where)
    return rows
