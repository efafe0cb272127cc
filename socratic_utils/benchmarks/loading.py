"""Read published files from a folder or the web; damaged rows are named in a sentence.

With SOCRATIC_DATA_DIR=/d, `local_file("gsm8k", "test.jsonl")` is /d/gsm8k/test.jsonl;
without it `hub_rows` downloads.  Choices keep their published order and are lettered
from "a", whatever their labels were, as `problem_text` shows them.
"""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socratic_utils import files
from socratic_utils.problems import LETTERS, Problem

DATA_VARIABLE = "SOCRATIC_DATA_DIR"
SENTIMENTS = ((0, "negative"), (1, "positive"))  # labels on the hub and in SCoTD
LABELS = {"negative": 0, "positive": 1, "0": 0, "1": 1}  # labels in files
GITHUB = "https://raw.githubusercontent.com"
PLACE = f"put the published files into the folder that {DATA_VARIABLE} names"
ADVICE = f"connect to the network, or {PLACE}"
REMEDY = f"unset {DATA_VARIABLE} to download it from the Hugging Face hub"


def local_file(*parts: str) -> Path | None:
    """A file below SOCRATIC_DATA_DIR, or FileNotFoundError; None if that is not set."""
    if not (folder := os.environ.get(DATA_VARIABLE)):
        return None
    path = Path(folder, *parts)
    if not path.is_file():
        fault = f"{path} does not exist: put the published file there, or {REMEDY}"
        raise FileNotFoundError(fault)
    return path


def downloaded_file(url: str) -> Path:
    """A file from the web, downloaded once to the hub's cache, or FileNotFoundError."""
    import httpx2
    from huggingface_hub.constants import HF_HOME

    name = url.rpartition("/")[2]
    path = Path(HF_HOME) / "socratic-cot" / files.content_hash(url) / name

    def download() -> Path:
        if os.environ.get("HF_HUB_OFFLINE") == "1":
            raise OSError("HF_HUB_OFFLINE is set")
        reply = httpx2.get(url, follow_redirects=True, timeout=60.0).raise_for_status()
        if reply.content.lstrip()[:1] == b"<":  # of a hotel's or a firm's network
            raise OSError("a web page came in its place")
        return files.write_atomic(path, reply.content)

    return path if path.exists() else files.downloaded(url, ADVICE, download)


def hub_rows(hub_id: str, revision: str, *splits: str, name: str = "") -> list[dict]:
    """The rows of a data set on the hub, FileNotFoundError, or ValueError if damaged.
    `load_dataset(hub_id)` would take another revision where only that one is cached."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    folder = files.hub_folder(hub_id, revision, "dataset", ADVICE)
    try:
        parts = [load_dataset(str(folder), name or None, split=s) for s in splits]
    except (DatasetsError, ValueError) as error:
        again = f"delete {folder.parents[1]} to download it again"
        fault = f"{hub_id} cannot be read ({files.one_line(error)}): {again}"
        raise ValueError(fault) from None
    return [row for part in parts for row in part]


def read_lines(path: Path, *fields: str, texts: tuple[str, ...] = ()) -> list[dict]:
    """The rows of a JSON Lines file; ValueError if one lacks a field or a text."""
    return _with_fields([row for _, row in files.read_rows(path)], path, fields, texts)


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


def choice_problem(
    dataset: str, split: str, id: str, stem: str, choices: Sequence[tuple[Any, str]],
    key: Any, extra: dict | None = None,
) -> Problem:  # fmt: skip
    """`choices` are (label, text) pairs, `key` the right one's label, or ValueError."""
    id, labels = f"{dataset}-{id}", [label for label, _ in choices]
    if key not in labels:
        raise ValueError(f"{id}: no gold answer, answerKey {key!r} is none of {labels}")
    return Problem(
        id, dataset, split, stem.strip(), LETTERS[labels.index(key)], kind="choice",
        choices=tuple(text.strip() for _, text in choices), extra=extra or {},
    )  # fmt: skip


def question_problems(
    dataset: str, split: str, file: str, hub: tuple[str, str], stem: str, name: str = ""
) -> list[Problem]:
    """Questions in AI2's layout, or the hub's, which calls the text `stem`.  {"id",
    "answerKey", "question": {"stem", "choices": [{"label", "text"}]}}.  ValueError
    names a row it cannot read."""
    if path := local_file(dataset, file):
        rows = read_lines(path, "id", "question")
    else:
        rows = hub_rows(*hub, split, name=name)
    problems = []
    for row in rows:
        if path:
            id, question = f"{dataset}-{row['id']}", row["question"]
            text, pairs = field_of(question, "stem", id), _pairs(question, id)
        else:
            text, both = row[stem], row["choices"]
            pairs = list(zip(both["label"], both["text"], strict=True))
        key = row.get("answerKey")
        problems.append(choice_problem(dataset, split, row["id"], text, pairs, key))
    return problems


def _pairs(question: dict, id: str) -> list[tuple]:
    if not isinstance(choices := question.get("choices"), list):
        fault = f"its 'choices' are no list of labels and texts but {choices!r:.60}"
        raise ValueError(f"{id}: {fault}: correct it, or take the published file")
    return [tuple(field_of(choice, f, f"{id}, choice {n}") for f in ("label", "text"))
            for n, choice in enumerate(choices, 1)]  # fmt: skip


def review_problem(
    dataset: str, split: str, id: str, text: str, label: Any, extra: dict | None = None
) -> Problem:
    """A review that is negative (or 0) or positive (1), or else ValueError."""
    plain = " ".join(text.replace("<br />", " ").split())
    stem = f"{plain} Is this review negative or positive?"
    key = LABELS.get(str(label).strip().lower(), label)
    return choice_problem(dataset, split, id, stem, SENTIMENTS, key, extra)
