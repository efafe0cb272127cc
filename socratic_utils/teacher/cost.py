"""What a teacher costs, before and while it is asked.

Prices are in dollars per million tokens, read from `prices.csv` or from the file that
SOCRATIC_PRICES names: they change, so edit them.  A batch job costs half.  The tokens
of future requests are *estimated* from the cached replies of the same model, or from
four characters per token where there are none:

    >>> price_of("gpt-4.1-mini").of(prompt_tokens=1_000_000, completion_tokens=0)
    0.4

Not covered: prices of cached prompts, of images, of fine-tuned models.
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from .errors import TeacherError

PRICES_VARIABLE = "SOCRATIC_PRICES"
BATCH_SHARE = 0.5  # of the price of a live request
CHARACTERS_A_TOKEN = 4.0
TYPICAL_COMPLETION = 120  # tokens of a chain, where no reply is known yet


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """The price of so many tokens, in dollars."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


def price_table() -> Path:
    """The file that prices are read from."""
    own = os.environ.get(PRICES_VARIABLE)
    return Path(own or str(resources.files(__package__) / "prices.csv"))


def price_of(model: str, batch: bool = False) -> Price | None:
    """The price of a model, or None if the table does not have it.

    Raises ValueError that names the file and line of a row that is no price.
    """
    path = price_table()
    if not path.exists():
        raise ValueError(f"{path} does not exist: correct or unset {PRICES_VARIABLE}")
    share = BATCH_SHARE if batch else 1.0
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                found = [float(row[name]) for name in ("prompt", "completion")]
                if not all(0 <= price < math.inf for price in found):
                    raise ValueError
            except (KeyError, TypeError, ValueError):
                raise ValueError(
                    f"{path}, line {line}: give model, prompt and completion, dollars "
                    f"a million tokens"
                ) from None
            if row.get("model") == model:
                return Price(*(price * share for price in found))
    return None


def need_price(model: str, batch: bool = False) -> Price:
    """The price of a model.  Raises TeacherError that says where to put it."""
    if price := price_of(model, batch):
        return price
    raise TeacherError(
        f"no price is known for {model}, so its cost cannot be limited: add a line to "
        f"{price_table()} or to a copy that {PRICES_VARIABLE} names"
    )


@dataclass(frozen=True)
class Estimate:
    """What requests would cost; `dollars` and `hours` are None where unknown."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None
    hours: float | None
    basis: str

    def __add__(self, other: Estimate) -> Estimate:
        def total(name: str) -> float | None:
            both = (getattr(self, name), getattr(other, name))
            return None if None in both else sum(both)

        names = ("requests", "prompt_tokens", "completion_tokens", "dollars", "hours")
        return Estimate(*map(total, names), self.basis)

    def __str__(self) -> str:
        dollars = "price unknown" if self.dollars is None else f"${self.dollars:,.2f}"
        hours = "time unknown" if self.hours is None else f"{self.hours:.1f} h"
        return (
            f"{self.requests:,} requests, {self.prompt_tokens:,} prompt and "
            f"{self.completion_tokens:,} completion tokens ({self.basis}), {dollars}, "
            f"{hours}"
        )


def estimate(
    requests: Sequence[tuple[dict, int]],
    known: Sequence[dict],
    price: Price | None,
    concurrency: int = 1,
) -> Estimate:
    """What canonical requests, each with its number of chains, would cost.

    A prompt is paid once for all its chains.  The tokens and seconds of the `known`
    replies of the same model are the basis.
    """
    used = [r for r in known if r.get("prompt_tokens") and r.get("prompt_characters")]
    ratio = CHARACTERS_A_TOKEN
    if used:
        characters = sum(r["prompt_characters"] for r in used)
        ratio = characters / sum(r["prompt_tokens"] for r in used)
    lengths = [r["completion_tokens"] for r in known if r.get("completion_tokens")]
    length = sum(lengths) / len(lengths) if lengths else TYPICAL_COMPLETION
    seconds = [r["seconds"] for r in known if r.get("seconds")]
    chains, hours = sum(count for _, count in requests), None
    if seconds:
        mean = sum(seconds) / len(seconds)
        hours = chains * mean / max(1, concurrency) / 3600
    prompt = round(sum(characters_of(r) for r, _ in requests) / ratio)
    completion = round(length * chains)
    dollars = None if price is None else price.of(prompt, completion)
    basis = "estimated from cached replies" if used or lengths else "estimated"
    return Estimate(len(requests), prompt, completion, dollars, hours, basis)


def characters_of(request: dict) -> int:
    """Characters of a canonical request's prompt."""
    if "prompt" in request:
        return len(request["prompt"])
    return sum(len(message["content"]) for message in request["messages"])


def spent(rows: Sequence[dict], price: Price) -> float:
    """Dollars that these replies cost, at the live `price`; batch jobs cost less.

    Where an endpoint does not report tokens, characters are counted as tokens, which
    is an upper bound.
    """
    total = 0.0
    for row in rows:
        prompt, completion = row.get("prompt_tokens"), row.get("completion_tokens")
        prompt = row.get("prompt_characters", 0) if prompt is None else prompt
        completion = len(row.get("text", "")) if completion is None else completion
        total += price.of(prompt, completion) * (BATCH_SHARE if row.get("batch") else 1)
    return total


def reserved(stubs: Sequence[dict], price: Price, max_tokens: int) -> float:
    """Upper bound, in dollars, on chains in open batch jobs; `price` is that of jobs.

    A stub does not have its prompt: its characters are counted as tokens.
    """
    prompts = sum(stub.get("prompt_characters", 0) for stub in stubs)
    return price.of(prompts, max_tokens * len(stubs))


class Budget:
    """Admits a request only while the worst case stays within `max_cost` dollars.

    `already` dollars are spent.  A request's worst case is its prompt and its whole
    token limit; when the reply is in, what it really used replaces that.
    """

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
