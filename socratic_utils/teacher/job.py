"""What is asked for: jobs of missing samples, and the rows that replies become.

    >>> request = {"model": "toy", "prompt": "How many?", "temperature": 1.0, "seed": 0}
    >>> job = Job("p-1", "cot", "a1b2", request, samples=(0, 1), keys=("ab", "cd"))
    >>> [one.samples for one in missing([job], known=["ab"])]
    [(1,)]

Not covered: sending them (`live`, `batch`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .cost import characters_of
from .errors import RefusedError


@dataclass(frozen=True)
class Job:
    """Missing samples of one problem: their numbers, their keys, and what is asked.

    `request` is the canonical request of the first sample; the others differ in their
    seed alone.
    """

    problem_id: str
    style: str
    prompt_hash: str
    request: dict
    samples: tuple[int, ...]
    keys: tuple[str, ...]

    def part(self, places: Iterable[int]) -> Job:
        """The job of the samples at these places alone."""
        places = list(places)
        return replace(
            self,
            request={**self.request, "seed": self.samples[places[0]]},
            samples=tuple(self.samples[i] for i in places),
            keys=tuple(self.keys[i] for i in places),
        )

    def singles(self, done: int = 0) -> list[Job]:
        """A job for each sample but the first `done`."""
        return [self.part([i]) for i in range(done, len(self.samples))]

    def stubs(self) -> list[dict]:
        """What a row of each sample says beside the reply."""
        return [
            {
                "key": key,
                "model": self.request["model"],
                "problem_id": self.problem_id,
                "style": self.style,
                "sample": sample,
                "temperature": self.request["temperature"],
                "prompt_hash": self.prompt_hash,
                "prompt_characters": characters_of(self.request),
            }
            for key, sample in zip(self.keys, self.samples, strict=True)
        ]


def missing(jobs: Sequence[Job], known: Iterable[str]) -> list[Job]:
    """The jobs with the samples whose keys are not known, each only once."""
    seen = set(known)
    result = []
    for job in jobs:
        places = [i for i, key in enumerate(job.keys) if key not in seen]
        seen.update(job.keys)
        if len(places) == len(job.keys):
            result.append(job)  # as nearly always; a copy costs more than the look
        elif places:
            result.append(job.part(places))
    return result


@dataclass
class Refusals:
    """How many samples the endpoint refuses for good, and the first reason."""

    count: int = 0
    reason: RefusedError | None = None

    def add(self, reason: RefusedError, count: int = 1) -> None:
        self.count, self.reason = self.count + count, self.reason or reason


def reply_row(stub: dict, reply: dict, logprobs: bool, **more: object) -> dict:
    """A row as it is stored: who was asked for what, and the reply.

    Without `logprobs` in the request the row says nothing of them, so that asking for
    them later is another request and not a contradiction.
    """
    row = {**stub, **reply, **more}
    if not logprobs:
        del row["logprob"], row["tokens"]
    return row
