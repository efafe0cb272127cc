"""Atomic writes, JSON and JSON Lines, downloads, content hashes and `run.json`.

Files are written under a temporary name and renamed, so that a killed run never leaves
half a file.  Hashes are of meaning (texts and settings), never of source code.
"""

import gzip
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

PACKAGES = ("torch", "transformers", "datasets", "openai", "papermill", "matplotlib")


def project_root() -> Path:
    """The checkout that holds this package and `notebooks/`."""
    return Path(__file__).resolve().parent.parent


def write_atomic(path: str | Path, data: bytes | str) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data.encode() if isinstance(data, str) else data)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_json(path: str | Path, value: Any) -> Path:
    return write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: str | Path, default: Any = None) -> Any:
    """Read JSON, or return `default`; a damaged file is renamed and warned of."""
    path = Path(path)
    if not path.exists():
        return default
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        aside = path.with_suffix(f"{path.suffix}.bad")
        path.replace(aside)
        warnings.warn(f"{path}: {error}; set aside as {aside.name}", stacklevel=2)
        return default


def write_jsonl_rows(path: str | Path, rows: Iterable[Any]) -> Path:
    """Write a dict or dataclass per line as JSON, atomically; `.gz` is compressed."""
    rows = (asdict(row) if is_dataclass(row) else row for row in rows)
    data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()
    if Path(path).suffix == ".gz":
        data = gzip.compress(data, mtime=0)  # mtime=0: same rows, same bytes
    return write_atomic(path, data)


def read_rows(path: str | Path) -> Iterator[tuple[int, dict]]:
    """Yield (line number, JSON object); ValueError names a damaged file and line."""
    number = 0
    with (gzip.open if Path(path).suffix == ".gz" else open)(path, "rb") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, json_object(line, f"{path}, line {number}")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            where = f"{path}, after line {number}"
            raise ValueError(f"{where}: damaged or cut off ({error})") from None


def json_object(line: bytes, where: str) -> dict:
    """A line's JSON object; ValueError, starting with `where`, if it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:  # RecursionError: "[[[[..."
        raise ValueError(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError(f"{where}: not a JSON object")
    return row


@cache  # both editions and all splits of a benchmark ask for it
def hub_folder(
    name: str, revision: str | None, kind: str, advice: str, files: tuple[str, ...] = ()
) -> Path:
    """A hub repository's top-level `files` (patterns; none: all files) at one commit.
    All of them: what a cut download left is completed, or refused when offline."""
    from huggingface_hub import snapshot_download

    given = {"allow_patterns": [*files], "ignore_patterns": "*/*"} if files else {}
    given |= {"revision": revision, "repo_type": kind}
    return Path(downloaded(name, advice, lambda: snapshot_download(name, **given)))


def downloaded(name: str, advice: str, download: Callable[[], Any]) -> Any:
    """What `download` returns, or FileNotFoundError; the sentence ends in `advice`."""
    import httpx2

    try:
        return download()
    except (OSError, ValueError, httpx2.HTTPError) as error:
        fault = f"{name} cannot be downloaded ({one_line(error)}): {advice}"
        raise FileNotFoundError(fault) from None


def one_line(error: Exception) -> str:
    """The beginning of an error's message, or its type, as a part of a sentence."""
    return visible(" ".join(str(error).split()))[:200] or type(error).__name__


def progress(total: int, label: str, unit: str, **options: Any):
    """A tqdm bar on stdout (notebooks show stderr in red), removed once closed."""
    from tqdm import tqdm  # here: a dry run needs no package

    given = {"unit": unit, "leave": False, "mininterval": 1} | options
    return tqdm(total=total, desc=visible(label), file=sys.stdout, **given)


def content_hash(value: Any, length: int = 10) -> str:
    """A short hash of a JSON value; equal values have equal hashes."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def environment() -> dict[str, Any]:
    """Versions, processors and git id, to compare two runs."""
    from importlib import metadata

    versions = {name: metadata.version(name) for name in PACKAGES}
    git = None  # the commit, with "+" if files were changed since
    command = ["git", "-C", str(project_root()), "describe", "--always", "--dirty=+"]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
        git = done.stdout.strip() or None
    return {"python": platform.python_version(), "platform": platform.platform(),
            "processors": os.cpu_count(), "packages": versions, "git": git}  # fmt: skip


def update_run_json(folder: str | Path, **values: Any) -> dict[str, Any]:
    """Merge `values` into the run's `run.json`; dictionaries are merged one level."""
    from filelock import FileLock

    path, locks = Path(folder) / "run.json", Path(folder) / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / "run.json.lock"):  # other notebooks may write, too
        record = read_json(path, {})
        for key, value in values.items():
            both = isinstance(value, dict) and isinstance(record.get(key), dict)
            record[key] = record[key] | value if both else value
        write_json(path, record)
    return record


def record_settings(settings: Any, **more: Any) -> dict[str, Any]:
    """Save a run's `Settings` and environment in its `run.json`."""
    own = {"settings": asdict(settings), "hash": settings.hash}
    return update_run_json(settings.folder, **own, environment=environment(), **more)


def usage(folder: Path, notebook: str) -> tuple[float, float] | None:
    """Minutes and GB of the longest run of a notebook in `run.json`, if it has one."""
    found = read_json(folder / "run.json", {}).get("notebooks", {}).get(notebook)
    return found and (found["longest_seconds"] / 60, found["largest_memory_gb"])


def visible(text: Any) -> str:
    """A text of a model, a server or a file, safe to print or to display.  Whatever
    acts on a screen without being seen (escape sequences, backspaces, carriage returns,
    marks of direction or of no width) is written out, such as "\\x1b"; line breaks,
    tabs and spaces stay."""
    plain = str(text).replace("\r\n", "\n")
    kept = (c in "\n\t" or c.isprintable() or category(c) == "Zs" for c in plain)
    return "".join(c if keep else c.encode("unicode_escape").decode()
                   for c, keep in zip(plain, kept, strict=True))  # fmt: skip
