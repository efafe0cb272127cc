"""Parsed replies, kept beside the replies, so that a replay does not parse again.

Parsing is most of the time of reading 20,000 known chains.  What it gave is a table in
the store; it counts only for the very parser that made it (a hash of its source), so a
better parser is never shown what a worse one read.  A store that is gone with the
process keeps nothing.

    >>> from socratic_utils.teacher.cache import MEMORY, ReplyStore
    >>> row = {"key": "ab", "text": "2 * 3 = 6. The answer is 6."}
    >>> parses = Parses(ReplyStore(MEMORY))
    >>> parses.of([(row, "cot", "number")])[0][1]
    '6'
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from contextlib import suppress

from socratic_utils.answers import (
    arithmetic,
)
from socratic_utils.answers import (
    chains as parsing,
)
from socratic_utils.answers import (
    extract as answers,
)
from socratic_utils.answers import (
    rewrite as rewriting,
)
from socratic_utils.answers.chains import parse_chain
from socratic_utils.files import content_hash, file_hash
from socratic_utils.problems import Step

from .cache import CHUNK, ReplyStore, StoreError

SCHEMA = """
CREATE TABLE IF NOT EXISTS parses (
    key TEXT PRIMARY KEY, parser TEXT NOT NULL, parsed TEXT NOT NULL)
"""
PARSER = content_hash(
    [file_hash(module.__file__) for module in (parsing, answers, arithmetic, rewriting)]
)

Parsed = tuple[tuple[Step, ...], str | None]


class Parses:
    """What `parse_chain` says of replies: from the store, or now."""

    def __init__(self, store: ReplyStore) -> None:
        self.store = store
        if store.on_disk:
            with store.transaction() as db:
                db.execute(SCHEMA)

    def of(
        self, replies: Sequence[tuple[dict, str, str]], keep: bool = True
    ) -> list[Parsed]:
        """Steps and answer of each (reply row, style, kind of answer).

        What is parsed now is kept, if there is room, unless `keep` says otherwise.
        """
        keys = [row.get("key", "") for row, _, _ in replies]
        known = self._known(keys) if self.store.on_disk else {}
        new, result = {}, []
        for key, (row, style, kind) in zip(keys, replies, strict=True):
            cut_off = row.get("finish_reason") == "length"
            # Of the same key the text may be another one by now.
            text = zlib.crc32(row["text"].encode())
            mark = f"{text} {style} {kind} {cut_off}"
            if key in known and (told := _read(known[key], mark)):
                result.append(told)
                continue
            steps, answer = parse_chain(row["text"], style, kind, cut_off)
            result.append((steps, answer))
            if key:
                fields = [[s.question, s.solution, s.answer] for s in steps]
                new[key] = json.dumps([mark, fields, answer], ensure_ascii=False)
        if new and keep and self.store.on_disk:
            values = [(key, PARSER, text) for key, text in new.items()]
            with suppress(StoreError), self.store.transaction() as db:
                db.executemany("INSERT OR REPLACE INTO parses VALUES (?, ?, ?)", values)
        return result

    def _known(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        with self.store.transaction() as db:
            for start in range(0, len(keys), CHUNK):
                part = keys[start : start + CHUNK]
                marks = ",".join("?" * len(part))
                rows = db.execute(
                    f"SELECT key, parsed FROM parses WHERE parser = ? "
                    f"AND key IN ({marks})", [PARSER, *part]
                )  # fmt: skip
                found.update(rows)
        return found


def _read(text: str, mark: str) -> Parsed | None:
    """What was kept, if it was kept for this text and is whole."""
    try:
        kept_for, steps, answer = json.loads(text)
        same = kept_for == mark
        return (tuple(Step(*step) for step in steps), answer) if same else None
    except (ValueError, TypeError):
        return None
