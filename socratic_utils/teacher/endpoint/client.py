"""One request to one OpenAI-compatible endpoint, through the official `openai` client.

`base_url` chooses the server: OpenAI (None), vLLM, `transformers serve`, llama.cpp or
Ollama.  Chat models are sent messages; `api="completion"` is for plain completion
models such as both papers' teachers, which are sent one text:

    >>> endpoint = Endpoint("toy", "http://127.0.0.1:8000/v1", api="completion")
    >>> endpoint.body({"model": "toy", "prompt": "How many?", "seed": 0}, n=2)["n"]
    2

Connection failures, time-outs, unreadable replies and the statuses 408, 409, 425, 429
and 5xx are retried; a Retry-After of up to an hour is obeyed.  The key is read from the
environment.  Not covered: streaming, tools, images.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from . import errors
from .job import reply_rows

SECONDS_TO_CONNECT = 30.0
LONGEST_WAIT = 3600.0  # seconds: up to here a Retry-After is obeyed
UNREACHABLE = "cannot be reached: start its server or correct --teacher-url"
STOP = ["\n\nProblem:"]  # where a completion model would begin another exemplar


@dataclass
class Endpoint:
    """Where a model is served; each request may take `timeout` seconds."""

    model: str
    base_url: str | None = None
    served_as: str | None = None
    api: str = "chat"
    timeout: float = 120.0
    max_retries: int = 6

    def __post_init__(self) -> None:
        if self.api not in errors.APIS:
            raise ValueError(f"api must be one of {errors.APIS}, not {self.api!r}")
        if self.base_url is not None:
            errors.check_address(self.base_url)
        self.unsupported: set[str] = set()  # parts of requests that were refused
        self.stopped = False  # after an interrupt nothing is sent any more
        self.in_flight: set[asyncio.Task | None] = set()

    @property
    def has_address(self) -> bool:
        """Whether there is a server to ask, or a key for OpenAI."""
        return self.base_url is not None or bool(_key())

    @cached_property
    def client(self) -> Any:
        """The blocking `openai.OpenAI` client, for batch jobs."""
        import openai

        return openai.OpenAI(**self._options())

    @property
    def name(self) -> str:
        """The cache notes batch jobs under it."""
        return f"{self.base_url or 'openai'} {self.model}"

    @property
    def path(self) -> str:
        return "/chat/completions" if self.api == "chat" else "/completions"

    def body(self, request: dict, n: int = 1, logprobs: bool = False) -> dict:
        """What is sent for a canonical request: all of it that is supported."""
        body = {**request, "model": self.served_as or self.model}
        if n > 1:
            body["n"] = n
        if logprobs:
            body["logprobs"] = True if self.api == "chat" else 1
        if self.api == "completion":
            body["stop"] = STOP
        if "max_tokens" in self.unsupported:
            body["max_completion_tokens"] = body["max_tokens"]
        if errors.SYSTEM in self.unsupported and "messages" in body:
            system, first, *turns = body["messages"]
            joined = f"{system['content']}\n\n{first['content']}"
            body["messages"] = [{**first, "content": joined}, *turns]
        return {k: v for k, v in body.items() if k not in self.unsupported}

    def learn(self, body: dict, status: int, error: Any) -> bool:
        """Whether `body` was refused for an unsupported part, which is not sent again.

        `error` is the decoded `error` of the reply.
        """
        if status not in errors.NAME_A_PARAMETER:
            return False
        part = errors.unsupported_part(body, error)
        if part and part not in self.unsupported:
            self.unsupported.add(part)
            message = f"teacher {self.model} does not take {part}: sent without"
            print(message, flush=True)
        return part is not None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Requests can be made inside; in the end connections are closed."""
        import openai

        options = {**self._options(), "max_retries": 0}  # `ask` retries
        async with openai.AsyncOpenAI(**options) as self._asynchronous:
            yield

    async def ask(self, request: dict, n: int, logprobs: bool) -> list[dict]:
        """Between 1 and `n` replies to a canonical request, as `reply_rows` gives them.

        Raises RefusedError when only this request is refused, else TeacherError.
        """
        import openai

        retries = 0
        while not self.stopped:
            body, pause = self.body(request, n, logprobs), 0.0
            try:
                if rows := reply_rows(await self._post(body), n, logprobs):
                    return rows
                failure = self.failed("gave a reply without a choice")
            except openai.APIStatusError as error:
                status, pause = error.status_code, retry_after(error.response.headers)
                if self.learn(body, status, error.body):
                    continue
                failure = errors.explained(self.model, status, error.body)
                if not errors.is_retried(status) or pause > LONGEST_WAIT:
                    raise failure from None
                if pause > self.timeout and retries < self.max_retries:
                    print(f"{self.model} asks to wait {pause:.0f} seconds", flush=True)
            except (TimeoutError, openai.APITimeoutError):
                failure = self.failed(f"did not answer within {self.timeout:g} seconds")
            except openai.APIConnectionError:
                failure = self.failed()
            except (AttributeError, KeyError, TypeError, ValueError):
                failure = self.failed("gave a reply that is not JSON of the API")
            if retries == self.max_retries:
                raise failure from None
            backoff = min(2.0**retries, 16.0) * random.uniform(0.25, 0.5)
            if not self.stopped:
                await asyncio.sleep(pause if pause > 0 else backoff)
            retries += 1
        raise asyncio.CancelledError

    def failed(self, what: str = UNREACHABLE) -> errors.TeacherError:
        kept = "what was answered is kept, so run again later"
        about = f"the teacher {self.model}, asked several times, {what}"
        return errors.TeacherError(f"{about}; {kept}")

    async def _post(self, body: dict) -> Any:
        """Decoded JSON of a reply that came, whole, within `timeout` seconds."""
        import httpx2

        task = asyncio.current_task()
        self.in_flight.add(task)
        try:
            async with asyncio.timeout(self.timeout):
                # `chat.completions.create` validates the reply: twice the CPU time.
                reply = await self._asynchronous.post(
                    self.path, body=body, cast_to=httpx2.Response
                )
        finally:
            self.in_flight.discard(task)
        return reply.json()

    def _options(self) -> dict[str, Any]:
        import openai

        if not (_key().isascii() and _key().isprintable()):
            problem = "holds characters that no key has: copy it again"
            raise errors.TeacherError(f"the key in {errors.KEY_VARIABLE} {problem}")
        seconds = min(self.timeout, SECONDS_TO_CONNECT)
        return {
            "api_key": _key() or "none",  # local servers want some value
            "base_url": self.base_url,
            "timeout": openai.Timeout(self.timeout, connect=seconds),
            "max_retries": self.max_retries,
        }


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a server asks to wait; 0 where it does not ask."""
    value = headers.get("retry-after", "0")
    with suppress(ValueError):
        return float(value)
    with suppress(ValueError):
        return parsedate_to_datetime(value).timestamp() - time.time()
    return 0.0


def _key() -> str:
    return os.environ.get(errors.KEY_VARIABLE, "").strip()
