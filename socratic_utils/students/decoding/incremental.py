"""Incremental decoding: one model that reads and writes lines in a batch.

Each decoder has a key-value cache and reads only what is new since its last line.  Gaps
between rows are masked, so a row's result does not depend on the other rows.

    >>> decoder = IncrementalDecoder(*load_student(folder))
    >>> decoder.start([prompt_ids(decoder.tokenizer, problem)])
    >>> decoder.text(decoder.write(64)[0])
    'A: She buys 3 * 4 = 12 apples.'

Not covered: encoder-decoder models.
"""

from collections.abc import Sequence

import torch

from .kv_cache import growing_cache


class Decoder:
    """What all decoders have in common; token ids are plain lists."""

    stride = 16  # tokens decoded before finished rows leave (`loop.decode_alone`)
    context = 0  # maximum number of tokens of prompt and text; 0: no limit
    next_seed: int | None = None
    pending: list[list[int]]  # of each row, what was given and not yet read
    logprobs: list[float]  # of each row's last line, if it was sampled

    def __init__(self, tokenizer) -> None:
        self.tokenizer, self.end = tokenizer, tokenizer.eos_token_id
        # All tokens that end a line: those containing a new line, and <end>.
        stops = {i for i, text in enumerate(token_texts(tokenizer)) if "\n" in text}
        self.stops = torch.tensor(sorted(stops | {self.end}))

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Reset the state and load one prompt (token ids) per row."""
        self.pending = [list(prompt) for prompt in prompts]

    def seed(self, seed: int) -> None:
        self.next_seed = seed

    def repeat(self, times: int) -> None:
        """Copy every row `times` times, adjacent."""
        self.pending = [list(ids) for ids in self.pending for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """Append tokens to a row's context; they are read before it next writes."""
        self.pending[row] += ids

    def keep(self, rows: Sequence[int]) -> None:
        """Continue with these rows only; the others leave the batch."""
        self.pending = [self.pending[row] for row in rows]

    def text(self, ids: Sequence[int], strip: bool = True) -> str:
        """The text of decoded tokens, without the stop mark."""
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip() if strip else text


class IncrementalDecoder(Decoder):
    """A causal language model in the middle of a batch of transcripts."""

    def __init__(self, model, tokenizer) -> None:
        super().__init__(tokenizer)
        self.model, self.device = model, next(model.parameters()).device
        self.stops = self.stops.to(self.device)
        self.context = getattr(model.config, "max_position_embeddings", None) or 0
        self.generator: torch.Generator | None = None

    def start(self, prompts: Sequence[list[int]]) -> None:
        super().start(prompts)
        self.cache = growing_cache(self.model.config)
        self.mask = torch.zeros(len(prompts), 0, dtype=torch.long, device=self.device)

    def seed(self, seed: int) -> None:
        self.generator = torch.Generator(self.device).manual_seed(seed)

    @torch.inference_mode()
    def repeat(self, times: int) -> None:
        heads = [ids[:-1] for ids in self.pending]
        if any(heads):
            self.read(*right_aligned(heads, self.end, self.device))
            self.cache.batch_repeat_interleave(times)
        self.mask = self.mask.repeat_interleave(times, 0)
        self.pending = [ids[-1:] for ids in self.pending for _ in range(times)]

    def keep(self, rows: Sequence[int]) -> None:
        super().keep(rows)
        index = torch.tensor(rows, device=self.device)
        self.mask = self.mask[index]
        if self.mask.shape[1]:
            self.cache.batch_select_indices(index)

    @torch.inference_mode()
    def write(self, limit: int, temperature=0.0, whole_lines=True) -> list[list[int]]:
        """Decode every row until it stops or has `limit` new tokens; the new tokens.

        A row stops with the end of its line, or without `whole_lines` only with <end>.
        When sampled, `logprobs` holds each row's log-likelihood at temperature 1.
        """
        stops = self.stops if whole_lines else self.stops[self.stops == self.end]
        ids, real = right_aligned(self.pending, self.end, self.device)
        written: list[list[int]] = [[] for _ in self.pending]
        writing = torch.ones(len(written), dtype=torch.bool, device=self.device)
        likelihood = torch.zeros(len(written), device=self.device)
        for _ in range(limit):
            logits = self.read(ids, real)
            chosen = self.amend(self.choose(logits, temperature), writing)
            if temperature > 0:
                found = torch.log_softmax(logits, -1).gather(1, chosen[:, None])
                likelihood += found[:, 0] * writing
            for row in writing.nonzero()[:, 0].tolist():
                written[row].append(int(chosen[row]))
            writing = writing & ~torch.isin(chosen, stops)
            if not writing.any():
                break
            ids, real = chosen[:, None], writing[:, None].long()
        self.pending = [line[-1:] for line in written]  # chosen, but not read yet
        self.logprobs = likelihood.tolist()
        return written

    def read(self, ids: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Logits [rows, vocabulary] after `ids`, masked by `real`: both [rows, new]."""
        self.mask = torch.cat([self.mask, real], 1)
        positions = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        out = self.model(
            input_ids=ids, attention_mask=self.mask, position_ids=positions,
            past_key_values=self.cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        return out.logits[:, -1].float()

    def choose(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        """One token per row: greedy at temperature 0, else sampled.  [rows]"""
        if temperature == 0:
            return logits.argmax(-1)
        chances = torch.softmax(logits / temperature, -1)
        return torch.multinomial(chances, 1, generator=self.generator)[:, 0]

    def amend(self, chosen: torch.Tensor, writing: torch.Tensor) -> torch.Tensor:
        """The tokens to write in place of the chosen ones (`oracles` overrides it)."""
        return chosen


def token_texts(tokenizer) -> list[str]:
    """The text of every single token, in the order of the vocabulary."""
    return tokenizer.batch_decode([[i] for i in range(len(tokenizer))])


def right_aligned(rows, filler: int, device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of ids padded on the left, and which tokens are real: both [rows, width]."""
    width = max(len(row) for row in rows)
    ids = torch.tensor([[filler] * (width - len(row)) + row for row in rows])
    real = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids.to(device), real.to(device)
