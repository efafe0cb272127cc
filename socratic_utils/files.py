"""Folders of a run, atomic writes, content hashes and `run.json`.

Every file is written under a temporary name and renamed, so that a killed run never
leaves half a file; every stage is named by a hash of what went into it, so that it is
skipped when nothing changed.  Knows no other module of the package.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "transformers", "datasets", "openai", "papermill", "matplotlib")


def project_root() -> Path:
    """The checkout this package was started from (it holds `notebooks/`)."""
    return Path(__file__).resolve().parent.parent


def write_atomic(path: str | Path, data: bytes | str) -> Path:
    """Write `data` to `path` through a temporary file in the same folder."""
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
    """Write `value` as indented JSON, atomically."""
    return write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: str | Path, default: Any = None) -> Any:
    """Read JSON, or return `default` where there is no such file.

    A file that is no JSON is set aside under another name, and a warning says so.
    """
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


def write_jsonl_rows(path: str | Path, rows: Iterable[dict]) -> Path:
    """Write dictionaries as JSON Lines, atomically."""
    return write_atomic(
        path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    )


def read_log(path: str | Path) -> list[dict]:
    """Rows of an append-only log; lines cut off by a kill are passed over.

    Reading changes nothing on disk.  A cut line costs one more request; one that is not
    the last (the log was written to again after the kill) is warned about.
    """
    rows = []
    lines = Path(path).read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        row = _json_object(line)
        if row is not None:
            rows.append(row)
        elif line.strip() and number < len(lines):
            warnings.warn(f"{path}, line {number}: cut off, passed over", stacklevel=2)
    return rows


def _json_object(line: bytes) -> dict | None:
    try:
        row = json.loads(line)
    except ValueError:  # not JSON, or cut inside a character
        return None
    return row if isinstance(row, dict) else None


def content_hash(value: Any, length: int = 10) -> str:
    """A short hash of anything JSON can hold; the same value, the same hash."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def file_hash(path: str | Path, length: int = 16) -> str:
    """A short hash of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:length]


def environment() -> dict[str, Any]:
    """Versions, processor, git id: what somebody needs to compare two runs."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": versions,
        "git": git_id(),
    }


def git_id() -> str | None:
    """The commit of the checkout, with "+" when files were changed since."""
    command = ["git", "-C", str(project_root()), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def update_run_json(folder: str | Path, **values: Any) -> dict[str, Any]:
    """Merge `values` into the run's `run.json`; dictionaries are merged one deep."""
    path = Path(folder) / "run.json"
    record = read_json(path, {})
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(record.get(key), dict):
            record[key] = {**record[key], **value}
        else:
            record[key] = value
    write_json(path, record)
    return record


def record_settings(settings: Any, **more: Any) -> dict[str, Any]:
    """Note in `run.json` what somebody needs to compare or repeat this run.

    `settings` is a `config.Settings`: it has a folder, a hash and plain fields.
    """
    return update_run_json(
        settings.folder,
        settings=asdict(settings),
        hash=settings.hash,
        environment=environment(),
        **more,
    )
