"""Which process is asking for what, so that two of them do not pay for one reply.

Before a process asks for chains it claims their keys in the store; what another one has
claimed is left to it.  A claim is over when it is released, when its process is gone
(killed, say), or, on another machine or in another container, where nobody can look,
when nothing was heard of it for more than an hour:

    >>> from socratic_utils.teacher.cache import MEMORY, ReplyStore
    >>> claims = Claims(ReplyStore(MEMORY))
    >>> sorted(claims.take(["ab", "cd"]))
    ['ab', 'cd']
    >>> claims.release()
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

import psutil

from .cache import ReplyStore
from .live import Job, Refusals, missing

REFRESHED_EVERY = 60.0  # seconds
LONGEST = 4500.0  # seconds of silence; an endpoint may ask to wait for an hour
SCHEMA = """
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, host TEXT NOT NULL,
    process INTEGER NOT NULL, started REAL NOT NULL, at REAL NOT NULL)
"""


class Claims:
    """The claims of one caller; others may be other processes or other threads."""

    def __init__(self, store: ReplyStore) -> None:
        self.store = store
        self.owner, self.host = uuid.uuid4().hex, socket.gethostname()
        self._refreshed = 0.0
        with store.transaction() as db:
            db.execute(SCHEMA)

    def take(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that are ours to ask for now.

        One may have been answered just before it was released to us: look it up again.
        """
        keys, now, own = list(keys), time.time(), psutil.Process()
        with self.store.transaction() as db:
            db.execute("BEGIN IMMEDIATE")  # nobody else looks while we do
            db.execute(
                "DELETE FROM claims WHERE host != ? AND at < ?",
                (self.host, now - LONGEST),
            )
            query = "SELECT DISTINCT owner, process, started FROM claims WHERE host = ?"
            held = db.execute(query, (self.host,)).fetchall()
            gone = [(owner,) for owner, *process in held if not _is_alive(*process)]
            db.executemany("DELETE FROM claims WHERE owner = ?", gone)
            mark = (self.owner, self.host, own.pid, own.create_time(), now)
            db.executemany(
                "INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?, ?, ?)",
                [(key, *mark) for key in keys],
            )
            ours = db.execute("SELECT key FROM claims WHERE owner = ?", (self.owner,))
            return {key for (key,) in ours} & set(keys)

    def refresh(self) -> None:
        """Say that whatever is claimed is still being asked for, now and then."""
        if time.time() - self._refreshed < REFRESHED_EVERY:
            return
        self._refreshed = time.time()
        with self.store.transaction() as db:
            values = (time.time(), self.owner)
            db.execute("UPDATE claims SET at = ? WHERE owner = ?", values)

    def release(self) -> None:
        """Whatever was claimed is answered, refused or given up."""
        with self.store.transaction() as db:
            db.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))

    def holder(self) -> str:
        """Somebody else who has claimed something, in words."""
        query = "SELECT host, process FROM claims WHERE owner != ? LIMIT 1"
        with self.store.transaction() as db:
            found = db.execute(query, (self.owner,)).fetchone()
        return f"process {found[1]} on {found[0]}" if found else "another process"


def ask_once(
    claims: Claims,
    jobs: Sequence[Job],
    known: Callable[[list[str]], Iterable[str]],
    ask: Callable[[list[Job]], Refusals],
    purse: str = "",
) -> Refusals:
    """Ask for what nobody else is asking for, and wait for the rest.

    `known` says which keys have a reply by now, `ask` gets the jobs that are ours.
    With a `purse`, the name of a budget, only one caller at a time asks at all.
    """
    refusals, told = Refusals(), False
    try:
        while jobs:
            keys = [key for job in jobs for key in job.keys]
            mine = claims.take([*keys, purse] if purse else keys)
            done = set(known(keys))  # only now: what is released to us is stored
            ours = missing(jobs, done | (set(keys) - mine))
            if ours and (not purse or purse in mine):
                found = ask(ours)
                if found.reason:
                    refusals.add(found.reason, found.count)
                done |= {key for job in ours for key in job.keys}
            claims.release()
            jobs = missing(jobs, done)
            if jobs and not told:
                print(f"{claims.holder()} asks for the rest; waiting for it")
                told = True
            if jobs:
                time.sleep(1.0)
    finally:
        claims.release()
    return refusals


def _is_alive(process: int, started: float) -> bool:
    """Whether that very process of this machine still runs."""
    try:
        found = psutil.Process(process)
        same = abs(found.create_time() - started) < 1.0  # numbers are used again
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
