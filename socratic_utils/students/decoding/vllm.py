"""A trained student behind an OpenAI-compatible completion server, such as vLLM.

    vllm serve outputs/paper/students/cot-1a2b3c4d5e --port 8001
    SOCRATIC_STUDENT_URLS=http://127.0.0.1:8001/v1 ./run_all.sh paper

Several addresses are separated by commas; a model is found by the name of its folder.
Adapters (LoRA) are served with their base, where vLLM can do that, by `vllm serve BASE
--enable-lora --lora-modules cot-1a2b3c4d5e=FOLDER`; for others (GPT-2) save the model
and the tokenizer of `load_student` in another folder with the same name.  The server
must take token ids, and return token ids (vLLM) or the stop string (vLLM, SGLang): else
the end of a line and of the text look the same.
"""

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from openai import OpenAI, OpenAIError
from transformers import AutoTokenizer

from socratic_utils.config import SERVERS_VARIABLE

from ..transcript import line_ids, text_ids
from .incremental import Decoder, Row

KEY_VARIABLE = "SOCRATIC_STUDENT_KEY"  # if the servers ask for one


class ServerError(RuntimeError):
    """A student's server failed or lacks a feature; the message says what to do."""


class ServedDecoder(Decoder):
    """A served student, whose server sees each row's whole text at each request."""

    resumes = False  # a whole text at once: few requests
    shows_stops = False  # the server has returned token ids or a stop string

    def __init__(self, tokenizer, client: OpenAI, model: str) -> None:
        super().__init__(tokenizer)
        self.client, self.model = client, model
        self.place = f"the student's server at {client.base_url}"

    def start(self, prompts: Sequence[list[int]]) -> None:
        self.pool, self.requests = ThreadPoolExecutor(64), {}
        self.unclear: list[Any] = []  # replies that may not show what ended them
        super().start(prompts)

    def admit(self, row: Row) -> None:
        """Send the row's request, which waits for no other row's."""
        more = {"include_stop_str_in_output": True, "return_token_ids": True}
        more["top_k"] = -1  # not the value of the model's generation_config
        if row.temperature:
            more["seed"] = row.random.getrandbits(31)
        request = self.pool.submit(
            self.client.completions.create, model=self.model, prompt=row.ids,
            max_tokens=row.limit, temperature=row.temperature, top_p=1.0,
            logprobs=0 if row.temperature else None,
            stop=["\n"] if len(row.stops) > 1 else None, extra_body=more)  # fmt: skip
        self.requests[request] = row

    def step(self) -> list[Row]:
        """Wait for a reply; ServerError where the server fails."""
        done, _ = wait(self.requests, return_when=FIRST_COMPLETED)
        for request in done:
            row = self.requests.pop(request)
            try:
                reply = request.result().choices[0]
            except OpenAIError as error:
                self.pool.shutdown(cancel_futures=True)
                raise ServerError(f"{self.place} failed ({error})") from None
            whole_lines = len(row.stops) > 1
            self.unclear += [reply] if whole_lines and not self.shows_stops else []
            row.hear(self._ids(reply, whole_lines))
            values = getattr(reply.logprobs, "token_logprobs", None) or []
            row.logprob = float(sum(value or 0.0 for value in values))
            self.finished.append(row)
        if not self.requests or len(self.unclear) > 64:
            self._check_stops(self.unclear)
        return super().step()

    def _check_stops(self, replies: Sequence[Any]) -> None:
        self.shows_stops |= any(
            getattr(r, "token_ids", None) or r.text.endswith("\n") for r in replies
        )
        if not self.shows_stops and any(r.finish_reason == "stop" for r in replies):
            raise ServerError(f"{self.place} returns neither token ids nor the stop "
                              "string: use vLLM or SGLang")  # fmt: skip

    def _ids(self, reply: Any, whole_lines: bool) -> list[int]:
        """The tokens of a reply as in training, with the stop mark."""
        if ids := getattr(reply, "token_ids", None):
            return list(ids)
        if whole_lines and reply.text.endswith("\n"):
            return line_ids(self.tokenizer, reply.text[:-1])
        ids = text_ids(self.tokenizer, reply.text)
        return [*ids, self.end] if reply.finish_reason == "stop" else ids or [self.end]


def served_decoders(folders: Sequence[Path], urls: str = "") -> list[ServedDecoder]:
    """A decoder per student's folder, on the server among `urls` that has it.  Without
    `urls`: SOCRATIC_STUDENT_URLS.  ServerError names what is not served."""
    addresses = [u.strip() for u in (urls or os.environ[SERVERS_VARIABLE]).split(",")]
    key = os.environ.get(KEY_VARIABLE, "-")  # never the teacher's
    served: dict[str, tuple[OpenAI, str]] = {}
    for address in addresses:
        client = OpenAI(base_url=address, api_key=key)
        try:
            names = [model.id for model in client.models.list()]
        except OpenAIError as error:
            raise ServerError(f"no student's server at {address} ({error})") from None
        served |= {Path(name).name: (client, name) for name in names}
    for missing in (f.name for f in folders if f.name not in served):
        raise ServerError(f"{missing} is not served: {', '.join(addresses)} serves "
                          f"{', '.join(served) or 'nothing'}")  # fmt: skip
    return [
        ServedDecoder(AutoTokenizer.from_pretrained(folder), *served[folder.name])
        for folder in folders
    ]
