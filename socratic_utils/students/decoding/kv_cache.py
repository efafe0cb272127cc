"""A key-value cache of rows that come and go, without a gap in any row.

Every row of the batch has a slot, and all rows end in the same column:

    slot 0   . . a b c d e |        `.`: before the row's first token, masked
    slot 1   . . . . f g h | <- the next token of every row is written here
    slot 2   i j k l m n o |

So the masks, windows and distances of `transformers` hold for every row as if it were
alone.  A row that leaves takes its keys and values along, and can enter again.

Not covered: recurrent and convolutional layers, which keep no keys and values.
"""

from collections.abc import Sequence

import torch
from transformers import DynamicCache
from transformers.cache_utils import DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

BLOCK = 64  # spare columns of a new buffer


class SlotLayer(DynamicLayer):
    """Keys and values of one layer: parts of buffers [slots, heads, columns, size].

    Layers with a sliding window keep all tokens too: the mask hides those outside.
    """

    def __init__(self) -> None:
        super().__init__()
        self.buffers: list[torch.Tensor] = []
        self.length = 0

    def look(self, slots: slice, columns: slice, past: int, shape) -> None:
        """Select what the next forward pass sees; its tokens are the last columns."""
        self.slots, self.columns, self.length, self.shape = slots, columns, past, shape

    def update(self, key_states, value_states, *args, **kwargs):
        """Write keys and values [rows, heads, new, size]; return all of the view."""
        states, (slots, columns) = (key_states, value_states), self.shape
        if not self.buffers:  # zeros: what is masked must still be finite
            self.buffers = [s.new_zeros(slots, s.shape[1], columns, s.shape[3])
                            for s in states]  # fmt: skip
            self.is_initialized = True
        for buffer, new in zip(self.buffers, states, strict=True):
            first = self.columns.stop - new.shape[2]
            buffer[self.slots, :, first : self.columns.stop] = new
        self.keys, self.values = (b[self.slots, :, self.columns] for b in self.buffers)
        self.length = self.keys.shape[2]
        return self.keys, self.values

    def get_seq_length(self) -> int:
        return self.length


class RowCache(DynamicCache):
    """The cache of a model; its rows have `read` tokens each, and `stored` outside."""

    def __init__(self, config) -> None:
        super().__init__(config=config)
        for place, layer in enumerate(self.layers):
            if type(layer) in (DynamicLayer, DynamicSlidingWindowLayer):
                self.layers[place] = SlotLayer()
            elif not isinstance(layer, DummyLayer):
                kind = f"{config.model_type} has layers without keys and values"
                raise ValueError(f"{kind}, which cannot be decoded in a batch")
        self.rows: list = []  # by slot
        self.end, self.shape = 0, (0, 0)  # of all rows; slots and columns

    def buffers(self) -> list[torch.Tensor]:
        """The keys and the values of every layer that has been used."""
        return [b for layer in self.layers for b in getattr(layer, "buffers", ())]

    def look(self, count: int, new: int) -> None:
        """Show the next forward pass the last `count` rows, with `new` tokens to come.

        The rows' `read` includes the new tokens, which end in column `end`.
        """
        width = max(row.read for row in self.rows[-count:])
        slots = slice(len(self.rows) - count, len(self.rows))
        columns = slice(self.end - width, self.end)
        for layer in self.layers:
            if isinstance(layer, SlotLayer):
                layer.look(slots, columns, width - new, self.shape)

    def advance(self) -> None:
        """Begin a new column, the next token of every row."""
        longest = max(row.read for row in self.rows)
        if self.end == self.shape[1]:
            self._move(len(self.rows), longest)
        self.end += 1
        for row in self.rows:
            row.read += 1

    def enter(self, rows: Sequence, new: int) -> None:
        """Add rows; the last `new` of their `read` tokens come with the next pass."""
        if not rows:
            return
        slots, width = len(self.rows) + len(rows), max(row.read for row in rows)
        if not self.rows:
            self.end = min(width, self.shape[1])
        if slots > self.shape[0] or width > self.end:
            self._move(slots, max(width, *(row.read for row in self.rows), 0))
        stop = self.end - new
        for row in rows:
            kept = max(0, row.read - new)
            if kept:
                for buffer, held in zip(self.buffers(), row.stored, strict=True):
                    buffer[len(self.rows), :, stop - kept : stop] = held[:, :kept]
            row.stored = None
            self.rows.append(row)

    def keep(self, staying: Sequence) -> None:
        """Only these rows stay in the batch; the others take along what they need."""
        stay = set(staying)
        going = [slot for slot, row in enumerate(self.rows) if row not in stay]
        buffers = self.buffers() if going else []
        for slot in going:
            row = self.rows[slot]
            columns = slice(self.end - row.read, self.end)
            if not row.gone:
                row.stored = [b[slot, :, columns].clone() for b in buffers]
        # The last rows move into the slots that have become free.
        for slot in reversed(going):
            last = self.rows.pop()
            if slot < len(self.rows):
                self.rows[slot] = last
                columns = slice(self.end - last.read, self.end)
                for b in buffers:
                    b[slot, :, columns] = b[len(self.rows), :, columns]

    def _move(self, slots: int, end: int) -> None:
        """Copy all rows to new buffers, where they end in column `end`."""
        count, width = len(self.rows), max((row.read for row in self.rows), default=0)
        slots = (
            max(slots, self.shape[0] * 5 // 4)
            if slots > self.shape[0]
            else self.shape[0]
        )
        for layer in self.layers:
            for number, old in enumerate(getattr(layer, "buffers", ())):
                heads, size = old.shape[1], old.shape[3]
                new = old.new_zeros(slots, heads, end + BLOCK, size)
                held = old[:count, :, self.end - width : self.end]
                new[:count, :, end - width : end] = held
                layer.buffers[number] = new
        self.end, self.shape = end, (slots, end + BLOCK)
