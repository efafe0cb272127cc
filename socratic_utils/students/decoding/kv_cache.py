"""A key-value cache of rows that come and go, without a gap in any row.

Every row of the batch has a slot, and all rows end in the same column:

    slot 0   . . a b c d e |        `.`: before the row's first token, masked
    slot 1   . . . . f g h | <- the next token of every row is written here

So the masks, windows and distances of `transformers` hold for every row as if it were
alone.  A row that leaves takes its keys and values along, and can enter again.
"""

from collections.abc import Sequence
from weakref import proxy

from transformers import DynamicCache
from transformers.cache_utils import DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

BLOCK = 64  # spare columns of new buffers


class SlotLayer(DynamicLayer):
    """One layer's keys and values, in buffers [slots, heads, columns, size].  Those
    outside of a sliding window are kept too, and hidden by the mask."""

    def __init__(self, cache: "RowCache") -> None:
        super().__init__()
        self.cache, self.buffers = proxy(cache), []  # no cycle: freed at once

    def update(self, key_states, value_states, *args, **kwargs):
        """Write [rows, heads, new, size] to the last columns; return all in view."""
        cache, states = self.cache, (key_states, value_states)
        if not self.buffers:  # zeros: what is masked must be finite
            slots, columns = cache.shape
            self.buffers = [s.new_zeros(slots, s.shape[1], columns, s.shape[3])
                            for s in states]  # fmt: skip
        for buffer, new in zip(self.buffers, states, strict=True):
            buffer[cache.slots, :, cache.end - new.shape[2] : cache.end] = new
        return tuple(buffer[cache.slots, :, cache.columns] for buffer in self.buffers)

    def get_seq_length(self) -> int:
        return self.cache.past


class RowCache(DynamicCache):
    """The cache of a model; ValueError for layers without keys and values."""

    def __init__(self, config) -> None:
        super().__init__(config=config)
        for place, layer in enumerate(self.layers):
            if type(layer) in (DynamicLayer, DynamicSlidingWindowLayer):
                self.layers[place] = SlotLayer(self)
            elif not isinstance(layer, DummyLayer):
                raise ValueError(f"{config.model_type} models cannot be decoded: they "
                                 "have layers without keys and values")  # fmt: skip
        self.rows: list = []  # by slot; of each, the first `read` tokens are here
        self.end, self.shape = 0, (0, 0)  # the rows' last column; slots and columns
        self.slots, self.columns, self.past = slice(0), slice(0), 0  # see `look`

    def buffers(self) -> list:
        return [b for layer in self.layers for b in getattr(layer, "buffers", ())]

    def look(self, count: int, new: int) -> None:
        """Show the last `count` rows to the next pass, which writes `new` columns."""
        width = max(row.read for row in self.rows[-count:])
        self.slots = slice(len(self.rows) - count, len(self.rows))
        self.columns, self.past = slice(self.end - width, self.end), width - new

    def advance(self) -> None:
        """Begin a new column: every row reads one more token."""
        if self.end == self.shape[1]:
            self._move(0, max(row.read for row in self.rows))
        self.end += 1
        for row in self.rows:
            row.read += 1

    def enter(self, rows: Sequence, new: int) -> None:
        """Add rows; the next pass writes the last `new` of their `read` tokens."""
        reads = [row.read for row in [*self.rows, *rows]]
        if not self.rows:
            self.end = min(max(reads, default=0), self.shape[1])
        if len(reads) > self.shape[0] or max(reads, default=0) > self.end:
            self._move(len(reads), max(reads))
        stop = self.end - new
        for row in rows:
            if (kept := row.read - new) > 0:
                for buffer, held in zip(self.buffers(), row.stored, strict=True):
                    buffer[len(self.rows), :, stop - kept : stop] = held[:, :kept]
            row.stored = None
            self.rows.append(row)

    def keep(self, staying: set) -> None:
        """Only these rows stay; the others, unless `gone`, take along what they have.
        The last rows move into the slots that become free."""
        going = [slot for slot, row in enumerate(self.rows) if row not in staying]
        buffers = self.buffers() if going else []
        for slot in reversed(going):
            row, last = self.rows[slot], self.rows.pop()
            columns = slice(self.end - row.read, self.end)
            if not row.gone:
                row.stored = [buffer[slot, :, columns].clone() for buffer in buffers]
            if row is not last:
                self.rows[slot], columns = last, slice(self.end - last.read, self.end)
                for buffer in buffers:
                    buffer[slot, :, columns] = buffer[len(self.rows), :, columns]

    def _move(self, slots: int, end: int) -> None:
        """New buffers with at least `slots`, where all rows end in column `end`."""
        slots, count = max(slots, self.shape[0]), len(self.rows)
        width = max((row.read for row in self.rows), default=0)
        for layer in self.layers:
            for number, old in enumerate(getattr(layer, "buffers", ())):
                new = old.new_zeros(slots, old.shape[1], end + BLOCK, old.shape[3])
                held = old[:count, :, self.end - width : self.end]
                new[:count, :, end - width : end] = held
                layer.buffers[number] = new
        self.end, self.shape = end, (slots, end + BLOCK)
