"""What is asked for: jobs of missing samples, and the rows that replies become."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from socratic_utils.answers.replies import without_thoughts
from socratic_utils.files import content_hash

from ..cost import characters_of

STOP = ["\n\nProblem:"]  # where a completion model would begin another exemplar
# How a reply ends that is whole; any other word means that it was cut off, and after
# some of them it is asked for again.
ENDED = ("", "stop", "eos", "eos_token", "end_turn", "stop_sequence")
FAULTY = ("error", "abort", "network_error", "insufficient_system_resource")
FILTERED = ("content_filter", "safety", "recitation", "prohibited_content", "sensitive")
# Parts of a message, and fields of it.
TEXTS = ("text", "output_text")
THOUGHTS = ("thinking", "reasoning", "reasoning_content", "reasoning_details")


class Job(NamedTuple):
    """Samples of one problem: what is asked, and each sample's row without a reply."""

    request: dict  # of the first sample; the others differ from it in their seed
    stubs: Sequence[dict]

    @property
    def keys(self) -> list[str]:
        return [stub["key"] for stub in self.stubs]

    def part(self, stubs: Sequence[dict]) -> "Job":
        """The job of some of the samples alone."""
        return Job({**self.request, "seed": stubs[0]["sample"]}, stubs)

    def singles(self, done: int = 0) -> list["Job"]:
        """A job for each sample but the first `done`."""
        return [self.part([stub]) for stub in self.stubs[done:]]


def new_job(request: dict, samples: Iterable[int], **labels: str) -> Job:
    """The job of these samples; `labels`: `problem_id`, `style` and `prompt_hash`."""
    common = {"model": request["model"], "temperature": request["temperature"]}
    common |= labels | {"prompt_characters": characters_of(request)}
    keys = ((i, content_hash({**request, "seed": i}, 32)) for i in samples)
    return Job(request, [{"key": key, "sample": i, **common} for i, key in keys])


def missing(jobs: Sequence[Job], known: Iterable[str]) -> list[Job]:
    """The jobs with the samples whose keys are not known, each only once."""
    seen, result = set(known), []
    for job in jobs:
        stubs = [stub for stub in job.stubs if stub["key"] not in seen]
        seen.update(job.keys)
        if stubs:
            result.append(job.part(stubs))
    return result


def reply_rows(reply: dict, n: int = 1, logprobs: bool = True) -> list[dict]:
    """A row for each of at most `n` choices of a decoded chat or plain completion.
    `logprob` is the sum over the `tokens` tokens of a choice, both None where the
    endpoint gives none, and absent without `logprobs`: requesting them later is a new
    request.  A row with thoughts and no text has `thinking`, the number of its tokens.
    A choice without a message, or that a fault or a filter ended, is skipped."""
    prompt, total = used(reply).values()
    details = _object(_object(reply.get("usage")).get("completion_tokens_details"))
    thought = bool(_count(details.get("reasoning_tokens")))
    choices = [c for c in reply.get("choices") or () if isinstance(c, dict)]
    rows = [row for choice in choices[:n] if (row := _choice_row(choice, thought))]
    counts = [row["tokens"] for row in rows]
    exact = all(counts) and total in (None, sum(counts))  # no tokens but the text's
    for row in rows:
        row["prompt_tokens"] = prompt if row is rows[0] else 0
        share = None if total is None else round(total / len(rows))
        row["completion_tokens"] = row["tokens"] if exact else share
        if "thinking" in row:
            row["thinking"] = row["completion_tokens"] or 0
        if not logprobs:
            del row["logprob"], row["tokens"]
    return rows


def used(reply: dict) -> dict[str, int | None]:
    """`prompt_tokens` and `completion_tokens` of a reply; None where not counted."""
    names, usage = ("prompt_tokens", "completion_tokens"), _object(reply.get("usage"))
    return {name: _count(usage.get(name)) for name in names}


def was_cut(row: Mapping) -> bool:
    """Whether a reply ended in any other way than by the model's own choice."""
    return _finish(row) not in ENDED


def is_filtered(reply: dict) -> bool:
    return any(_finish(choice) in FILTERED for choice in reply.get("choices") or ())


def _choice_row(choice: dict, thought: bool) -> dict | None:
    message, finish = choice.get("message"), choice.get("finish_reason")
    if choice.get("error") or _finish(choice) in (*FAULTY, *FILTERED):
        return None  # asked for again
    fields, stop = _object(message), ""
    content = fields.get("content")
    if content is None and isinstance(choice.get("text"), str):  # a plain completion
        content, stop, _ = choice["text"].partition(STOP[0])
        finish = "stop" if stop else finish
    elif not content:  # all tokens were spent on thinking, or the model says nothing
        content = "" if fields and finish and not fields.get("tool_calls") else None
    if isinstance(content, str):
        content = {"type": "text", "text": content}
    parts = [content] if isinstance(content, dict) else content or ()
    parts = [part for part in parts if isinstance(part, dict)]
    kinds = {part.get("type") for part in parts} | {k for k, v in fields.items() if v}
    thought = thought or not kinds.isdisjoint(THOUGHTS)
    texts = [part["text"] for part in parts if part.get("type") in TEXTS]
    if not parts or not (texts or thought):
        return None
    text = "".join(texts)
    if "</think>" in text and "<think>" not in text:  # the prompt's end has opened it
        text = f"<think>{text}"
    said = without_thoughts(text).strip()
    thought, text = thought or bool(text.strip()), text if said else ""
    found = _object(choice.get("logprobs"))  # in the completion or the chat form
    tokens = [_object(token).get("logprob") for token in found.get("content") or ()]
    values = found.get("token_logprobs") or tokens
    numbers = all(isinstance(v, (int, float)) and isfinite(v) for v in values)
    if stop or said != text.strip() or not numbers:  # not of this text alone
        values = []
    row = {
        "text": text.encode("utf-8", "replace").decode(),  # JSON may hold half of one
        "finish_reason": finish,
        "logprob": round(sum(values), 4) if values else None,
        "tokens": len(values) or None,
    }
    return row if said or not thought else row | {"thinking": True}


def _finish(row: Any) -> str:
    return str(_object(row).get("finish_reason") or "").lower()


def _object(value: Any) -> Mapping:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
