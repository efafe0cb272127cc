"""Every reply that was paid for, in one SQLite file.

All runs, live and batch, write here, several processes at once if need be.  A reply is
on disk before anything reads it, whole or not at all, with a checksum; a reply that
does not match its checksum is set aside, named in a warning, and asked for again:

    >>> store = ReplyStore(MEMORY)
    >>> store.add([{"key": "ab12", "model": "m", "problem_id": "p", "text": "..."}])
    1
    >>> store.find(["ab12"])["ab12"]["text"]
    '...'

The file also holds the ids of open batch jobs.  `export` writes the recording format of
the package (JSON Lines).  Not covered: deleting replies, replies in several files.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from filelock import FileLock, Timeout

from socratic_utils.files import content_hash, read_log
from socratic_utils.problems import save_jsonl

BUSY_SECONDS = 60.0  # how long to wait for another process that is writing
CHUNK = 500  # keys per query; SQLite allows 32,766 variables, old builds 999
MEMORY = ":memory:"  # a store that ends with the process
REPLY_FIELDS = {"key", "model", "problem_id", "text"}
SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, problem_id TEXT NOT NULL,
    row TEXT NOT NULL, checksum TEXT NOT NULL, stored REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_problem ON replies (model, problem_id);
CREATE TABLE IF NOT EXISTS set_aside (key TEXT, row TEXT, reason TEXT, at REAL);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, endpoint TEXT NOT NULL, stubs TEXT NOT NULL,
    status TEXT NOT NULL, at REAL NOT NULL);
"""


class StoreError(RuntimeError):
    """The file cannot be used; the message says what to do."""


class ReplyStore:
    """Replies by the key of their request.  Raises StoreError on a foreign file."""

    def __init__(self, path: str | Path) -> None:
        self.path, self.on_disk = Path(path), str(path) != MEMORY
        if self.on_disk:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock, self._asking = threading.Lock(), threading.Lock()
        try:
            self._db = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, check_same_thread=False
            )
            use_write_ahead_log(self._db)  # one disk sync a commit
            self._db.execute("PRAGMA synchronous = FULL")  # and on disk when we return
            self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path} cannot be used as the teacher's cache ({error}): move it "
                f"away to start a new one, nothing in it is deleted"
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All changes are made, or none; one thread at a time."""
        try:
            with self._lock, self._db:
                yield self._db
        except sqlite3.Error as error:  # no room, or locked by others for too long
            raise StoreError(
                f"{self.path} cannot be written ({error}): make room and run again, "
                f"what was stored before is kept"
            ) from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process or thread at a time while it asks; the others wait.

        The operating system releases it when a process dies.
        """
        if not self.on_disk:
            with self._asking:
                yield
            return
        lock = FileLock(f"{self.path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting = f"another process asks for chains in {self.path}: waiting for it"
            print(waiting, flush=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    # --- replies --------------------------------------------------------------------

    def add(self, rows: Iterable[dict], replace: bool = False) -> int:
        """Store replies, all or none; returns how many were new.

        A known reply stays as it is, or with `replace` gives way to one that knows more
        (log-likelihoods).
        """
        values = []
        for row in rows:
            text = json.dumps(row, ensure_ascii=False, sort_keys=True)
            names = (row["key"], row["model"], row["problem_id"])
            values.append((*names, text, content_hash(text), time.time()))
        how = "REPLACE" if replace else "IGNORE"
        has = "SELECT COUNT(*) FROM replies WHERE key = ?"
        with self.transaction() as db:
            known = sum(db.execute(has, v[:1]).fetchone()[0] for v in values if replace)
            insert = f"INSERT OR {how} INTO replies VALUES (?, ?, ?, ?, ?, ?)"
            return db.executemany(insert, values).rowcount - known

    def take_over(self, folder: str | Path) -> int:
        """Store the replies of logs (`*.jsonl`) that earlier versions wrote."""
        logs = sorted(Path(folder).glob("*.jsonl"))
        rows = [row for log in logs for row in read_log(log)]
        return self.add(row for row in rows if REPLY_FIELDS <= row.keys())

    def find(self, keys: Sequence[str]) -> dict[str, dict]:
        """The replies to those of the requests that have one."""
        found: dict[str, dict] = {}
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            found.update(self._rows(f"WHERE key IN ({marks})", part))
        return found

    def of(self, model: str) -> list[dict]:
        """Every reply of a model, in the order of storing."""
        where = "WHERE model = ? ORDER BY stored, key"
        return list(self._rows(where, [model]).values())

    def models(self) -> dict[str, int]:
        """How many replies there are of each model."""
        query = "SELECT model, COUNT(*) FROM replies GROUP BY model ORDER BY model"
        with self._lock:
            return dict(self._db.execute(query).fetchall())

    def export(self, path: str | Path, model: str, prefix: str = "") -> int:
        """Write a recording of a model's replies, about problems named `prefix...`."""
        rows = [r for r in self.of(model) if r["problem_id"].startswith(prefix)]
        rows.sort(key=lambda r: (r["problem_id"], r["style"], r["sample"], r["key"]))
        save_jsonl(path, rows)
        return len(rows)

    def _rows(self, where: str, values: Sequence) -> dict[str, dict]:
        # As bytes: a damaged row need not be text, and must not hide the others.
        query = f"SELECT key, CAST(row AS BLOB), checksum FROM replies {where}"
        try:
            with self._lock:
                found = self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path} is damaged ({error}): move it away and run again, or "
                f"mend it with sqlite3's .recover"
            ) from None
        good, bad = {}, []
        for key, data, checksum in found:
            text = data.decode("utf-8", "replace")
            if content_hash(text) == checksum:
                good[key] = json.loads(text)
            else:
                bad.append((key, data))
        if bad:
            self._set_aside(bad)
        return good

    def _set_aside(self, bad: list[tuple[str, bytes]]) -> None:
        why = ("checksum", time.time())
        rows = [(key, data.decode("utf-8", "replace"), *why) for key, data in bad]
        with self.transaction() as db:
            db.executemany("INSERT INTO set_aside VALUES (?, ?, ?, ?)", rows)
            # This very row: another process may have replaced it by a good one.
            db.executemany(
                "DELETE FROM replies WHERE key = ? AND CAST(row AS BLOB) = ?", bad
            )
        warnings.warn(
            f"{self.path}: {len(bad)} replies do not fit their checksum (first key "
            f"{bad[0][0]}); they are set aside and will be asked for again",
            stacklevel=4,
        )

    # --- batch jobs -----------------------------------------------------------------

    def add_job(self, job_id: str, endpoint: str, stubs: Sequence[dict]) -> None:
        """Remember a submitted batch job; a stub is a row without its reply."""
        values = (job_id, endpoint, json.dumps(list(stubs)), "open", time.time())
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?)", values)

    def open_jobs(self, endpoint: str) -> dict[str, list[dict]]:
        """Job id -> stubs of the jobs whose results are not in yet, oldest first."""
        query = "SELECT id, stubs FROM jobs WHERE status = 'open' AND endpoint = ?"
        with self._lock:
            rows = self._db.execute(f"{query} ORDER BY at", (endpoint,)).fetchall()
        return {job: json.loads(stubs) for job, stubs in rows}

    def has_job(self, job_id: str) -> bool:
        """Whether a job was noted here, open or over."""
        query = "SELECT 1 FROM jobs WHERE id = ?"
        with self._lock:
            return self._db.execute(query, (job_id,)).fetchone() is not None

    def close_job(self, job_id: str, status: str) -> None:
        """The job's results are stored, or there will be none."""
        with self.transaction() as db:
            db.execute("UPDATE jobs SET status = ? WHERE id = ?", (status, job_id))


def use_write_ahead_log(db: sqlite3.Connection, patience: float = BUSY_SECONDS) -> None:
    """Switch a file to SQLite's write-ahead log; wait while others do the same.

    SQLite's own time-out does not cover the switch.
    """
    give_up = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def shipped_recordings() -> list[Path]:
    """The recording files in the package's `recordings/`."""
    folder = Path(str(resources.files(__package__) / "recordings"))
    return sorted(folder.glob("*.gz"))
