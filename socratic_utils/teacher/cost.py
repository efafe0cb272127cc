"""What a teacher costs, before and while it is asked.

Prices are in dollars a million tokens, from `resources/prices.csv` or the file that
SOCRATIC_PRICES names: they change, so edit them.  A batch job costs half.  Tokens of a
request that was not made yet are *estimated*: from what the same model's cached replies
used, a character, and where there are none at four characters a token.
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
    """Dollars a million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Dollars for so many tokens."""
        spent = self.prompt * prompt_tokens + self.completion * completion_tokens
        return spent / 1e6


def price_table() -> Path:
    """The file that prices are read from."""
    own = os.environ.get(PRICES_VARIABLE)
    folder = resources.files("socratic_utils.teacher")
    return Path(own or str(folder / "prices.csv"))


def price_of(model: str, batch: bool = False) -> Price | None:
    """The price of a model, or None where the table does not have it.

    Raises ValueError that names the file and line of a row that is no price.
    """
    path = price_table()
    if not path.exists():
        raise ValueError(f"{path} does not exist: correct or unset {PRICES_VARIABLE}")
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                found = Price(float(row["prompt"]), float(row["completion"]))
                if not all(0 <= p < math.inf for p in (found.prompt, found.completion)):
                    raise ValueError
            except (KeyError, TypeError, ValueError):
                raise ValueError(
                    f"{path}, line {line}: give model, prompt and completion, dollars "
                    f"a million tokens"
                ) from None
            if row.get("model") == model:
                share = BATCH_SHARE if batch else 1.0
                return Price(found.prompt * share, found.completion * share)
    return None


def need_price(model: str, batch: bool = False) -> Price:
    """The price of a model.  Raises TeacherError that says where to put it."""
    price = price_of(model, batch)
    if price is None:
        raise TeacherError(
            f"no price is known for {model}, so its cost cannot be limited: add a line "
            f"to {price_table()} or to a copy that {PRICES_VARIABLE} names"
        )
    return price


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
        def total(one: float | None, two: float | None) -> float | None:
            return None if one is None or two is None else one + two

        return Estimate(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            total(self.dollars, other.dollars),
            total(self.hours, other.hours),
            self.basis,
        )

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

    A prompt is paid once for all its chains.  `known` are replies of the same model:
    their tokens and seconds are the measure.
    """
    used = [r for r in known if r.get("prompt_tokens") and r.get("prompt_characters")]
    if used:
        characters = sum(r["prompt_characters"] for r in used)
        ratio = characters / sum(r["prompt_tokens"] for r in used)
    else:
        ratio = CHARACTERS_A_TOKEN
    chains = sum(count for _, count in requests)
    lengths = [r["completion_tokens"] for r in known if r.get("completion_tokens")]
    completion = sum(lengths) / len(lengths) if lengths else TYPICAL_COMPLETION
    seconds = [r["seconds"] for r in known if r.get("seconds")]
    hours = None
    if seconds:
        rate = max(1, concurrency) * len(seconds) / sum(seconds)  # chains a second
        hours = chains / rate / 3600
    prompt_tokens = round(sum(characters_of(r) for r, _ in requests) / ratio)
    completion_tokens = round(completion * chains)
    return Estimate(
        len(requests),
        prompt_tokens,
        completion_tokens,
        None if price is None else price.of(prompt_tokens, completion_tokens),
        hours,
        "estimated from cached replies" if used or lengths else "estimated",
    )


def characters_of(request: dict) -> int:
    """Characters of a canonical request's prompt."""
    if "prompt" in request:
        return len(request["prompt"])
    return sum(len(message["content"]) for message in request["messages"])


def bytes_of(request: dict) -> int:
    """UTF-8 bytes of a canonical request's prompt and its roles."""
    if "prompt" in request:
        return len(request["prompt"].encode())
    return len(json.dumps(request["messages"], ensure_ascii=False).encode())


def spent(rows: Sequence[dict], price: Price) -> float:
    """Dollars that these replies cost, at the live `price`; batch jobs cost less.

    Where an endpoint does not say what it used, the characters are counted as tokens:
    rather too much than too little.
    """
    total = 0.0
    for row in rows:
        prompt, completion = row.get("prompt_tokens"), row.get("completion_tokens")
        prompt = row.get("prompt_characters", 0) if prompt is None else prompt
        completion = len(row.get("text", "")) if completion is None else completion
        total += price.of(prompt, completion) * (BATCH_SHARE if row.get("batch") else 1)
    return total


def reserved(stubs: Sequence[dict], price: Price, max_tokens: int) -> float:
    """Dollars that chains in batch jobs under way cost at most, `price` that of jobs.

    A stub does not have its prompt: its characters are counted as tokens.
    """
    prompts = sum(stub.get("prompt_characters", 0) for stub in stubs)
    return price.of(prompts, max_tokens * len(stubs))


class Budget:
    """Lets a request through only while the worst case stays within `max_cost`.

    `already` dollars are counted in; a request's worst case is its prompt and its
    whole token limit, and what it really used replaces that when the reply is in.
    """

    def __init__(self, max_cost: float, price: Price, already: float = 0.0) -> None:
        if max_cost <= 0:
            raise ValueError(f"max_cost must be above 0 dollars, not {max_cost}")
        self.max_cost, self.price, self.spent = max_cost, price, already
        self.pending = 0.0

    def worst(self, request: dict, n: int = 1) -> float:
        """Dollars a request can cost at most: no token is shorter than a byte."""
        return self.price.of(bytes_of(request), request["max_tokens"] * n)

    def admit(self, worst: float) -> bool:
        """Reserve a request's worst case, or say that it would pass the limit."""
        if self.spent + self.pending + worst > self.max_cost:
            return False
        self.pending += worst
        return True

    def settle(self, worst: float, rows: Sequence[dict]) -> None:
        """Replace a reservation by what was used; no rows: nothing was."""
        self.pending -= worst
        self.spent += spent(rows, self.price)
