"""Incremental decoding: one model that reads and writes lines of many transcripts.

Each row that is asked for a line writes it in a batch with all others that are writing,
and reads only what is new since its last line.  Rows never influence each other: the
cache has no gaps (`kv_cache`), and every sample has random numbers of its own.

    >>> decoder.start([prompt_ids(decoder.tokenizer, problem)])
    >>> decoder.text(decoder.write(64)[0])
    'A: She buys 3 * 4 = 12 apples.'
"""

import inspect
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

import torch

from ..base_models import max_positions
from .kv_cache import RowCache


@dataclass(eq=False)
class Row:
    """A transcript as one decoder sees it; token ids are plain lists."""

    ids: list[int]  # given and written
    prompt: tuple[int, ...]
    random: Random = field(default_factory=Random)
    read: int = 0  # how many of `ids` are in the cache
    stored: list[torch.Tensor] | None = None  # keys and values, outside of the batch
    gone: bool = False  # is asked no more
    lines: int = 0  # that it was asked for; the last one:
    start: int = 0  # in `ids`
    limit: int = 0
    temperature: float = 0.0
    stops: Collection[int] = ()
    writing: bool = False
    logprob: float = 0.0  # at temperature 1, if sampled
    due: list[int] = field(default_factory=list)  # of a calculator's result (`oracles`)
    closed: bool = False  # such a result was just completed

    @property
    def line(self) -> list[int]:
        return self.ids[self.start :]

    @property
    def unread(self) -> int:
        return len(self.ids) - self.read

    def hear(self, ids: Sequence[int]) -> None:
        """Append tokens; they are read before the row next writes."""
        self.ids, self.due, self.closed = [*self.ids, *ids], [], False


class Decoder:
    """What all decoders have in common; `admit` and `step` are their own.  `start`,
    `repeat`, `keep` and `write` are for all rows at once; `open`, `ask` and `step` for
    rows that do not wait for each other (`loop`)."""

    resumes = True  # to write line by line costs no more than a whole text
    context = 0  # maximum number of tokens of prompt and text; 0: no limit

    def __init__(self, tokenizer) -> None:
        self.tokenizer, self.end = tokenizer, tokenizer.eos_token_id
        # All tokens that end a line: those containing a new line, and <end>.
        stops = {i for i, text in enumerate(token_texts(tokenizer)) if "\n" in text}
        self.stops = torch.tensor(sorted(stops | {self.end}))
        self.rows: list[Row] = []
        self.seed(0)

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Reset the state and load one prompt (token ids) per row."""
        self.busy, self.finished = 0, []  # rows that were asked; that have their line
        self.rows = self.open(prompts)

    def seed(self, seed: int) -> None:
        """Each row's samples depend on `seed` and its prompt, not on the other rows."""
        self.next_seed, self.seeded = seed, Counter()
        self._seed(self.rows)

    def _seed(self, rows: Iterable[Row]) -> None:
        for row in rows:
            number = self.seeded[row.prompt]  # among the rows with this prompt
            row.random = Random(f"{self.next_seed} {number} {row.prompt}")
            self.seeded[row.prompt] += 1

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
        """Decode every row until it stops or has `limit` new tokens; the new tokens.  A
        row stops with the end of its line, or without `whole_lines` only with <end>;
        and when the model's context is full, so that a line may be empty."""
        for row in self.rows:
            self.ask(row, limit, temperature, whole_lines)
        while self.busy:
            self.step()
        return [row.line for row in self.rows]

    @property
    def logprobs(self) -> list[float]:
        """The log-likelihood of each row's last line at temperature 1, if sampled."""
        return [row.logprob for row in self.rows]

    def open(self, prompts: Sequence[list[int]], copies: int = 1) -> list[Row]:
        """Further rows: `copies` per prompt, adjacent."""
        rows = self.fork(self.begin(prompts), copies)
        self._seed(rows)
        return rows

    def begin(self, prompts: Sequence[list[int]]) -> list[Row]:
        """One row per prompt."""
        return [Row(list(prompt), tuple(prompt)) for prompt in prompts]

    def fork(self, rows: Sequence[Row], times: int) -> list[Row]:
        """Every row and its copies, `times` in all."""
        copies = [[replace(row, ids=[*row.ids], due=[*row.due]) for row in rows]
                  for _ in range(times - 1)]  # fmt: skip
        return [row for group in zip(rows, *copies, strict=True) for row in group]

    def ask(self, row: Row, limit: int, temperature=0.0, whole_lines=True) -> None:
        """Let a row write a line, as in `write`; `step` returns it with its line."""
        row.start, row.lines, row.logprob = len(row.ids), row.lines + 1, 0.0
        row.limit, row.temperature = limit, temperature
        row.stops = set(self.stops.tolist()) if whole_lines else {self.end}
        self.busy += 1
        if limit < 1 or 0 < self.context <= len(row.ids):
            self.finished.append(row)
        else:
            self.admit(row)

    def step(self) -> list[Row]:
        """Go on with the rows that were asked; those that have their line now."""
        finished, self.finished = self.finished, []
        self.busy -= len(finished)
        return finished

    def text(self, ids: Sequence[int], strip: bool = True) -> str:
        """The text of decoded tokens, without the stop mark."""
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip() if strip else text


class IncrementalDecoder(Decoder):
    """A causal language model in the middle of a batch of transcripts."""

    def __init__(self, model, tokenizer) -> None:
        super().__init__(tokenizer)
        self.model, self.device = model, next(model.parameters()).device
        self.context = max_positions(model.config)
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
        unread = [row for row in rows if row.unread > 1] if times > 1 else []
        self._settle()
        while unread:  # all but the last token, whose logits every copy needs
            group, unread = similar(unread)
            self.read(group, group[0].unread - 1, but=1)
            self._settle()
        return super().fork(rows, times)

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """One forward pass; the rows that have their line now.  Rows that wait read
        what is new and write a token, as soon as they are an eighth of the batch.
        Otherwise every row of the batch writes a token."""
        self._settle()
        self.cache.enter([row for row in self.waiting if row.unread == 1], 0)
        self.waiting = [row for row in self.waiting if row.unread > 1]
        if self.waiting and 8 * len(self.waiting) >= len(self.cache.rows):
            group, self.waiting = similar(self.waiting)
            self.extend(group, self.read(group, group[0].unread))
        elif self.cache.rows:
            self.cache.advance()
            self.extend(self.cache.rows, self.logits(self.cache.rows, 1))
        return super().step()

    def _settle(self) -> None:
        """Rows leave the batch that do not write, or have more to read than a token."""
        self.waiting += [r for r in self.cache.rows if r.writing and r.unread > 1]
        self.cache.keep({r for r in self.cache.rows if r.writing and r.unread == 1})

    def read(self, rows: Sequence[Row], new: int, but: int = 0) -> torch.Tensor:
        """Logits after the last `new` tokens of rows outside the batch, which enter
        it.  The last `but` tokens stay unread.  A row with less than `new` unread
        tokens reads some again: padding may not come between its tokens."""
        for row in rows:
            row.read = len(row.ids) - but
        self.cache.enter(rows, new)
        return self.logits(rows, new)

    def logits(self, rows: Sequence[Row], new: int) -> torch.Tensor:
        """Logits [rows, vocabulary] of the cache's last rows, after `new` tokens."""
        self.cache.look(len(rows), new)
        given = [row.ids[max(0, row.read - new) : row.read] for row in rows]
        ids = [[self.end] * (new - len(own)) + own for own in given]
        lengths = torch.tensor([row.read for row in rows], device=self.device)
        columns = torch.arange(int(lengths.max()), 0, -1, device=self.device)
        mask = (columns <= lengths[:, None]).long()
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -new:]
        more = {"position_ids": positions, "logits_to_keep": 1}
        out = self.model(
            input_ids=torch.tensor(ids, device=self.device), attention_mask=mask,
            past_key_values=self.cache, use_cache=True,
            **{name: more[name] for name in more if name in self.takes})  # fmt: skip
        return out.logits[:, -1].float()

    def extend(self, rows: Sequence[Row], logits: torch.Tensor) -> None:
        """Append one token to each row; rows that stop with it have their line."""
        tokens = self.choose(rows, logits)
        if any(row.temperature for row in rows):
            index = torch.tensor(tokens, device=self.device)[:, None]
            found = logits.gather(1, index)[:, 0] - logits.logsumexp(-1)
            for row, value in zip(rows, found.tolist(), strict=True):
                row.logprob += value if row.temperature else 0.0
        for row, token in zip(rows, tokens, strict=True):
            row.ids.append(token)
            full = 0 < self.context <= len(row.ids)
            row.writing = not (token in row.stops or full or len(row.line) == row.limit)
        self.finished += [row for row in rows if not row.writing]

    def choose(self, rows: Sequence[Row], logits: torch.Tensor) -> list[int]:
        """One token per row: greedy at temperature 0, else sampled."""
        best, heats = logits.argmax(-1), [row.temperature for row in rows]
        if not any(heats):
            return best.tolist()
        heat = torch.tensor(heats, device=self.device)
        # Inverse transform sampling: one number in (0, 1] per row.
        sums = torch.softmax(logits / heat.clamp(min=1e-6)[:, None], -1).cumsum(-1)
        drawn = [1 - row.random.random() if row.temperature else 1.0 for row in rows]
        drawn = torch.tensor(drawn, device=self.device)[:, None] * sums[:, -1:]
        sampled = torch.searchsorted(sums, drawn)[:, 0]
        return torch.where(heat > 0, sampled, best).tolist()


def similar(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows with about as much to read as the one with the most, and the others."""
    rows = sorted(rows, key=lambda row: -row.unread)
    group = [row for row in rows if 4 * row.unread > 3 * rows[0].unread]
    return group, rows[len(group) :]


@lru_cache(4)  # 49,152 tokens take 0.4 seconds
def token_texts(tokenizer) -> list[str]:
    """The text of every single token, in the order of the vocabulary."""
    return tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
