"""The teacher: ask a large model for chains, and never ask for the same one twice.

One `openai` client speaks to OpenAI and to every server with the same interface (vLLM,
`transformers serve`, llama.cpp, Ollama): `base_url` chooses.  A request has a canonical
form whose hash is its key.  The key is looked up in the chains recorded in this
package, then in the run's own cache; only then is the model asked, and its reply is
appended to the cache before anything else happens.  So the offline default is a full
cache, and a killed run loses nothing:

    >>> teacher = Teacher("Qwen2.5-Coder-1.5B-Instruct")        # recorded: no network
    >>> chains = teacher.sample(problems, style="socratic")     # doctest: +SKIP

Not covered yet: batch jobs, budgets, several chains in one request.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from .parsing import parse_chain
from .problems import Chain, Problem, problem_text, read_rows
from .prompts import load_prompt
from .runs import append_line, content_hash, read_log

KEY_VARIABLE = "OPENAI_API_KEY"
ATTEMPTS = 4  # for replies that are no reply; the client itself retries 429 and 5xx


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


@dataclass
class Teacher:
    """A model that writes chains.

    `model` names the teacher in every row and in the cache key; `served_as` is the
    name its endpoint knows it by where that differs.  `base_url=None` and no key in
    OPENAI_API_KEY means: recorded and cached chains only.  `recorded` is an iterable of
    recording files; by default those shipped with the package.
    """

    model: str
    base_url: str | None = None
    cache_dir: str | Path | None = None
    served_as: str | None = None
    max_tokens: int = 200
    concurrency: int = 8
    timeout: float = 600.0
    max_retries: int = 6
    recorded: Sequence[Any] | None = None
    usage: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, dict] = {}
        shipped = shipped_recordings() if self.recorded is None else self.recorded
        for path in shipped:
            self._rows.update((row["key"], row) for _, row in read_rows(path))
        self._cache = self._cache_path()
        if self._cache and self._cache.exists():
            self._rows.update((row["key"], row) for row in read_log(self._cache))
        self._client: Any = None
        self.usage = {"asked": 0, "prompt_tokens": 0, "completion_tokens": 0}

    # --- what callers use ---------------------------------------------------------

    def sample(
        self,
        problems: Sequence[Problem],
        style: str = "socratic",
        n: int = 1,
        temperature: float = 0.0,
        first_sample: int = 0,
    ) -> list[Chain]:
        """`n` chains for each problem, in the problems' order, samples together.

        `first_sample` numbers the samples (resampling goes on at 1, 2, 3), and the
        number is the request's seed.  Raises TeacherError when a chain is neither
        recorded nor to be had, ValueError when there is nothing to ask.
        """
        if not problems or n < 1:
            raise ValueError("give at least one problem and n of at least 1")
        wanted = [
            (problem, index, self.request(problem, style, temperature, index))
            for problem in problems
            for index in range(first_sample, first_sample + n)
        ]
        self._ask_missing([(p, i, style, r) for p, i, r in wanted], style)
        return [
            self._chain(problem, style, index, self._rows[content_hash(request, 32)])
            for problem, index, request in wanted
        ]

    def replies(self, problems: Sequence[Problem]) -> list[dict]:
        """Every known reply about these problems: text, tokens, prompt hash."""
        wanted = {problem.id for problem in problems}
        found = [r for r in self._rows.values() if r["problem_id"] in wanted]
        return [row for row in found if row["model"] == self.model]

    def request(
        self, problem: Problem, style: str, temperature: float, sample: int
    ) -> dict[str, Any]:
        """The canonical request: all the reply depends on, no address, no key."""
        text = problem_text(problem)
        return {
            "model": self.model,
            "messages": load_prompt(problem.dataset, style).messages(text),
            "temperature": temperature,
            "max_tokens": self.max_tokens,
            "seed": sample,
        }

    # --- asking -------------------------------------------------------------------

    def _ask_missing(self, wanted: list[tuple], style: str) -> None:
        missing = {
            content_hash(request, 32): (problem, index, style, request)
            for problem, index, style, request in wanted
        }
        missing = {key: job for key, job in missing.items() if key not in self._rows}
        if not missing:
            return
        self._connect(len(missing))
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            jobs = [pool.submit(self._ask, key, *job) for key, job in missing.items()]
            bar = tqdm(as_completed(jobs), total=len(jobs), desc=f"teacher, {style}")
            for job in bar:
                job.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _connect(self, missing: int) -> None:
        """Open the client, or say in one sentence why nobody can be asked."""
        import openai

        key = os.environ.get(KEY_VARIABLE, "").strip()
        if self.base_url is None and not key:
            raise TeacherError(
                f"{missing} chains of {self.model} are neither recorded nor cached, "
                f"and there is nobody to ask: set {KEY_VARIABLE}, or give "
                f"--teacher-url with the address of a server, or use the recorded "
                f"teacher"
            )
        if self._client is None:
            self._client = openai.OpenAI(
                api_key=key or "none",  # local servers want some value
                base_url=self.base_url,
                timeout=self.timeout,
                max_retries=self.max_retries,
            )

    def _ask(
        self, key: str, problem: Problem, index: int, style: str, request: dict
    ) -> None:
        started = time.time()
        reply = self._reply(request)
        choice = reply.choices[0]
        row = {
            "key": key,
            "model": self.model,
            "problem_id": problem.id,
            "style": style,
            "sample": index,
            "temperature": request["temperature"],
            "prompt_hash": load_prompt(problem.dataset, style).hash,
            "text": choice.message.content or "",
            "finish_reason": choice.finish_reason,
            "prompt_tokens": getattr(reply.usage, "prompt_tokens", None),
            "completion_tokens": getattr(reply.usage, "completion_tokens", None),
            "seconds": round(time.time() - started, 2),
        }
        self._remember(row)

    def _reply(self, request: dict) -> Any:
        """One good reply.  Retries what may pass; another 4xx is final at once."""
        import openai

        problem = "no reply"
        for attempt in range(ATTEMPTS):
            try:
                reply = self._client.chat.completions.create(
                    **{**request, "model": self.served_as or self.model}
                )
                choices = getattr(reply, "choices", None)
                if choices and choices[0].message:
                    return reply
                problem = "a reply without a choice"
            except openai.APIStatusError as error:  # after the client's own retries
                raise TeacherError(_explain(self.model, error)) from None
            except openai.APIConnectionError:
                raise TeacherError(
                    f"the teacher at {self._client.base_url} cannot be reached: start "
                    f"its server or correct --teacher-url; what was answered is kept"
                ) from None
            except (openai.APIResponseValidationError, ValueError):
                problem = "a reply that is not valid JSON"
            if attempt + 1 < ATTEMPTS:
                time.sleep(min(2.0**attempt, 8.0))
        raise TeacherError(
            f"{self.model} gave {problem} {ATTEMPTS} times in a row; what was answered "
            f"before is kept, so run again later"
        )

    # --- remembering --------------------------------------------------------------

    def _cache_path(self) -> Path | None:
        if self.cache_dir is None:
            return None
        return Path(self.cache_dir) / f"{re.sub(r'[/:]', '--', self.model)}.jsonl"

    def _remember(self, row: dict) -> None:
        """Append the reply to the cache, on disk, before anybody sees it."""
        with self._lock:
            if self._cache:
                append_line(self._cache, json.dumps(row, ensure_ascii=False))
            self._rows[row["key"]] = row
            self.usage["asked"] += 1
            for name in ("prompt_tokens", "completion_tokens"):
                self.usage[name] += row[name] or 0

    def _chain(self, problem: Problem, style: str, index: int, row: dict) -> Chain:
        cut_off = row.get("finish_reason") == "length"
        steps, answer = parse_chain(row["text"], style, problem.kind, cut_off)
        return Chain(problem.id, style, steps, answer, self.model, index, None,
                     row["text"])  # fmt: skip


def shipped_recordings() -> list[Any]:
    """The recording files in the package's `resources/teacher/`."""
    folder = resources.files("socratic_utils") / "resources" / "teacher"
    if not folder.is_dir():
        return []
    return sorted(Path(str(f)) for f in folder.iterdir() if f.name.endswith(".gz"))


def _explain(model: str, error: Any) -> str:
    advice = {
        401: f"the key in {KEY_VARIABLE} is not accepted",
        403: f"the key in {KEY_VARIABLE} may not use this model",
        404: f"the endpoint does not know {model}: give the name it serves it by",
        429: "too many requests for too long: wait, or lower the concurrency",
    }
    status = error.status_code
    other = "the server fails" if status >= 500 else "the request was refused"
    reason = advice.get(status, other)
    return f"teacher {model}, HTTP {status}: {reason}; answers so far are kept"
