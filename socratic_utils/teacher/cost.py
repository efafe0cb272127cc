"""What a teacher costs, before and while it is asked.

Prices are in dollars per million tokens, from `prices.csv` or the file that
SOCRATIC_PRICES names: they change, so edit them, with the day you `read` them.  Tokens
of future requests are *estimated* from the model's cached replies, or from four
characters per token.
"""

import csv
import json
import os
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from .endpoint.errors import TeacherError

PRICES_VARIABLE = "SOCRATIC_PRICES"
OLD_DAYS = 365  # since a price was read
BATCH_SHARE = 0.5  # of the price of a live request
CHARACTERS_A_TOKEN = 4.0
TYPICAL_COMPLETION = 120  # tokens of a chain, where no reply is known yet


class Price(NamedTuple):
    """Dollars per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


def price_table() -> Path:
    shipped = Path(__file__).with_name("prices.csv")
    return Path(os.environ.get(PRICES_VARIABLE) or shipped)


def price_of(model: str, batch: bool = False) -> Price | None:
    """The price of a model, or None; with a warning, if it was read over a year ago.
    ValueError names a row that is no price."""
    path, share = price_table(), BATCH_SHARE if batch else 1.0
    if not path.exists():
        raise ValueError(f"{path} does not exist: correct or unset {PRICES_VARIABLE}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                prompt, completion = float(row["prompt"]), float(row["completion"])
                read = date.fromisoformat(row.get("read") or date.today().isoformat())
            except (KeyError, TypeError, ValueError):
                columns = "model, prompt and completion, dollars a million tokens"
                what = f"give {columns}, and the day they were read, such as 2026-11-29"
                raise ValueError(f"{path}, line {line}: {what}") from None
            if row.get("model") == model:
                if (date.today() - read).days > OLD_DAYS:
                    what = f"the price of {model} was read on {read}"
                    warnings.warn(f"{what}: look it up and edit {path}", stacklevel=2)
                return Price(share * prompt, share * completion)
    return None


class Estimate(NamedTuple):
    """What requests would cost; `dollars` and `hours` are None where unknown."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None
    hours: float | None
    basis: str

    def __add__(self, other: "Estimate") -> "Estimate":
        pairs = zip(self[:-1], other[:-1], strict=True)
        return Estimate(*(None if None in p else sum(p) for p in pairs), self.basis)

    def __str__(self) -> str:
        if not self.requests:
            return f"no requests ({self.basis})"
        dollars = "price unknown" if self.dollars is None else f"${self.dollars:,.2f}"
        hours = "time unknown" if self.hours is None else f"{self.hours:.1f} h"
        prompt, completion = f"{self.prompt_tokens:,}", f"{self.completion_tokens:,}"
        tokens = f"{prompt} prompt and {completion} completion tokens ({self.basis})"
        return f"{self.requests:,} requests, {tokens}, {dollars}, {hours}"


def estimate(
    requests: Sequence[tuple[dict, int]], known: Sequence[dict], price: Price | None,
    concurrency: int = 1,
) -> Estimate:  # fmt: skip
    """What canonical requests, each with its number of chains, would cost."""

    def mean(name: str) -> float | None:
        values = [row[name] for row in known if row.get(name)]
        return sum(values) / len(values) if values else None

    used = [r for r in known if r.get("prompt_tokens") and r.get("prompt_characters")]
    tokens = sum(row["prompt_tokens"] for row in used)
    characters = sum(row["prompt_characters"] for row in used)
    ratio = characters / tokens if used else CHARACTERS_A_TOKEN
    chains = sum(count for _, count in requests)
    prompt = round(sum(characters_of(request) for request, _ in requests) / ratio)
    completion = round((mean("completion_tokens") or TYPICAL_COMPLETION) * chains)
    dollars = None if price is None else price.of(prompt, completion)
    if hours := mean("seconds"):
        hours *= chains / max(1, concurrency) / 3600
    basis = "estimated from cached replies" if known else "estimated"
    basis = basis if requests else "every reply is recorded or cached"
    return Estimate(len(requests), prompt, completion, dollars, hours, basis)


def characters_of(request: dict) -> int:
    """Characters of a canonical request's prompt."""
    messages = request.get("messages") or [{"content": request["prompt"]}]
    return sum(len(message["content"]) for message in messages)


def spent(rows: Sequence[dict], price: Price) -> float:
    """Dollars that these replies cost, at the live `price`; batch jobs cost less."""
    total = 0.0
    for row in rows:  # characters are an upper bound of tokens that are not reported
        prompt, completion = row.get("prompt_tokens"), row.get("completion_tokens")
        prompt = row.get("prompt_characters", 0) if prompt is None else prompt
        completion = len(row.get("text", "")) if completion is None else completion
        total += price.of(prompt, completion) * (BATCH_SHARE if row.get("batch") else 1)
    return total


class Budget:
    """Admits requests while the worst case stays within `max_cost` dollars."""

    def __init__(self, max_cost: float, price: Price, already: float = 0.0) -> None:
        if max_cost <= 0:
            raise ValueError(f"max_cost must be above 0 dollars, not {max_cost}")
        self.max_cost, self.price, self.spent = max_cost, price, already
        self.pending = 0.0

    def worst(self, request: dict, n: int = 1) -> float:
        """Dollars that a request can cost at most: a token has at least one byte."""
        asked = request.get("prompt", request.get("messages"))
        size = len(json.dumps(asked, ensure_ascii=False).encode())
        return self.price.of(size, request["max_tokens"] * n)

    def admit(self, worst: float) -> bool:
        """Reserve a request's worst case; False if that would exceed the limit."""
        if self.spent + self.pending + worst > self.max_cost:
            return False
        self.pending += worst
        return True

    def settle(self, worst: float, rows: Sequence[dict]) -> None:
        """Replace a reservation by what was used; no rows: nothing was."""
        self.pending -= worst
        self.spent += spent(rows, self.price)

    def exceeded(self, worst: float, what: str = "next request") -> TeacherError:
        """Why something that was not admitted is not sent."""
        return TeacherError(
            f"the {what} could cost ${worst:.4f} and could pass --max-cost "
            f"{self.max_cost:g} dollars, of which {self.spent:.4f} are spent: answers "
            f"so far are kept, raise --max-cost to go on from there"
        )
