"""Incremental decoding: one model that reads and writes lines of many transcripts.

A row is asked for a line and writes it in a batch with all other rows that are writing
then; it reads only what is new since its last line.  Rows never influence each other:
the cache has no gaps (`kv_cache`), and every sample has random numbers of its own.

    >>> decoder = IncrementalDecoder(*load_student(folder))
    >>> decoder.start([prompt_ids(decoder.tokenizer, problem)])
    >>> decoder.text(decoder.write(64)[0])
    'A: She buys 3 * 4 = 12 apples.'

Not covered: encoder-decoder models.
"""

import inspect
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import torch

from .kv_cache import RowCache


@dataclass(eq=False)
class Row:
    """A transcript as one decoder sees it; token ids are plain lists."""

    ids: list[int]  # what was given and written
    prompt: tuple[int, ...] = ()
    number: int = 0  # among the rows with this prompt
    random: Random | None = None
    read: int = 0  # how many of `ids` are in the cache
    stored: list[torch.Tensor] | None = None  # keys and values, outside of the batch
    gone: bool = False  # it will not be asked again
    # The line that it is asked for:
    lines: int = 0  # how many it was asked for
    start: int = 0  # where in `ids` the last one starts
    limit: int = 0
    temperature: float = 0.0
    stops: Collection[int] = ()
    writing: bool = False
    logprob: float = 0.0  # at temperature 1, if the line was sampled
    # Of a calculator (`oracles`):
    due: list[int] = field(default_factory=list)  # of a result, still to be inserted
    closed: bool = False  # a result was just completed

    @property
    def line(self) -> list[int]:
        return self.ids[self.start :]

    @property
    def unread(self) -> int:
        return len(self.ids) - self.read

    def hear(self, ids: Sequence[int]) -> None:
        """Append tokens; they are read before it next writes."""
        self.ids += ids
        self.due, self.closed = [], False

    def copy(self) -> "Row":
        return replace(self, ids=list(self.ids), due=list(self.due), random=None)


class Decoder:
    """What all decoders have in common; subclasses define `step`.

    `start`, `hear`, `keep`, `repeat` and `write` treat all rows alike, in order; `open`,
    `ask` and `step` are for rows that do not wait for each other (`loop`).
    """

    resumes = True  # a text line by line costs as much as a whole text
    context = 0  # maximum number of tokens of prompt and text; 0: no limit
    next_seed: int | None = None

    def __init__(self, tokenizer) -> None:
        self.tokenizer, self.end = tokenizer, tokenizer.eos_token_id
        # All tokens that end a line: those containing a new line, and <end>.
        stops = {i for i, text in enumerate(token_texts(tokenizer)) if "\n" in text}
        self.stops = torch.tensor(sorted(stops | {self.end}))
        self.numbers: Counter[tuple[int, ...]] = Counter()
        self.rows: list[Row] = []

    # All rows at once

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Reset the state and load one prompt (token ids) per row."""
        self.closed: list[Row] = []  # asked for a line, without room for one
        self.busy = 0  # number of rows that were asked and have not finished
        self.rows = self.open(prompts)

    def seed(self, seed: int) -> None:
        """What is sampled from now on depends on `seed` and each row's own tokens."""
        self.next_seed, self.numbers = seed, Counter()
        self._number(self.rows)

    def repeat(self, times: int) -> None:
        """Copy every row `times` times, adjacent."""
        rows = self.fork(self.rows, times)
        self._number(row for place, row in enumerate(rows) if place % times)
        self.rows = rows

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """Append tokens to a row's context; they are read before it next writes."""
        self.rows[row].hear(ids)

    def keep(self, rows: Sequence[int]) -> None:
        """Continue with these rows only; the others leave the batch."""
        kept = [self.rows[row] for row in rows]
        for row in self.rows:
            row.gone = row not in kept
        self.rows = kept

    def write(self, limit: int, temperature=0.0, whole_lines=True) -> list[list[int]]:
        """Decode every row until it stops or has `limit` new tokens; the new tokens.

        A row stops with the end of its line, or without `whole_lines` only with <end>,
        or when the model's context is full: a line without a stop mark, or empty.
        """
        for row in self.rows:
            self.ask(row, limit, temperature, whole_lines)
        while self.busy:
            self.step()
        return [row.line for row in self.rows]

    @property
    def logprobs(self) -> list[float]:
        """Of each row's last line: its log-likelihood at temperature 1, if sampled."""
        return [row.logprob for row in self.rows]

    @property
    def pending(self) -> list[list[int]]:
        """Of each row, what was given and not yet read."""
        return [row.ids[row.read :] for row in self.rows]

    # Rows on their own

    def open(self, prompts: Sequence[list[int]], copies: int = 1) -> list[Row]:
        """New rows beside those there are: `copies` per prompt, adjacent."""
        rows = self.fork(self.begin(prompts), copies)
        self._number(rows)
        return rows

    def begin(self, prompts: Sequence[list[int]]) -> list[Row]:
        """One row per prompt."""
        return [Row(list(prompt), tuple(prompt)) for prompt in prompts]

    def fork(self, rows: Sequence[Row], times: int) -> list[Row]:
        """Every row and its copies, `times` in all."""
        return [copy for row in rows
                for copy in (row, *(row.copy() for _ in range(times - 1)))]  # fmt: skip

    def ask(self, row: Row, limit: int, temperature=0.0, whole_lines=True) -> None:
        """Let a row write a line, as in `write`; `step` returns it when it is done."""
        row.start, row.logprob, row.lines = len(row.ids), 0.0, row.lines + 1
        row.limit, row.temperature = limit, temperature
        row.stops = set(self.stops.tolist()) if whole_lines else {self.end}
        self.busy += 1
        if limit < 1 or 0 < self.context <= len(row.ids):
            self.closed.append(row)
        else:
            self.admit(row)

    def admit(self, row: Row) -> None:
        """Take note of a row that can write."""
        raise NotImplementedError

    def step(self) -> list[Row]:
        """Go on with the rows that were asked; those that have finished their line."""
        raise NotImplementedError

    def text(self, ids: Sequence[int], strip: bool = True) -> str:
        """The text of decoded tokens, without the stop mark."""
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip() if strip else text

    def generator(self, row: Row) -> Random:
        """The row's own random numbers: the same in every batch."""
        if row.random is None:
            seed = self.next_seed
            if seed is None:
                seed = int(torch.randint(2**31, ()))
            row.random = Random(f"{seed} {row.number} {row.prompt}")
        return row.random

    def _number(self, rows) -> None:
        for row in rows:
            row.number, row.random = self.numbers[row.prompt], None
            self.numbers[row.prompt] += 1


class IncrementalDecoder(Decoder):
    """A causal language model in the middle of a batch of transcripts."""

    def __init__(self, model, tokenizer) -> None:
        super().__init__(tokenizer)
        self.model, self.device = model, next(model.parameters()).device
        config = model.config.get_text_config()
        names = ("max_position_embeddings", "max_seq_len")  # the second: MPT
        limits = (getattr(config, name, None) for name in names)
        self.context = next(filter(None, limits), 0)
        self.takes = inspect.signature(model.forward).parameters

    def start(self, prompts: Sequence[list[int]]) -> None:
        self.cache, self.waiting = RowCache(self.model.config), []
        super().start(prompts)

    def admit(self, row: Row) -> None:
        row.writing = True
        if row not in self.cache.rows:
            self.waiting.append(row)

    @torch.inference_mode()
    def fork(self, rows: Sequence[Row], times: int) -> list[Row]:
        """Every row and its copies, which share what the row has read."""
        self._settle()
        unread = [row for row in rows if row.unread > 1] if times > 1 else []
        while unread:  # all but the last token, whose logits each copy needs
            group, unread = similar(unread)
            new = group[0].unread - 1
            self._enter(group, new, [len(row.ids) - 1 for row in group])
            self.logits(group, new)
            self._settle()
        return super().fork(rows, times)

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """One forward pass: the rows that finish their line with it.

        Either rows that wait read what is new and write one token, as soon as they are
        an eighth of the batch, or each row of the batch writes one token.
        """
        done, self.closed = self.closed, []
        self._settle()
        ready = [row for row in self.waiting if row.unread == 1]
        self.waiting = [row for row in self.waiting if row.unread > 1]
        self.cache.enter(ready, 0)
        if self.waiting and 8 * len(self.waiting) >= len(self.cache.rows):
            rows, self.waiting = similar(self.waiting)
            new = rows[0].unread
            self._enter(rows, new, [len(row.ids) for row in rows])
            done += self.extend(rows, self.logits(rows, new))
        elif self.cache.rows:
            rows = list(self.cache.rows)
            self.cache.advance()
            done += self.extend(rows, self.logits(rows, 1))
        self.busy -= len(done)
        return done

    def _settle(self) -> None:
        """Rows leave the batch that do not write, or have more to read than a token."""
        staying = [row for row in self.cache.rows if row.writing and row.unread == 1]
        self.waiting += [r for r in self.cache.rows if r.writing and r.unread > 1]
        self.cache.keep(staying)

    def _enter(self, rows: Sequence[Row], new: int, lengths: Sequence[int]) -> None:
        """Add rows that are to read `new` tokens each, up to these lengths.

        A row with fewer new tokens reads some again: no padding comes between tokens.
        """
        for row, length in zip(rows, lengths, strict=True):
            row.read = length
        self.cache.enter(rows, new)

    def logits(self, rows: Sequence[Row], new: int) -> torch.Tensor:
        """Logits [rows, vocabulary] after the last `new` tokens, which are read now.

        `rows` are the last of the cache, with `read` counting the new tokens.
        """
        self.cache.look(len(rows), new)
        given = [row.ids[max(0, row.read - new) : row.read] for row in rows]
        ids, _ = right_aligned(given, self.end, self.device)
        lengths = torch.tensor([row.read for row in rows], device=self.device)
        columns = torch.arange(int(lengths.max()), 0, -1, device=self.device)
        mask = (columns <= lengths[:, None]).long()
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -new:]
        more = {"position_ids": positions, "logits_to_keep": 1}
        out = self.model(
            input_ids=ids, attention_mask=mask, past_key_values=self.cache,
            use_cache=True, **{k: v for k, v in more.items() if k in self.takes},
        )  # fmt: skip
        return out.logits[:, -1].float()

    def extend(self, rows: Sequence[Row], logits: torch.Tensor) -> list[Row]:
        """Append one token to each row; the rows that stop with it."""
        tokens = self.choose(rows, logits)
        if any(row.temperature for row in rows):
            index = torch.tensor(tokens, device=logits.device)[:, None]
            found = logits.gather(1, index)[:, 0] - logits.logsumexp(-1)
            for row, value in zip(rows, found.tolist(), strict=True):
                row.logprob += value if row.temperature else 0.0
        for row, token in zip(rows, tokens, strict=True):
            row.ids.append(token)
            full = 0 < self.context <= len(row.ids)
            row.writing = not (token in row.stops or full or len(row.line) == row.limit)
        return [row for row in rows if not row.writing]

    def choose(self, rows: Sequence[Row], logits: torch.Tensor) -> list[int]:
        """One token per row: greedy at temperature 0, else sampled."""
        best = logits.argmax(-1)
        heat = torch.tensor([row.temperature for row in rows], device=logits.device)
        if not heat.any():
            return best.tolist()
        # Inverse transform sampling: one number in (0, 1] per row.
        sums = torch.softmax(logits / heat.clamp(min=1e-6)[:, None], -1).cumsum(-1)
        drawn = [[1 - self.generator(row).random() if row.temperature else 1.0]
                 for row in rows]  # fmt: skip
        drawn = torch.tensor(drawn, device=logits.device) * sums[:, -1:]
        sampled = torch.searchsorted(sums, drawn)[:, 0]
        return torch.where(heat > 0, sampled, best).tolist()


def similar(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows with about as much to read as the one with the most, and the others."""
    rows = sorted(rows, key=lambda row: -row.unread)
    group = [row for row in rows if 4 * row.unread > 3 * rows[0].unread]
    return group, rows[len(group) :]


_TEXTS: dict[str, list[str]] = {}  # by tokenizer: 49,152 tokens take 0.4 seconds


def token_texts(tokenizer) -> list[str]:
    """The text of every single token, in the order of the vocabulary."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    key = backend.to_str() if backend else ""  # none: written in Python
    if not key or key not in _TEXTS:
        _TEXTS[key] = tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
    return _TEXTS[key]


def right_aligned(rows, filler: int, device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of ids padded on the left, and which tokens are real: both [rows, width]."""
    width = max(len(row) for row in rows)
    ids = torch.tensor([[filler] * (width - len(row)) + row for row in rows])
    real = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids.to(device), real.to(device)
