"""One request to one OpenAI-compatible endpoint, and what came back as plain rows.

Chat models get messages; `api="completion"` is for servers of plain completion models,
which is what both papers' teachers were: instruction, exemplars and problem are then
one text.  What may pass is tried again `max_retries` times with capped back-off
(429, 5xx, a connection cut, a reply that is no JSON or holds no choice), after as long
as Retry-After says; any other 4xx is final at once.  The key comes from the environment
only, and neither it nor a server's own words are in a message.

Not covered: streaming, tools, images.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from dataclasses import dataclass
from typing import Any

from .address import (
    APIS,
    KEY_VARIABLE,
    PassingError,
    RefusedError,
    TeacherError,
    check_address,
)
from .transport import NoReply, StatusError, Transport

LONGEST_PAUSE = 8.0  # seconds between two attempts, as in the openai client
LONGEST_WAIT = 3600.0  # seconds: up to here a Retry-After is obeyed
LONG_WAIT = 60.0  # and from here on the user is told
PASSING = (408, 409, 425, 429)  # and 5xx: another time it may work
LAST_WORDS = ["\n\nProblem:"]  # where a completion model would begin another exemplar


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
        if self.base_url is not None:
            check_address(self.base_url)
        self._client: Any = None
        self._transport: Transport | None = None
        self.stopped = False  # set when nobody wants an answer any more

    @property
    def has_address(self) -> bool:
        """Whether there is anybody to ask: a server, or a key for OpenAI."""
        return self.base_url is not None or bool(_key())

    @property
    def client(self) -> Any:
        """The `openai` client, made when it is first needed."""
        if self._client is None:
            import openai

            if not (_key().isascii() and _key().isprintable()):
                raise TeacherError(
                    f"the key in {KEY_VARIABLE} holds characters that no key has: copy "
                    f"it again"
                )
            self._client = openai.OpenAI(
                api_key=_key() or "none",  # local servers want some value
                base_url=self.base_url,
                timeout=self.timeout,
                max_retries=self.max_retries,
            )
        return self._client

    @property
    def transport(self) -> Transport:
        """What live requests go through: to the address, with the client's headers."""
        if self._transport is None:
            headers = self.client.default_headers | self.client.auth_headers
            # What is no text marks a header that is left out.
            headers = {k: v for k, v in headers.items() if isinstance(v, str)}
            url = str(self.client.base_url)
            self._transport = Transport(url, headers, self.timeout)
        return self._transport

    @property
    def address(self) -> str:
        """Host and port of the server, for messages."""
        return self.client.base_url.netloc.decode().rpartition("@")[2]

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
        body = self.body(request, n, logprobs)
        for attempt in range(self.max_retries + 1):
            try:
                return self._once(body, n)
            except PassingError as error:
                last = error
            if attempt < self.max_retries:
                back_off = min(0.5 * 2.0**attempt, LONGEST_PAUSE)
                self._wait(last.pause or back_off * random.uniform(0.75, 1.0))
        raise last

    def _once(self, body: dict, n: int) -> list[dict]:
        """The replies to one request.  Raises PassingError, and what is final."""
        try:
            reply = json.loads(self.transport.post(self.path.removeprefix("/v1"), body))
            if rows := reply_rows(reply, n):
                return rows
            problem = "gave a reply without a choice"
        except StatusError as error:
            told = explained(self.model, error)
            passing = error.status_code >= 500 or error.status_code in PASSING
            if not passing or error.retry_after > LONGEST_WAIT:
                raise told from None
            raise PassingError(str(told), error.retry_after) from None
        except NoReply as error:
            if not error.timed_out:
                raise PassingError(
                    f"the teacher at {self.address} cannot be reached: start its "
                    f"server or correct --teacher-url; what was answered is kept"
                ) from None
            problem = f"did not answer within {self.timeout:g} seconds"
        except ValueError:
            problem = "gave a reply that is not JSON"
        except (AttributeError, KeyError, TypeError):
            problem = "gave a reply that is not as the API has it"
        raise PassingError(
            f"the teacher {self.model} {problem}, several times; what was answered "
            f"before is kept, so run again later"
        )

    def _wait(self, seconds: float) -> None:
        """Sleep, but not on when nobody waits for the answer."""
        if seconds >= LONG_WAIT:
            print(f"{self.model} asks to wait {seconds:.0f} seconds", flush=True)
        while seconds > 0 and not self.stopped:
            time.sleep(min(seconds, 1.0))
            seconds -= 1.0
        if self.stopped:
            raise TeacherError("interrupted; answers so far are kept")


def reply_rows(reply: dict, n: int = 1) -> list[dict]:
    """A row for each choice of a reply: text, finish_reason, tokens, logprob.

    `reply` is the decoded JSON of a chat or plain completion.  `completion_tokens` is
    split evenly when one reply holds several choices; `logprob` is the sum over the
    choice's `tokens` tokens, both None where the endpoint gives none.  A message that
    ended without a text (a refusal, all tokens spent on thinking) is an empty one.
    Choices without a message are left out, and so is what exceeds `n`.
    """
    rows = []
    choices = [c for c in reply.get("choices") or () if isinstance(c, dict)]
    usage = reply.get("usage") or {}
    for choice in choices[:n]:
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else None
        text = choice.get("text") if text is None else text
        if isinstance(text, str):  # half of a character is JSON, but no text
            text = text.encode("utf-8", "replace").decode()
        if not isinstance(text, str | None):
            continue
        finish = choice.get("finish_reason")
        ended = isinstance(message, dict) and finish is not None
        if text is None and not ended and finish != "content_filter":
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
    """An HTTP error as one sentence, not in the server's words: some echo the key."""
    status = error.status_code
    code = str(getattr(error, "code", None) or "")
    told = f"{code} {error}".lower()
    no_credit = "the account has no credit left: look at your provider's page"
    advice = {
        401: f"the key in {KEY_VARIABLE} is not accepted",
        402: no_credit,
        403: f"the key in {KEY_VARIABLE} may not use this model",
        404: f"the endpoint does not know {model}: give the name it serves it by",
        429: "too many requests for too long: wait, or lower the concurrency",
    }
    moved = "the address has moved: correct --teacher-url"
    advice |= dict.fromkeys(range(300, 400), moved)
    if code == "insufficient_quota":
        advice[429] = no_credit
    passing = status >= 500 or status in PASSING
    other = "the server fails" if passing else "the request was refused"
    by_content = False
    if not passing and "context" in told and re.search("length|exceed|maximum", told):
        other = "the prompt is longer than the model's context: take shorter problems"
        by_content = True
    elif code == "content_filter":
        other, by_content = "its content filter refuses this problem", True
    elif code.startswith("unsupported"):
        other = f"it does not take the parameter {getattr(error, 'param', None)!r}"
    sentence = f"teacher {model}, HTTP {status}: {advice.get(status, other)}"
    kind = TeacherError if status in advice or passing else RefusedError
    result = kind(f"{sentence}; answers so far are kept")
    if isinstance(result, RefusedError):
        result.by_content = by_content
    return result


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()
