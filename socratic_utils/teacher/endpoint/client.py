"""One request to one OpenAI-compatible endpoint, through the official `openai` client.

`base_url` chooses the server: OpenAI (None), vLLM, `transformers serve`, llama.cpp or
Ollama.  Chat models are sent messages; completion models, such as both papers' teachers
(`api="completion"`), are sent one text.  Connection failures, time-outs, unreadable
replies and the statuses 408, 409, 425, 429 and 5xx are retried; a Retry-After of up to
an hour is obeyed.  What a request may not contain is learnt from refusals, for a week.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from tqdm import tqdm

from socratic_utils.config import KEY_VARIABLE, check_address

from . import errors
from .job import STOP, is_filtered, reply_rows, used

SECONDS_TO_CONNECT = 30.0
LONGEST_WAIT = 3600.0  # seconds: up to here a Retry-After is obeyed
UNREACHABLE = "cannot be reached: start its server or correct --teacher-url"
# OpenAI's models since GPT-5.1 think unless asked not to.  While they think they take
# no temperature, and thoughts use up max_tokens.
THINKERS = re.compile(r"(openai/)?gpt-(5\.|[6-9])")
# Ends of URLs that are below the address of an API.
BELOW = re.compile(r"((/chat)?/(completions|models|responses)|/)$")


class Endpoint:
    """Where a `Teacher`'s model is served; each request may take `timeout` seconds."""

    def __init__(self, teacher) -> None:
        self.model, self.base_url = teacher.model, teacher.base_url
        self.served_as, self.api = teacher.served_as, teacher.api
        self.timeout, self.max_retries = teacher.timeout, teacher.max_retries
        if self.base_url is not None:
            check_address(self.base_url)
        self.name = f"{self.base_url or 'openai'} {self.model}"  # of its batch jobs
        self.path = "/chat/completions" if self.api == "chat" else "/completions"
        # Where the API may be; the others are tried where the first has none.
        self.address, *self.others = addresses(self.base_url)
        self.unsupported: set[str] = set()  # parts of requests that were refused
        self.recalled: set[str] = set()  # those of them that an earlier run learnt
        self.honours_n = True
        self.stopped = False  # after an interrupt nothing is sent any more
        self.in_flight: set[asyncio.Task | None] = set()
        self.wasted: list[dict] = []  # tokens of replies that give no row

    @property
    def has_address(self) -> bool:
        """Whether there is a server to ask, or a key for OpenAI."""
        return self.base_url is not None or bool(_key())

    @cached_property
    def client(self) -> Any:
        """The blocking `openai.OpenAI` client, for batch jobs."""
        return self._new("OpenAI", self.max_retries)

    def body(self, request: dict, n: int = 1, logprobs: bool = False) -> dict:
        """What is sent for a canonical request: all of it that is supported."""
        body = {**request, "model": self.served_as or self.model}
        if n > 1:
            body["n"] = n
        if logprobs:
            body["logprobs"] = True if self.api == "chat" else 1
        if self.api == "completion":
            body["stop"] = STOP
        elif THINKERS.match(body["model"]):
            body["reasoning_effort"] = "none"
        if "max_tokens" in self.unsupported:
            body["max_completion_tokens"] = body["max_tokens"]
        turns = body.get("messages") or [{"role": ""}]
        if errors.SYSTEM in self.unsupported and turns[0]["role"] == "system":
            system, first, *turns = turns
            joined = f"{system['content']}\n\n{first['content']}"
            body["messages"] = [{**first, "content": joined}, *turns]
        return {k: v for k, v in body.items() if k not in self.unsupported}

    def recall(self, parts: set[str]) -> None:
        """Omit what an earlier run learnt that the endpoint does not support."""
        self.recalled |= parts - self.unsupported
        for part in sorted(parts - self.unsupported):
            self._omit(part)

    def learn(self, body: dict, status: int, error: Any) -> bool:
        """Whether a refused `body` is worth sending again, in another form.  `error` is
        the decoded `error` of the reply."""
        part = errors.unsupported_part(body, error, status)
        if part and part not in self.unsupported:
            self._omit(part)
        elif not part and self.recalled and status in (400, 422):
            self.unsupported -= self.recalled  # it may have changed its mind
            self.recalled = set()
            return True
        return part is not None

    def _omit(self, part: str) -> None:
        self.unsupported.add(part)
        how = errors.REFUSALS["instead"].get(part, "sent without")
        tqdm.write(f"teacher {self.model} does not take {part}: {how}")

    def move_on(self, used: str | None) -> bool:
        """Whether another address is worth a try after one that has no API."""
        if used == self.address and self.others:
            self.address = self.others.pop(0)
            self.__dict__.pop("client", None)
            where = f"no API at {used}, asked at {self.address}"
            tqdm.write(f"teacher {self.model}: {where}")
        return used != self.address

    def connected(self) -> Any:
        """A context in which requests can be made; its end closes connections."""
        self._asynchronous = self._new("AsyncOpenAI", 0)  # `ask` retries
        return self._asynchronous

    async def ask(self, request: dict, n: int, logprobs: bool) -> list[dict]:
        """From 1 to `n` replies to a canonical request, as `reply_rows` gives them.
        RefusedError when only this request is refused, else TeacherError."""
        import openai

        retries = 0
        while not self.stopped:
            address, without = self.address, sorted(self.unsupported)
            body, pause = self.body(request, n, logprobs), 0.0
            try:
                reply = await self._post(address, body)
                if rows := reply_rows(reply, n, logprobs):
                    self.others = []
                    self.honours_n = n == 1 or len(reply["choices"]) >= n
                    # At temperature 0 a row may be a random sample.
                    more = {"unsupported": without} if without else {}
                    return [row | more for row in rows]
                self.wasted.append(used(reply))
                failure = self.failed("gave a reply without a choice")
                if is_filtered(reply):
                    failure = errors.explained(self.model, 200, "content_filter")
            except openai.APIStatusError as error:
                status, pause = error.status_code, retry_after(error.response.headers)
                moved = error.response.history  # redirections that were followed
                status = moved[0].status_code if moved else status
                learnt = self.learn(body, status, error.body)
                if learnt or body != self.body(request, n, logprobs):
                    continue
                if errors.is_no_api(status, error.body) and self.move_on(address):
                    continue
                failure = errors.explained(self.model, status, error.body)
                if not errors.is_retried(status, error.body) or pause > LONGEST_WAIT:
                    raise failure from None
                if pause > self.timeout and retries < self.max_retries:
                    tqdm.write(f"{self.model} asks to wait {pause:.0f} seconds")
            except (TimeoutError, openai.APITimeoutError):
                failure = self.failed(f"did not answer within {self.timeout:g} seconds")
            except openai.APIConnectionError:
                failure = self.failed()
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
                failure = self.failed("gave a reply that is not JSON of the API")
            if retries == self.max_retries:
                raise failure from None
            backoff = min(2.0**retries, 16.0) * random.uniform(0.25, 0.5)
            if not self.stopped:
                await asyncio.sleep(pause if pause > 0 else backoff)
            retries += 1
        raise asyncio.CancelledError

    def failed(self, what: str = UNREACHABLE) -> errors.TeacherError:
        what = f"the teacher {self.model}, asked several times, {what}"
        kept = "what was answered is kept, so run again later"
        return errors.TeacherError(f"{what}; {kept}")

    async def _post(self, address: str | None, body: dict) -> Any:
        """Decoded JSON of a reply that came, whole, within `timeout` seconds.  Raises
        APIStatusError for an error, also for one inside a reply with status 200."""
        import httpx2
        import openai

        task = asyncio.current_task()
        self.in_flight.add(task)
        try:
            async with asyncio.timeout(self.timeout):
                # `chat.completions.create` validates the reply: twice the CPU time.
                reply = await self._asynchronous.post(
                    f"{address or ''}{self.path}", body=body, cast_to=httpx2.Response
                )
        finally:
            self.in_flight.discard(task)
        found = reply.json()
        status, error = errors.error_in(found)
        if status != 200:
            refusal = openai.APIStatusError("", response=reply, body=error)
            refusal.status_code = status
            raise refusal
        return found

    def _new(self, client: str, retries: int) -> Any:
        import openai

        if not (_key().isascii() and _key().isprintable()):
            problem = "holds characters that no key has: copy it again"
            raise errors.TeacherError(f"the key in {KEY_VARIABLE} {problem}")
        seconds = min(self.timeout, SECONDS_TO_CONNECT)
        return getattr(openai, client)(
            timeout=openai.Timeout(self.timeout, connect=seconds), max_retries=retries,
            api_key=_key() or "none", base_url=self.address,  # local ones want some key
        )  # fmt: skip


def addresses(base_url: str | None) -> tuple[str | None, ...]:
    """Where an API may be, from a URL that may be below it or lack its /v1."""
    while base_url and (found := BELOW.search(base_url)):
        base_url = base_url[: found.start()]
    has_version = base_url is None or re.search(r"/v\d", base_url)
    return (base_url,) if has_version else (base_url, f"{base_url}/v1")


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a server asks to wait; 0 where it does not ask."""
    value = headers.get("retry-after", "0")
    with suppress(ValueError):
        return float(value)
    with suppress(ValueError):
        return parsedate_to_datetime(value).timestamp() - time.time()
    return 0.0


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()
