"""Every reply that was paid for, in one SQLite file that all runs and processes share.

A reply is on disk before anything reads it, whole or not at all; one that does not
match its checksum is set aside with a warning, and asked for again.  The file also
holds open batch jobs, and which parts of requests endpoints do not support.
"""

import json
import sqlite3
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from socratic_utils.files import content_hash

BUSY_SECONDS = 60.0  # how long to wait for another process that is writing
SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, problem_id TEXT NOT NULL,
    row TEXT NOT NULL, checksum TEXT NOT NULL, stored REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_problem ON replies (model, problem_id);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, endpoint TEXT NOT NULL, stubs TEXT NOT NULL,
    status TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS unsupported (
    endpoint TEXT PRIMARY KEY, parts TEXT NOT NULL, at REAL NOT NULL);
"""
KNOWN_SECONDS = 7 * 24 * 3600.0  # until an endpoint is tried with all parts again


class StoreError(RuntimeError):
    """The file cannot be used; the message says what to do."""


class ReplyStore:
    """Replies by the key of their request; without a `path` they end with the process.
    Raises StoreError on a foreign file."""

    def __init__(self, path: Path | None) -> None:
        self.path, opening = path, nullcontext()
        self._lock, self._asking = threading.Lock(), threading.Lock()
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            opening = FileLock(f"{self.path}.opening")  # WAL is switched on by one
        options = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        try:
            self._db = sqlite3.connect(path or ":memory:", **options)
        except sqlite3.Error as error:  # a folder, or no right to write
            raise self._unusable(error) from None
        with opening, self._database() as db:
            db.execute("PRAGMA journal_mode = WAL")  # one disk sync a commit
            db.execute("PRAGMA synchronous = FULL")  # and on disk when we return
            db.executescript(SCHEMA)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """One thread at a time; all changes are made, or none."""
        try:
            with self._lock, self._db:
                yield self._db
        except sqlite3.Error as error:  # no room, damaged, or locked for too long
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> StoreError:
        advice = "make room, or move it away to start a new one"
        message = f"the teacher's cache {self.path} cannot be used ({error})"
        return StoreError(f"{message}: {advice}; nothing in it is deleted")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process or thread at a time while it asks, until it dies."""
        held = self._asking
        if self.path:
            lock = FileLock(f"{self.path}.lock")
            try:
                held = lock.acquire(timeout=0)
            except Timeout:
                where = f"another process asks, in {self.path}"
                print(f"{where}: waiting for it", flush=True)
                held = lock.acquire()
        with held:
            yield

    def add(self, rows: Iterable[dict], replace: bool = False) -> None:
        """Store replies, all or none; a known one stays, unless `replace`."""
        values = []
        for row in rows:
            text = json.dumps(row, ensure_ascii=False, sort_keys=True)
            names = (row["key"], row["model"], row["problem_id"])
            values.append((*names, text, content_hash(text), time.time()))
        how = "REPLACE" if replace else "IGNORE"
        with self._database() as db:
            db.executemany(f"INSERT OR {how} INTO replies VALUES (?,?,?,?,?,?)", values)

    def find(self, keys: Sequence[str]) -> dict[str, dict]:
        """The replies to those of the requests that have one."""
        where = "WHERE key IN (SELECT value FROM json_each(?))"
        return self._rows(where, json.dumps(list(keys)))

    def of(self, model: str) -> list[dict]:
        """Every reply of a model, in the order of storing."""
        return list(self._rows("WHERE model = ? ORDER BY stored, key", model).values())

    def models(self) -> list[str]:
        query = "SELECT DISTINCT model FROM replies WHERE model != ''"
        return [model for (model,) in self._run(query)]

    def _run(self, query: str, *values: Any) -> list[tuple]:
        with self._database() as db:
            return db.execute(query, values).fetchall()

    def _rows(self, where: str, value: str) -> dict[str, dict]:
        # As bytes: a damaged row need not be text, and must not hide the others.
        query = f"SELECT key, CAST(row AS BLOB), checksum FROM replies {where}"
        good, bad = {}, []
        for key, data, checksum in self._run(query, value):
            text = data.decode("utf-8", "replace")
            if content_hash(text) == checksum:
                good[key] = json.loads(text)
            else:
                bad.append((key, data))
        if bad:  # kept under no model and a key that no request has
            # This very row: another process may have replaced it by a good one.
            aside = """UPDATE OR REPLACE replies SET key = 'damaged ' || key, model = ''
                WHERE key = ? AND CAST(row AS BLOB) = ?"""
            with self._database() as db:
                db.executemany(aside, bad)
            what = f"replies do not fit their checksum (first key {bad[0][0]})"
            what = f"{self.path}: {len(bad)} {what}: set aside"
            warnings.warn(f"{what}, they will be asked for again", stacklevel=3)
        return good

    def add_job(self, job_id: str, endpoint: str, stubs: Sequence[dict]) -> None:
        """Remember a submitted batch job; a stub is a row without its reply."""
        values = (job_id, endpoint, json.dumps(list(stubs)), "open", time.time())
        self._run("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?)", *values)

    def open_jobs(self, endpoint: str) -> dict[str, list[dict]]:
        """Job id -> stubs of the jobs whose results are not in yet, oldest first."""
        query = "SELECT id, stubs FROM jobs WHERE status = 'open' AND endpoint = ?"
        rows = self._run(f"{query} ORDER BY at", endpoint)
        return {job: json.loads(stubs) for job, stubs in rows}

    def has_job(self, job_id: str) -> bool:
        return bool(self._run("SELECT 1 FROM jobs WHERE id = ?", job_id))

    def close_job(self, job_id: str, status: str) -> None:
        """The job's results are stored, or there will be none."""
        self._run("UPDATE jobs SET status = ? WHERE id = ?", status, job_id)

    def learn(self, endpoint: str, parts: Iterable[str]) -> None:
        """Remember which parts of requests an endpoint does not support since when."""
        query = f"""INSERT INTO unsupported VALUES (?, ?, ?) ON CONFLICT DO UPDATE
            SET parts = excluded.parts, at = excluded.at
            WHERE parts != excluded.parts OR at < excluded.at - {KNOWN_SECONDS}"""
        self._run(query, endpoint, json.dumps(sorted(parts)), time.time())

    def learnt(self, endpoint: str) -> set[str]:
        query = "SELECT parts FROM unsupported WHERE endpoint = ? AND at > ?"
        rows = self._run(query, endpoint, time.time() - KNOWN_SECONDS)
        return {part for (parts,) in rows for part in json.loads(parts)}


def shipped_recordings() -> list[Path]:
    """The recording files in the package's `recordings/`."""
    return sorted(Path(__file__).with_name("recordings").glob("*.gz"))
