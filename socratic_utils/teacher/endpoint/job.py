"""What is asked for: jobs of missing samples, and the rows that replies become.

>>> request = {"model": "toy", "prompt": "How many?", "temperature": 1.0, "seed": 0}
>>> job = Job("p-1", "cot", "a1b2", request, samples=(0, 1), keys=("ab", "cd"))
>>> [one.samples for one in missing([job], known=["ab"])]
[(1,)]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cost import characters_of


@dataclass(frozen=True)
class Job:
    """Samples of one problem: their numbers, their keys, and what is asked."""

    problem_id: str
    style: str
    prompt_hash: str
    request: dict  # of the first sample; the others differ from it in their seed
    samples: tuple[int, ...]
    keys: tuple[str, ...]

    def part(self, places: Sequence[int]) -> "Job":
        """The job of the samples at these places alone."""
        return replace(
            self,
            request={**self.request, "seed": self.samples[places[0]]},
            samples=tuple(self.samples[i] for i in places),
            keys=tuple(self.keys[i] for i in places),
        )

    def singles(self, done: int = 0) -> list["Job"]:
        """A job for each sample but the first `done`."""
        return [self.part([i]) for i in range(done, len(self.samples))]

    def stubs(self) -> list[dict]:
        """What the row of each sample holds beside the reply."""
        common = {name: self.request[name] for name in ("model", "temperature")}
        for name in ("problem_id", "style", "prompt_hash"):
            common[name] = getattr(self, name)
        common["prompt_characters"] = characters_of(self.request)
        pairs = zip(self.keys, self.samples, strict=True)
        return [{"key": key, "sample": sample, **common} for key, sample in pairs]


def missing(jobs: Sequence[Job], known: Iterable[str]) -> list[Job]:
    """The jobs with the samples whose keys are not known, each only once."""
    seen = set(known)
    result = []
    for job in jobs:
        places = [i for i, key in enumerate(job.keys) if key not in seen]
        seen.update(job.keys)
        if places:
            result.append(job.part(places))
    return result


def reply_rows(reply: dict, n: int = 1, logprobs: bool = True) -> list[dict]:
    """A row for each of at most `n` choices of a decoded chat or plain completion.

    `logprob` is the sum over the `tokens` tokens of a choice, both None where the
    endpoint gives none, and absent without `logprobs`: requesting them later is a new
    request.  A choice without a message, or that ended with an error, is skipped.
    """
    choices = [c for c in reply.get("choices") or () if isinstance(c, dict)]
    rows = [row for choice in choices[:n] if (row := _choice_row(choice))]
    usage = reply.get("usage") or {}
    total = usage.get("completion_tokens")
    for row in rows:
        row["prompt_tokens"] = usage.get("prompt_tokens") if row is rows[0] else 0
        share = None if total is None else round(total / len(rows))
        row["completion_tokens"] = row["tokens"] or share
        if not logprobs:
            del row["logprob"], row["tokens"]
    return rows


def _choice_row(choice: dict) -> dict | None:
    message, finish = choice.get("message"), choice.get("finish_reason")
    text = message.get("content") if isinstance(message, dict) else None
    text = choice.get("text") if text is None else text
    ended = isinstance(message, dict) and finish is not None
    if text is None and (ended or finish == "content_filter"):
        text = ""  # a refusal, or all tokens were spent on thinking
    if not isinstance(text, str) or finish == "error":  # asked for again
        return None
    values = _logprobs(choice.get("logprobs"))
    return {
        "text": text.encode("utf-8", "replace").decode(),  # JSON may hold half of one
        "finish_reason": finish,
        "logprob": round(sum(values), 4) if values else None,
        "tokens": len(values) or None,
    }


def _logprobs(found: Any) -> list[float]:
    """Token log-likelihoods, from the chat form or the completion form."""
    if not isinstance(found, dict):
        return []
    if found.get("token_logprobs"):
        return [float(v) for v in found["token_logprobs"] if v is not None]
    values = [token.get("logprob") for token in found.get("content") or ()]
    return [] if None in values else [float(value) for value in values]
