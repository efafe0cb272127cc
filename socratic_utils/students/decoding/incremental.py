"""One model that listens and writes lines, with its own key-value cache.

The decoding loop (`solving`) lets speakers take turns.  A speaker reads only what is
new to it: what it was told since its last line, and the last token of that line.  Rows
of a batch have lines of different lengths; gaps are masked, and positions are counted
over real tokens only, so that a row's result does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .kv_cache import roomy_cache


class Speaker:
    """A causal language model in the middle of a batch of transcripts."""

    stride = 16  # tokens between two looks at who is done (`solving.speak`)
    context = 0  # tokens that can be read and written; 0: no limit

    def __init__(self, model, tokenizer) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = next(model.parameters()).device
        self.end = tokenizer.eos_token_id
        self.stops = stop_ids(tokenizer).to(self.device)
        self.context = getattr(model.config, "max_position_embeddings", None) or 0
        self.generator: torch.Generator | None = None
        self.logprobs: list[float] = []  # of each row's last line, if it was drawn

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Forget everything and hear one prompt (token ids) a row."""
        self.pending = [list(prompt) for prompt in prompts]
        self.cache = roomy_cache(self.model.config)
        self.mask = torch.zeros(len(prompts), 0, dtype=torch.long, device=self.device)

    def seed(self, seed: int) -> None:
        """Make what is drawn from now on repeatable."""
        self.generator = torch.Generator(self.device).manual_seed(seed)

    @torch.inference_mode()
    def repeat(self, times: int) -> None:
        """Every row `times` times in a row; what it has heard is read only once."""
        heads = [ids[:-1] for ids in self.pending]
        if any(heads):
            self.read(*right_aligned(heads, self.end, self.device))
            self.cache.batch_repeat_interleave(times)
        self.mask = self.mask.repeat_interleave(times, 0)
        self.pending = [ids[-1:] for ids in self.pending for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """Tell a row something; it is read when the speaker next writes."""
        self.pending[row] += ids

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only; the others leave the batch."""
        index = torch.tensor(rows, device=self.device)
        self.pending = [self.pending[row] for row in rows]
        self.mask = self.mask[index]
        if self.mask.shape[1]:
            self.cache.batch_select_indices(index)

    @torch.inference_mode()
    def write(
        self, limit: int, temperature: float = 0.0, whole_lines: bool = True
    ) -> list[list[int]]:
        """Every row writes until it stops or has `limit` tokens, whichever is first.

        A row stops with its line, or without `whole_lines` only with the end mark.
        Returns the new tokens of each row, its stop token included.  At a temperature
        above 0 `logprobs` then has the log-likelihood of each row's tokens under the
        model itself, untempered.
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
        # The last token of each line was chosen but not read.
        self.pending = [line[-1:] for line in written]
        self.logprobs = likelihood.tolist()
        return written

    def read(self, ids: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Run the model over new tokens; logits after the last one, [rows, vocabulary].

        `ids`, `real`: [rows, new]; tokens with `real` 0 are padding that nobody sees.
        """
        self.mask = torch.cat([self.mask, real], 1)
        positions = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        out = self.model(
            input_ids=ids,
            attention_mask=self.mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1].float()

    def choose(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        """Greedy at temperature 0, else a draw from the tempered distribution."""
        if temperature == 0:
            return logits.argmax(-1)
        chances = torch.softmax(logits / temperature, -1)
        return torch.multinomial(chances, 1, generator=self.generator)[:, 0]

    def amend(self, chosen: torch.Tensor, writing: torch.Tensor) -> torch.Tensor:
        """The tokens that are written: here the chosen ones (see `oracles`)."""
        return chosen

    def text(self, ids: Sequence[int], strip: bool = True) -> str:
        """The text of written tokens, without the stop mark."""
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip() if strip else text


def stop_ids(tokenizer) -> torch.Tensor:
    """Every token that ends a line: those with a new line in them, and the end mark."""
    stops = [i for i, text in enumerate(token_texts(tokenizer)) if "\n" in text]
    return torch.tensor(sorted({*stops, tokenizer.eos_token_id}))


def token_texts(tokenizer) -> list[str]:
    """The text of every token by itself, in the order of the vocabulary."""
    return tokenizer.batch_decode([[i] for i in range(len(tokenizer))])


def right_aligned(
    rows: Sequence[list[int]], filler: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of ids padded on the left, and which are real: both [rows, width]."""
    width = max(len(row) for row in rows)
    ids = torch.tensor([[filler] * (width - len(row)) + row for row in rows])
    real = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids.to(device), real.to(device)
