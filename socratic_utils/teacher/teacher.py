"""The teacher: ask a large model for chains, and never ask for the same one twice.

OpenAI, or any server with the same interface (vLLM, `transformers serve`, llama.cpp,
Ollama): `base_url` chooses.  A request has a canonical form whose hash is its key.  It
is looked up in the chains recorded in this package, then in the store of replies; only
then is the model asked, live (`asking`) or by batch job (`batches`), and its reply is
stored before anything else happens.  So a killed run loses nothing:

    >>> teacher = Teacher("Qwen2.5-Coder-1.5B-Instruct")        # recorded: no network
    >>> chains = teacher.sample(problems, style="socratic")     # doctest: +SKIP

SCoTD's thirty chains a question (P2, section 3) are one call:

    >>> teacher.sample(problems, "cot", n=30, temperature=1.0)  # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socratic_utils.answers import choice_in_reply, parse_chain
from socratic_utils.files import content_hash
from socratic_utils.problems import Chain, Problem, read_rows

from .batch import BatchAsker
from .cache import MEMORY, ReplyStore, shipped_recordings
from .client import Endpoint
from .cost import Budget, Estimate, estimate, need_price, price_of, reserved, spent
from .errors import KEY_VARIABLE, MODES, RefusedError, TeacherError
from .job import Job, Refusals, missing
from .live import LiveAsker
from .prompts import Prompt, asked_text, load_prompt, read_as

STORE_NAME = "replies.sqlite"
__all__ = ["RefusedError", "Teacher", "TeacherError", "shipped_recordings"]


@dataclass
class Teacher:
    """A model that writes chains.

    `model` names the teacher in every row and in the cache key; `served_as` is the
    name its endpoint knows it by where that differs.  `base_url=None` and no key in
    OPENAI_API_KEY means: recorded and cached chains only.  `cache_dir` holds the store
    of replies (None: in memory only).  `recorded` is an iterable of recording files; by
    default those shipped with the package.  `api` is "chat" or "completion", `mode`
    "live" or "batch".  With `logprobs` chains have a log-likelihood where the endpoint
    gives one.  `max_cost` limits what all cached replies of this model cost together,
    in dollars.
    """

    model: str
    base_url: str | None = None
    cache_dir: str | Path | None = None
    served_as: str | None = None
    max_tokens: int = 200
    concurrency: int = 8
    timeout: float = 120.0
    max_retries: int = 6
    recorded: Iterable[Any] | None = None
    api: str = "chat"
    mode: str = "live"
    logprobs: bool = False
    max_cost: float | None = None
    shots: int = 0
    usage: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}, not {self.mode!r}")
        self.endpoint = Endpoint(
            self.model, self.base_url, self.served_as, self.api, self.timeout,
            self.max_retries,
        )  # fmt: skip
        shipped = shipped_recordings() if self.recorded is None else self.recorded
        self._recorded: dict[str, dict] = {}
        for path in shipped:
            self._recorded.update((row["key"], row) for _, row in read_rows(path))
        self.store = ReplyStore(MEMORY)
        if self.cache_dir is not None:
            self.store = ReplyStore(Path(self.cache_dir) / STORE_NAME)
            self.store.take_over(self.cache_dir)
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
        number is the request's seed.  A chain whose request the endpoint refuses has no
        text, no steps and no answer, and a warning says so; where there is no other
        chain at all it is a RefusedError.  Raises TeacherError when chains are neither
        recorded nor to be had, ValueError when there is nothing to ask.
        """
        if not problems or n < 1:
            raise ValueError("give at least one problem and n of at least 1")
        samples = range(first_sample, first_sample + n)
        jobs = [self._job(problem, style, temperature, samples) for problem in problems]
        rows, refusals = self.ask(jobs, f"teacher, {style}")
        if refusals.count and not rows:
            raise refusals.reason
        if refusals.count:
            total = len(problems) * n
            told = f"{refusals.count} of {total} chains are left out"
            warnings.warn(f"{refusals.reason}; {told}", stacklevel=2)
        nothing: dict = {"text": ""}
        return self._chains(
            (problem, style, sample, rows.get(key, nothing))
            for problem, job in zip(problems, jobs, strict=True)
            for sample, key in zip(job.samples, job.keys, strict=True)
        )

    def ask(self, jobs: Sequence[Job], label: str) -> tuple[dict[str, dict], Refusals]:
        """Replies by key, known or asked for now, and what the endpoint refuses."""
        keys, refusals = [key for job in jobs for key in job.keys], Refusals()
        rows = self._known(keys)
        if open_jobs := missing(jobs, rows):
            refusals = self._ask(open_jobs, label)
            rows = self._known(keys)
        return rows, refusals

    def replies(self, problems: Sequence[Problem]) -> list[dict]:
        """Every known reply about these problems: text, tokens, prompt hash."""
        wanted = {problem.id for problem in problems}
        rows = {
            key: row
            for key, row in self._recorded.items()
            if row["problem_id"] in wanted and row["model"] == self.model
        }
        rows |= {row["key"]: row for row in self.store.about(self.model, wanted)}
        return list(rows.values())

    @property
    def is_recorded(self) -> bool:
        """Whether the package has chains of this model."""
        return any(row["model"] == self.model for row in self._recorded.values())

    def known(
        self, problem: Problem, style: str, temperature: float = 0.0, sample: int = 0
    ) -> Chain | None:
        """A chain that is recorded or cached; nobody is asked."""
        job = self._job(problem, style, temperature, [sample])
        rows = self._known(job.keys)
        if not rows:
            return None
        wanted = [(problem, style, sample, rows[job.keys[0]])]
        return self._chains(wanted)[0]

    def estimate(
        self,
        problems: Sequence[Problem],
        style: str,
        n: int = 1,
        temperature: float = 0.0,
        first_sample: int = 0,
    ) -> Estimate:
        """What `sample` with the same arguments would ask for, and its cost."""
        samples = range(first_sample, first_sample + n)
        jobs = [self._job(p, style, temperature, samples) for p in problems]
        open_jobs = missing(jobs, self._known([k for j in jobs for k in j.keys]))
        known = self.replies(problems) or self.store.of(self.model)
        known = known or list(self._recorded.values())
        if self.mode == "batch":
            open_jobs = [one for job in open_jobs for one in job.singles()]
        return estimate(
            [(job.request, len(job.samples)) for job in open_jobs],
            [row for row in known if row["model"] == self.model],
            price_of(self.model, self.mode == "batch"),
            self.concurrency,
        )

    def request(
        self, problem: Problem, style: str, temperature: float, sample: int
    ) -> dict[str, Any]:
        """The canonical request: all the reply depends on, no address, no key."""
        prompt, text = self._prompt(problem, style), asked_text(problem, style)
        if self.api == "chat":
            asked = {"messages": prompt.messages(text)}
        else:
            asked = {"prompt": prompt.text(text)}
        return {
            "model": self.model,
            **asked,
            "temperature": temperature,
            "max_tokens": self.max_tokens,
            "seed": sample,
        }

    def _prompt(self, problem: Problem, style: str) -> Prompt:
        prompt = load_prompt(problem.dataset, style)
        return prompt.first(self.shots) if self.shots else prompt

    # --- looking up -----------------------------------------------------------------

    def _job(
        self, problem: Problem, style: str, temperature: float, samples: Iterable[int]
    ) -> Job:
        samples = tuple(samples)
        request = self.request(problem, style, temperature, samples[0])
        keys = tuple(content_hash({**request, "seed": i}, 32) for i in samples)
        prompt_hash = self._prompt(problem, style).hash
        return Job(problem.id, style, prompt_hash, request, samples, keys)

    def _known(self, keys: Sequence[str]) -> dict[str, dict]:
        """Replies that will do: with `logprobs`, not those asked for without them."""
        found = {key: self._recorded.get(key) for key in keys}
        found = {k: row for k, row in found.items() if row and self._will_do(row)}
        stored = self.store.find([key for key in keys if key not in found])
        return found | {k: row for k, row in stored.items() if self._will_do(row)}

    def _will_do(self, row: dict) -> bool:
        return "logprob" in row or not self.logprobs

    # --- asking -------------------------------------------------------------------

    def _ask(self, jobs: list[Job], label: str) -> Refusals:
        if not self.endpoint.has_address:
            count = sum(len(job.samples) for job in jobs)
            raise TeacherError(
                f"{count} chains of {self.model} are neither recorded nor cached "
                f"(the first: {jobs[0].problem_id}, {jobs[0].style}, sample "
                f"{jobs[0].samples[0]}), and there is nobody to ask: set "
                f"{KEY_VARIABLE}, or give --teacher-url with the address of a server, "
                f"or use the recorded teacher"
            )
        if self.mode == "batch":
            return BatchAsker(
                self.endpoint, self._remember, self.store, self._known, self.logprobs,
                self._budget,
            ).ask(jobs, label)  # fmt: skip
        with self.store.lock():  # another process may have asked for the same meanwhile
            jobs = missing(jobs, self._known([key for job in jobs for key in job.keys]))
            if not jobs:
                return Refusals()
            self._refuse_what_is_in_batch_jobs(jobs)
            return LiveAsker(
                self.endpoint, self._remember, self.concurrency, self.logprobs,
                self._budget(), price_of(self.model),
            ).ask(jobs, label)  # fmt: skip

    def _in_batch_jobs(self) -> list[dict]:
        """The chains of this model that batch jobs are being paid for."""
        open_jobs = self.store.open_jobs(BatchAsker.name_of(self.endpoint))
        return [stub for stubs in open_jobs.values() for stub in stubs]

    def _refuse_what_is_in_batch_jobs(self, jobs: Sequence[Job]) -> None:
        wanted = {key for job in jobs for key in job.keys}
        if flying := sum(stub["key"] in wanted for stub in self._in_batch_jobs()):
            raise TeacherError(
                f"{flying} of these chains are in a batch job that is under way: "
                f"collect them with --teacher-mode batch"
            )

    def _budget(self) -> Budget | None:
        """What may still be spent, counted anew: others have spent meanwhile."""
        if not self.max_cost:
            return None
        live, batch = (need_price(self.model, batch) for batch in (False, True))
        already = spent(self.store.of(self.model), live)
        price = batch if self.mode == "batch" else live
        budget = Budget(self.max_cost, price, already)
        budget.pending = reserved(self._in_batch_jobs(), batch, self.max_tokens)
        return budget

    def _remember(self, rows: Sequence[dict]) -> None:
        """Store replies, on disk, before anybody sees them."""
        self.store.add(rows, replace=self.logprobs)
        self.usage["asked"] += len(rows)
        for name in ("prompt_tokens", "completion_tokens"):
            self.usage[name] += sum(row[name] or 0 for row in rows)

    def _chains(self, wanted: Iterable[tuple[Problem, str, int, dict]]) -> list[Chain]:
        """Chains of (problem, style, sample, reply row)."""
        chains = []
        for problem, style, sample, row in wanted:
            text = read_as(problem, style, row["text"])
            cut = row.get("finish_reason") == "length"
            steps, answer = parse_chain(text, style, problem.kind, cut)
            answer = choice_in_reply(problem, row, answer)
            fields = (problem.id, style, steps, answer, self.model, sample)
            rest = (row.get("logprob"), row["text"], row.get("tokens"))
            chains.append(Chain(*fields, *rest))
        return chains
