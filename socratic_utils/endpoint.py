"""One request to one OpenAI-compatible endpoint, and what came back as plain rows.

Chat models get messages; `api="completion"` is for servers of plain completion models,
which is what both papers' teachers were: instruction, exemplars and problem are then
one text.  What may pass is tried again with capped back-off (429, 5xx, a connection
cut, a reply that is no JSON or holds no choice), for as many attempts as
`max_retries` says; any other 4xx is final at once.  The key comes from the environment
only and is in no message.

Not covered: streaming, tools, images.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

KEY_VARIABLE = "OPENAI_API_KEY"
APIS = ("chat", "completion")
MODES = ("live", "batch")
LONGEST_PAUSE = 8.0  # seconds between two attempts, as in the openai client
LAST_WORDS = ["\n\nProblem:"]  # where a completion model would begin another exemplar


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


class RefusedError(TeacherError):
    """This one request is refused for good; others may well be answered."""


@dataclass
class Endpoint:
    """Where a model is served.  `base_url=None` is OpenAI."""

    model: str
    base_url: str | None = None
    served_as: str | None = None
    api: str = "chat"
    timeout: float = 600.0
    max_retries: int = 6

    def __post_init__(self) -> None:
        if self.api not in APIS:
            raise ValueError(f"api must be one of {APIS}, not {self.api!r}")
        self._client: Any = None

    @property
    def has_address(self) -> bool:
        """Whether there is anybody to ask: a server, or a key for OpenAI."""
        return self.base_url is not None or bool(_key())

    @property
    def client(self) -> Any:
        """The `openai` client, made when it is first needed."""
        if self._client is None:
            import openai

            self._client = openai.OpenAI(
                api_key=_key() or "none",  # local servers want some value
                base_url=self.base_url,
                timeout=self.timeout,
                max_retries=self.max_retries,
            )
        return self._client

    @property
    def path(self) -> str:
        """The API's path, as batch jobs name it."""
        return "/v1/chat/completions" if self.api == "chat" else "/v1/completions"

    def body(self, request: dict, n: int = 1, logprobs: bool = False) -> dict:
        """What is sent for a canonical request."""
        body = {**request, "model": self.served_as or self.model}
        body.pop("api", None)
        if n > 1:
            body["n"] = n
        if logprobs:
            body["logprobs"] = True if self.api == "chat" else 1
        if self.api == "completion":
            body["stop"] = LAST_WORDS
        return body

    def ask(self, request: dict, n: int = 1, logprobs: bool = False) -> list[dict]:
        """Between 1 and `n` replies, as `reply_rows` gives them.

        Raises RefusedError for this request alone, TeacherError when there is no point
        in asking further.
        """
        import openai

        body = self.body(request, n, logprobs)
        create = (
            self.client.chat.completions.create
            if self.api == "chat"
            else self.client.completions.create
        )
        problem = "no reply"
        for attempt in range(max(1, self.max_retries)):
            try:
                reply = create(**body)
                rows = reply_rows(reply.model_dump(), n)
                if rows:
                    return rows
                problem = "a reply without a choice"
            except openai.APIStatusError as error:  # after the client's own retries
                raise explained(self.model, error) from None
            except openai.APIConnectionError:
                raise TeacherError(
                    f"the teacher at {self.client.base_url} cannot be reached: start "
                    f"its server or correct --teacher-url; what was answered is kept"
                ) from None
            except AttributeError:  # the client hands on what is no JSON as text
                problem = "a reply that is not JSON"
            except (openai.APIResponseValidationError, ValueError):
                problem = "a reply that is not valid JSON"
            if attempt + 1 < self.max_retries:
                time.sleep(min(2.0**attempt, LONGEST_PAUSE))
        raise TeacherError(
            f"{self.model} gave {problem} {max(1, self.max_retries)} times in a row; "
            f"what was answered before is kept, so run again later"
        )


def reply_rows(reply: dict, n: int = 1) -> list[dict]:
    """A row for each choice of a reply: text, finish_reason, tokens, logprob.

    `reply` is the decoded JSON of a chat or plain completion.  `completion_tokens` is
    split evenly when one reply holds several choices; `logprob` is the sum over the
    choice's `tokens` tokens, both None where the endpoint gives none.  Choices
    without a text are left out, and so is what exceeds `n`.
    """
    rows = []
    choices = [c for c in reply.get("choices") or () if isinstance(c, dict)]
    usage = reply.get("usage") or {}
    for choice in choices[:n]:
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else None
        text = choice.get("text") if text is None else text
        finish = choice.get("finish_reason")
        if text is None and finish != "content_filter":
            continue
        values = _logprobs(choice.get("logprobs"))
        rows.append(
            {
                "text": text or "",
                "finish_reason": finish,
                "logprob": round(sum(values), 4) if values else None,
                "tokens": len(values) or None,
            }
        )
    for row in rows:
        row["prompt_tokens"] = usage.get("prompt_tokens") if row is rows[0] else 0
        total = usage.get("completion_tokens")
        row["completion_tokens"] = row["tokens"] or _share(total, len(rows))
    return rows


def _share(total: int | None, parts: int) -> int | None:
    return None if total is None else round(total / parts)


def _logprobs(found: Any) -> list[float]:
    """Token log-likelihoods, from the chat form or the completion form."""
    if not isinstance(found, dict):
        return []
    if found.get("token_logprobs"):
        return [float(v) for v in found["token_logprobs"] if v is not None]
    return [float(t["logprob"]) for t in found.get("content") or ()]


def explained(model: str, error: Any) -> TeacherError:
    """An HTTP error as one sentence, without the server's own words.

    Servers have been seen to echo the key.
    """
    status = error.status_code
    advice = {
        401: f"the key in {KEY_VARIABLE} is not accepted",
        403: f"the key in {KEY_VARIABLE} may not use this model",
        404: f"the endpoint does not know {model}: give the name it serves it by",
        429: "too many requests for too long: wait, or lower the concurrency",
    }
    other = "the server fails" if status >= 500 else "the request was refused"
    code = str(getattr(error, "code", None) or "")
    if "context_length" in code:
        other = "the prompt is longer than the model's context: take shorter problems"
    if code == "content_filter":
        other = "its content filter refuses this problem"
    sentence = f"teacher {model}, HTTP {status}: {advice.get(status, other)}"
    final = status in advice or status >= 500
    kind = TeacherError if final else RefusedError
    return kind(f"{sentence}; answers so far are kept")


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()
