"""Which process is asking for what, so that two of them do not pay for one reply.

Before a process asks for chains it claims their keys in the store; what another one has
claimed is left to it.  A claim is over when it is released, when its process is gone
(killed, say), or, on another machine, where nobody can look, after an hour:

    >>> from socratic_utils.store import MEMORY, ReplyStore
    >>> claims = Claims(ReplyStore(MEMORY))
    >>> sorted(claims.take(["ab", "cd"]))
    ['ab', 'cd']
    >>> claims.release()
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterable

from psutil import pid_exists

from .store import ReplyStore

LONGEST = 3600.0  # seconds that another machine's claim is believed
SCHEMA = """
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, host TEXT NOT NULL,
    process INTEGER NOT NULL, at REAL NOT NULL)
"""


class Claims:
    """The claims of one caller; others may be other processes or other threads."""

    def __init__(self, store: ReplyStore) -> None:
        self.store = store
        self.owner, self.host = uuid.uuid4().hex, socket.gethostname()
        with store.transaction() as db:
            db.execute(SCHEMA)

    def take(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that are ours to ask for now.

        One may have been answered just before it was released to us: look it up again.
        """
        keys, process, now = list(keys), os.getpid(), time.time()
        with self.store.transaction() as db:
            db.execute("BEGIN IMMEDIATE")  # nobody else looks while we do
            held = db.execute("SELECT DISTINCT owner, host, process FROM claims")
            gone = [o for o, h, p in held if h == self.host and not pid_exists(p)]
            db.executemany("DELETE FROM claims WHERE owner = ?", [(o,) for o in gone])
            db.execute(
                "DELETE FROM claims WHERE host != ? AND at < ?",
                (self.host, now - LONGEST),
            )
            db.executemany(
                "INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?, ?)",
                [(key, self.owner, self.host, process, now) for key in keys],
            )
            ours = db.execute("SELECT key FROM claims WHERE owner = ?", (self.owner,))
            return {key for (key,) in ours} & set(keys)

    def release(self) -> None:
        """Whatever was claimed is answered, refused or given up."""
        with self.store.transaction() as db:
            db.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))
