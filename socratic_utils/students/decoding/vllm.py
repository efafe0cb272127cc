"""A trained student behind an OpenAI-compatible completion server, such as vLLM.

    vllm serve outputs/paper/students/cot-1a2b3c4d5e --port 8001
    SOCRATIC_STUDENT_URLS=http://127.0.0.1:8001/v1 ./run_all.sh paper

Several addresses are separated by commas, one for each of the iterative students; a
model is found by the name of its folder.  Prompts are sent as token ids.  The server
must return token ids (`return_token_ids`, vLLM) or the stop string
(`include_stop_str_in_output`, vLLM and SGLang), because otherwise the end of a line and
the end of the text look the same.

Not covered: the calculator (`oracles`), which needs the model itself.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from openai import OpenAI, OpenAIError
from transformers import AutoTokenizer

from socratic_utils.students.transcript import line_ids, text_ids

from .incremental import IncrementalDecoder, stop_ids

VARIABLE = "SOCRATIC_STUDENT_URLS"
KEY_VARIABLE = "SOCRATIC_STUDENT_KEY"  # if the servers ask for one
CONCURRENCY = 64


class ServerError(RuntimeError):
    """A student's server failed or lacks a feature; the message says what to do."""


class ServedDecoder(IncrementalDecoder):
    """A served student in the middle of a batch of transcripts."""

    stride = 0  # no strides: each request sends the whole text, so send few

    def __init__(self, tokenizer, client: OpenAI, model: str) -> None:
        self.tokenizer, self.client, self.model = tokenizer, client, model
        self.end = tokenizer.eos_token_id
        self.stops = stop_ids(tokenizer)
        self.logprobs: list[float] = []
        self.rows: list[list[int]] = []
        self.next_seed: int | None = None
        self.shows_stops = False  # the server has returned token ids or a stop string

    def start(self, prompts: Sequence[list[int]]) -> None:
        self.rows = [list(prompt) for prompt in prompts]

    def seed(self, seed: int) -> None:
        self.next_seed = seed

    def repeat(self, times: int) -> None:
        self.rows = [list(ids) for ids in self.rows for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        self.rows[row] += ids

    def keep(self, rows: Sequence[int]) -> None:
        self.rows = [self.rows[row] for row in rows]

    def write(
        self, limit: int, temperature: float = 0.0, whole_lines: bool = True
    ) -> list[list[int]]:
        """As `IncrementalDecoder.write`, with one request per row.

        Raises ServerError where the server fails or hides how a line ended.
        """
        stop = ["\n"] if whole_lines else None
        rows = range(len(self.rows))
        ask = partial(self._ask, limit=limit, temperature=temperature, stop=stop)
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            replies = list(pool.map(ask, rows))
        if self.next_seed is not None:
            self.next_seed += len(rows)  # the next lines are other samples
        if whole_lines:
            self._check_stops(replies)
        written = [self._ids(reply, whole_lines) for reply in replies]
        for row, ids in enumerate(written):
            self.rows[row] += ids
        self.logprobs = [_log_likelihood(reply) for reply in replies]
        return written

    def _ask(self, row: int, limit: int, temperature: float, stop: Any) -> Any:
        more: dict[str, Any] = {
            "include_stop_str_in_output": True, "return_token_ids": True,
            "top_k": -1,  # not the value of the model's generation_config
        }  # fmt: skip
        if self.next_seed is not None:
            more["seed"] = self.next_seed + row
        try:
            reply = self.client.completions.create(
                model=self.model, prompt=self.rows[row], max_tokens=limit,
                temperature=temperature, top_p=1.0, stop=stop,
                logprobs=0 if temperature else None, extra_body=more,
            )  # fmt: skip
        except OpenAIError as error:
            place = f"the student's server at {self.client.base_url}"
            raise ServerError(f"{place} failed ({error})") from None
        return reply.choices[0]

    def _check_stops(self, replies: Sequence[Any]) -> None:
        """ServerError where the end of a line and of the text look the same."""
        self.shows_stops |= any(
            getattr(reply, "token_ids", None) or reply.text.endswith("\n")
            for reply in replies
        )
        if not self.shows_stops and any(r.finish_reason == "stop" for r in replies):
            raise ServerError(
                f"the student's server at {self.client.base_url} returns neither token "
                f"ids nor the stop string: use vLLM or SGLang"
            )

    def _ids(self, reply: Any, whole_lines: bool) -> list[int]:
        """The tokens of a reply as in training, with the stop mark."""
        if ids := getattr(reply, "token_ids", None):
            return list(ids)
        line_ended = whole_lines and reply.text.endswith("\n")
        body = reply.text[:-1] if line_ended else reply.text
        if line_ended:
            return line_ids(self.tokenizer, body)
        ids = text_ids(self.tokenizer, body)
        return [*ids, self.end] if reply.finish_reason == "stop" else ids or [self.end]


def served_decoders(folders: Sequence[Path], urls: str = "") -> list[ServedDecoder]:
    """A decoder for each student's folder, on whichever server has it.

    `urls` are addresses separated by commas (empty: SOCRATIC_STUDENT_URLS).  Raises
    ServerError that names a student which is not served.
    """
    addresses = [url.strip() for url in (urls or os.environ[VARIABLE]).split(",")]
    served: dict[str, tuple[OpenAI, str]] = {}
    for address in addresses:
        key = os.environ.get(KEY_VARIABLE, "-")  # never the teacher's
        client = OpenAI(base_url=address, api_key=key)
        try:
            names = [model.id for model in client.models.list()]
        except OpenAIError as error:
            raise ServerError(f"no student's server at {address} ({error})") from None
        served |= {Path(name).name: (client, name) for name in names}
    found = []
    for folder in folders:
        if folder.name not in served:
            raise ServerError(
                f"{folder.name} is not served: {', '.join(addresses)} serves "
                f"{', '.join(served) or 'nothing'}"
            )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        found.append(ServedDecoder(tokenizer, *served[folder.name]))
    return found


def _log_likelihood(reply: Any) -> float:
    """The log-likelihood of a sampled reply; 0 where the server does not return it."""
    values = getattr(reply.logprobs, "token_logprobs", None) or []
    return float(sum(value or 0.0 for value in values))
