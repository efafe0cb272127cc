"""A trained student behind an OpenAI-compatible completion server, such as vLLM.

`RemoteSpeaker` says and hears what a `Speaker` does, so the decoding loop (`solving`)
does not know the difference: one student or two that take turns, greedy or drawn.

    vllm serve outputs/paper/students/cot-1a2b3c4d5e --port 8001
    SOCRATIC_STUDENT_URLS=http://127.0.0.1:8001/v1 ./run_all.sh paper

Several addresses are divided by commas, one for each of the iterative students; a model
is found by the name of its folder.  Prompts are sent as token ids, so that the server
reads the very tokens that training showed.  The server must return token ids
(`return_token_ids`, vLLM) or the stop string (`include_stop_str_in_output`, vLLM and
SGLang): a line that ended and a text that ended look the same otherwise.

Not covered: gold questions and the calculator inside the loop (`oracles`), which need
the model itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from openai import OpenAI, OpenAIError
from transformers import AutoTokenizer

from .incremental import Speaker, stop_ids

VARIABLE = "SOCRATIC_STUDENT_URLS"
KEY_VARIABLE = "SOCRATIC_STUDENT_KEY"  # where the servers want one
CONCURRENCY = 64


class RemoteError(RuntimeError):
    """A student's server does not do what it should; the message says what to do."""


class RemoteSpeaker(Speaker):
    """A served student in the middle of a batch of transcripts."""

    stride = 0  # none: each request reads the whole text, so as few as can be

    def __init__(self, tokenizer, client: OpenAI, model: str) -> None:
        self.tokenizer, self.client, self.model = tokenizer, client, model
        self.end = tokenizer.eos_token_id
        self.stops = stop_ids(tokenizer)
        self.logprobs: list[float] = []
        self.heard: list[list[int]] = []
        self.seeds: int | None = None
        self.tells_stops = False  # whether it has shown that it does

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Forget everything and hear one prompt (token ids) a row."""
        self.heard = [list(prompt) for prompt in prompts]

    def seed(self, seed: int) -> None:
        """Make what is drawn from now on repeatable, if the server can."""
        self.seeds = seed

    def repeat(self, times: int) -> None:
        """Every row `times` times in a row."""
        self.heard = [list(ids) for ids in self.heard for _ in range(times)]

    def hear(self, row: int, ids: Sequence[int]) -> None:
        """Tell a row something."""
        self.heard[row] += ids

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only; the others leave the batch."""
        self.heard = [self.heard[row] for row in rows]

    def write(
        self, limit: int, temperature: float = 0.0, whole_lines: bool = True
    ) -> list[list[int]]:
        """Every row writes until it stops or has `limit` tokens; see `Speaker.write`.

        Raises RemoteError where the server fails or leaves out the stop string.
        """
        stop = ["\n"] if whole_lines else None
        rows = range(len(self.heard))
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            replies = list(
                pool.map(lambda row: self._ask(row, limit, temperature, stop), rows)
            )
        if self.seeds is not None:
            self.seeds += len(rows)  # the next line is another draw
        if whole_lines:
            self._check_stops(replies)
        written = [self._ids(reply, whole_lines) for reply in replies]
        for row, ids in enumerate(written):
            self.heard[row] += ids
        self.logprobs = [_likelihood(reply) for reply in replies]
        return written

    def _ask(self, row: int, limit: int, temperature: float, stop: Any) -> Any:
        more: dict[str, Any] = {
            "include_stop_str_in_output": True, "return_token_ids": True,
            "top_k": -1,  # not what the model's generation_config has
        }  # fmt: skip
        if self.seeds is not None:
            more["seed"] = self.seeds + row
        try:
            reply = self.client.completions.create(
                model=self.model, prompt=self.heard[row], max_tokens=limit,
                temperature=temperature, top_p=1.0, stop=stop,
                logprobs=0 if temperature else None, extra_body=more,
            )  # fmt: skip
        except OpenAIError as error:
            address = self.client.base_url
            raise RemoteError(
                f"the student's server at {address} failed ({error})"
            ) from None
        return reply.choices[0]

    def _check_stops(self, replies: Sequence[Any]) -> None:
        """RemoteError where nothing tells a line that ended from a text that ended."""
        self.tells_stops |= any(
            getattr(reply, "token_ids", None) or reply.text.endswith("\n")
            for reply in replies
        )
        if not self.tells_stops and any(r.finish_reason == "stop" for r in replies):
            raise RemoteError(
                f"the student's server at {self.client.base_url} returns neither token "
                f"ids nor the stop string: take vLLM or SGLang"
            )

    def _ids(self, reply: Any, whole_lines: bool) -> list[int]:
        """The tokens of a reply as training would have them, with the stop mark."""
        if ids := getattr(reply, "token_ids", None):  # as vLLM gives them
            return list(ids)
        body, line_ended = reply.text, False
        if whole_lines and body.endswith("\n"):
            body, line_ended = body[:-1], True
        ids = self.tokenizer(body, add_special_tokens=False).input_ids
        if line_ended:
            return [*ids, *self.tokenizer("\n", add_special_tokens=False).input_ids]
        return [*ids, self.end] if reply.finish_reason == "stop" else ids or [self.end]


def speakers(folders: Sequence[Path], urls: str = "") -> list[RemoteSpeaker]:
    """A speaker for each student's folder, wherever one of the servers has it.

    `urls` are addresses divided by commas (empty: SOCRATIC_STUDENT_URLS).  Raises
    RemoteError that names the student that nobody serves.
    """
    addresses = [url.strip() for url in (urls or os.environ[VARIABLE]).split(",")]
    served: dict[str, tuple[OpenAI, str]] = {}
    for address in addresses:
        key = os.environ.get(KEY_VARIABLE, "-")  # never the teacher's
        client = OpenAI(base_url=address, api_key=key)
        try:
            names = [model.id for model in client.models.list()]
        except OpenAIError as error:
            raise RemoteError(f"no student's server at {address} ({error})") from None
        served |= {Path(name).name: (client, name) for name in names}
    found = []
    for folder in folders:
        if folder.name not in served:
            raise RemoteError(
                f"nobody serves {folder.name}: {', '.join(served) or 'nothing'} is "
                f"served at {', '.join(addresses)}"
            )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        found.append(RemoteSpeaker(tokenizer, *served[folder.name]))
    return found


def _likelihood(reply: Any) -> float:
    """The log-likelihood of what was drawn, 0 where the server does not tell."""
    told = getattr(reply.logprobs, "token_logprobs", None) or []
    return float(torch.tensor([value or 0.0 for value in told]).sum())
