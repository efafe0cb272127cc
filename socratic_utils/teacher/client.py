"""One request to one OpenAI-compatible endpoint, through the official `openai` client.

`base_url` chooses the server: OpenAI (None), vLLM, `transformers serve`, llama.cpp or
Ollama.  Chat models are sent messages; `api="completion"` is for plain completion
models such as both papers' teachers, which are sent one text:

    >>> endpoint = Endpoint("toy", "http://127.0.0.1:8000/v1", api="completion")
    >>> endpoint.body({"model": "toy", "prompt": "How many?", "seed": 0}, n=2)["n"]
    2

The `openai` client retries connection failures, time-outs and the statuses 408, 409,
429 and 5xx.  This module adds a limit on the time of a whole reply, retries after
unreadable replies, a Retry-After of up to an hour, and parameters that an endpoint does
not support: they are learnt from its refusal.  The key is read from the environment.

Not covered: streaming, tools, images.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from .errors import (
    APIS,
    KEY_VARIABLE,
    NAME_A_PARAMETER,
    SYSTEM,
    TeacherError,
    check_address,
    explained,
    is_retried,
    unsupported_part,
)
from .job import reply_rows

SECONDS_TO_CONNECT = 30.0
OPENAI_WAITS = 120.0  # seconds: up to here `openai` obeys a Retry-After
LONGEST_WAIT = 3600.0  # and up to here this module does
PER_CLIENT = 8  # requests at a time: httpx looks at all connections for each of them
STOP = ["\n\nProblem:"]  # where a completion model would begin another exemplar


@dataclass
class Endpoint:
    """Where a model is served; each request may take `timeout` seconds.

    `unsupported` holds the parts of a request that the endpoint has refused so far.
    """

    model: str
    base_url: str | None = None
    served_as: str | None = None
    api: str = "chat"
    timeout: float = 120.0
    max_retries: int = 6
    unsupported: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        if self.api not in APIS:
            raise ValueError(f"api must be one of {APIS}, not {self.api!r}")
        if self.base_url is not None:
            check_address(self.base_url)
        self.stopped = False  # after an interrupt nothing is sent any more
        self.in_flight: set[asyncio.Task | None] = set()
        self._free: list[Any] = []  # clients, each once for every request it may take

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
    def address(self) -> str:
        """Host and port of the server, for messages."""
        return self.client.base_url.netloc.decode().rpartition("@")[2]

    @property
    def path(self) -> str:
        """The API's path under `base_url`."""
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
        if SYSTEM in self.unsupported and "messages" in body:
            system, first, *turns = body["messages"]
            joined = f"{system['content']}\n\n{first['content']}"
            body["messages"] = [{**first, "content": joined}, *turns]
        return {k: v for k, v in body.items() if k not in self.unsupported}

    def learn(self, body: dict, status: int, error: Any) -> bool:
        """Whether `body` was refused for an unsupported part, which is said once.

        `error` is the decoded `error` of the reply.  The part is not sent again.
        """
        part = unsupported_part(body, error) if status in NAME_A_PARAMETER else None
        if part and part not in self.unsupported:
            self.unsupported.add(part)
            instead = {
                "max_tokens": "max_completion_tokens is sent instead",
                SYSTEM: "the instruction is sent with the first problem",
            }.get(part, "requests are sent without it")
            print(f"teacher {self.model} does not take {part}: {instead}", flush=True)
        return part is not None

    async def ask(
        self, request: dict, n: int = 1, logprobs: bool = False
    ) -> list[dict]:
        """Between 1 and `n` replies to a canonical request, as `reply_rows` gives them.

        Raises RefusedError when only this request is refused, TeacherError when the
        endpoint does not answer after `max_retries` retries.
        """
        import openai

        retries = 0
        while True:
            body, pause = self.body(request, n, logprobs), 0.0
            try:
                if rows := reply_rows(await self._post(body), n):
                    return rows
                problem = "gave a reply without a choice"
            except openai.APIStatusError as error:
                status, pause = error.status_code, retry_after(error.response.headers)
                if self.learn(body, status, error.body):
                    continue
                if not (is_retried(status) and OPENAI_WAITS < pause <= LONGEST_WAIT):
                    raise explained(self.model, status, error.body) from None
                problem = f"asks to wait {pause:.0f} seconds"
                print(f"{self.model} {problem}", flush=True)
            except openai.APITimeoutError:  # it was retried by `openai`
                problem = f"did not answer within {self.timeout:g} seconds"
                retries = self.max_retries
            except openai.APIConnectionError:
                raise TeacherError(
                    f"the teacher at {self.address} cannot be reached: start its "
                    f"server or correct --teacher-url; what was answered is kept"
                ) from None
            except ValueError:
                problem = "gave a reply that is not JSON"
            except (AttributeError, KeyError, TypeError):
                problem = "gave a reply that does not follow the API"
            if retries == self.max_retries:
                raise TeacherError(
                    f"the teacher {self.model} {problem}, several times; what was "
                    f"answered before is kept, so run again later"
                )
            if self.stopped:
                raise asyncio.CancelledError
            await asyncio.sleep(pause or min(0.5 * 2**retries, 8.0))
            retries += 1

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        for client in set(self._free):
            await client.close()
        self._free.clear()

    async def _post(self, body: dict) -> Any:
        import httpx2

        if not self._free:
            self._free += [self._connect()] * PER_CLIENT
        client = self._free.pop()
        # `chat.completions.create` validates the reply, which doubles the CPU time.
        try:
            reply = await client.post(self.path, body=body, cast_to=httpx2.Response)
        finally:
            self._free.append(client)
        return reply.json()

    @cached_property
    def _certificates(self) -> Any:
        import httpx2

        return httpx2.create_ssl_context()  # it takes 30 ms

    def _connect(self) -> Any:
        """An `AsyncOpenAI` client that also limits the time of a whole reply."""
        import httpx2
        import openai

        endpoint = self

        class Limited(openai.DefaultAsyncHttpxClient):
            async def send(self, *args, **options):
                if endpoint.stopped:
                    raise asyncio.CancelledError
                task = asyncio.current_task()
                endpoint.in_flight.add(task)
                try:
                    async with asyncio.timeout(endpoint.timeout):
                        reply = await super().send(*args, **options)
                except TimeoutError:
                    raise httpx2.ReadTimeout("the reply is not whole") from None
                finally:
                    endpoint.in_flight.discard(task)
                if endpoint.stopped and reply.is_error:  # it is not retried
                    raise asyncio.CancelledError
                return reply

        http = Limited(verify=self._certificates)
        return openai.AsyncOpenAI(http_client=http, **self._options())

    def _options(self) -> dict[str, Any]:
        import openai

        if not (_key().isascii() and _key().isprintable()):
            raise TeacherError(
                f"the key in {KEY_VARIABLE} holds characters that no key has: copy it "
                f"again"
            )
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
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except ValueError:
        return 0.0


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()
