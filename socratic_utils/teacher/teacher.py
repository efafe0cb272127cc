"""The teacher: the hash of a request's canonical form is the key of its reply."""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from socratic_utils.answers import choice_in_reply, parse_chain
from socratic_utils.config import CHOICES, KEY_VARIABLE
from socratic_utils.problems import Chain, Problem, read_rows

from .cache import ReplyStore, shipped_recordings
from .cost import Budget, Estimate, Price, estimate, price_of, price_table, spent
from .endpoint.client import Endpoint
from .endpoint.errors import RefusedError, TeacherError
from .endpoint.job import Job, missing, new_job, was_cut
from .endpoint.live import LiveAsker
from .prompts import asked_text, load_prompt, read_as

STORE_NAME = "replies.sqlite"


@cache  # a plan makes a hundred teachers
def _rows_by_key(recordings: tuple[Any, ...]) -> dict[str, dict]:
    return {row["key"]: row for path in recordings for _, row in read_rows(path)}


_say_once = cache(partial(print, flush=True))


@dataclass
class Teacher:
    """A model that writes chains.  `model` names the teacher in every row and in the
    cache key.  Without an address or OPENAI_API_KEY only recorded and cached chains are
    available.  With `logprobs` chains have a log-likelihood, if the endpoint has."""

    model: str
    base_url: str | None = None  # None: OpenAI
    cache_dir: str | Path | None = None  # None: in memory only
    served_as: str | None = None  # the endpoint's name for the model, if another
    max_tokens: int = 200
    concurrency: int = 8
    timeout: float = 120.0  # seconds per request
    max_retries: int = 6
    recorded: Iterable[Any] | None = None  # recording files; None: the package's
    api: str = "chat"  # or "completion"
    mode: str = "live"  # or "batch"
    logprobs: bool = False
    max_cost: float | None = None  # dollars, for all cached replies of this model
    shots: int = 0  # exemplars of the prompt; 0: all

    def __post_init__(self) -> None:
        for name in ("api", "mode"):
            known, own = CHOICES[f"teacher_{name}"], getattr(self, name)
            if own not in known:
                raise ValueError(f"{name} must be one of {known}, not {own!r}")
        self.endpoint = Endpoint(self)
        shipped = shipped_recordings() if self.recorded is None else self.recorded
        self._recorded = _rows_by_key(tuple(shipped))
        self.is_recorded = self.model in {r["model"] for r in self._recorded.values()}
        folder = self.cache_dir
        self.store = ReplyStore(None if folder is None else Path(folder) / STORE_NAME)
        self.usage = {"asked": 0, "prompt_tokens": 0, "completion_tokens": 0}

    def sample(
        self, problems: Sequence[Problem], style: str = "socratic", n: int = 1,
        temperature: float = 0.0, first_sample: int = 0,
    ) -> list[Chain]:  # fmt: skip
        """`n` chains per problem, in the problems' order, samples together.  Samples
        are numbered from `first_sample`, and the number is the request's seed. With a
        warning, a chain that the endpoint refuses has no text, steps or answer. Raises
        RefusedError if all are refused, TeacherError if some are not obtainable."""
        if not problems or n < 1:
            raise ValueError("give at least one problem and n of at least 1")
        jobs = self._jobs(problems, style, temperature, first_sample, n)
        rows, refused = self.ask(jobs, f"teacher, {style}")
        if refused:
            reason = next(iter(refused.values()))
            if not rows:
                raise reason
            skipped = f"{len(refused)} of {len(problems) * n} chains are left out"
            warnings.warn(f"{reason}; {skipped}", stacklevel=2)
        if thoughts := [row for row in rows.values() if "thinking" in row]:
            what = f"{len(thoughts)} replies of {self.model} are only thoughts"
            what += ", of which nothing is used"
            cut = [r["thinking"] or self.max_tokens for r in thoughts if was_cut(r)]
            if cut:
                what += f"; in {len(cut)} all {max(cut)} tokens went into thinking: "
                what += "raise --teacher-tokens"
            warnings.warn(what, stacklevel=2)
        return [self._chain(p, style, s["sample"], rows.get(s["key"], {"text": ""}))
                for p, job in zip(problems, jobs, strict=True)
                for s in job.stubs]  # fmt: skip

    def ask(
        self, jobs: Sequence[Job], label: str
    ) -> tuple[dict[str, dict], dict[str, RefusedError]]:
        """Reply rows, known or asked for now, and refusals; both by key."""
        rows, refused = self.known_rows(jobs), {}
        if open_jobs := missing(jobs, rows):
            refused = self._ask(open_jobs, label)
            rows = self.known_rows(jobs)
        return rows, refused

    def replies(self, problems: Sequence[Problem]) -> list[dict]:
        """Every known reply to these problems: text, tokens, prompt hash."""
        wanted = {problem.id for problem in problems}
        return [row for row in self._all_known() if row["problem_id"] in wanted]

    def known(
        self, problems: Sequence[Problem], style: str, temperature: float = 0.0,
        sample: int = 0,
    ) -> list[Chain | None]:  # fmt: skip
        """Each problem's chain if it is recorded or cached; nothing is asked."""
        jobs = self._jobs(problems, style, temperature, sample)
        rows = self.known_rows(jobs)
        pairs = zip(problems, (rows.get(job.keys[0]) for job in jobs), strict=True)
        return [row and self._chain(p, style, sample, row) for p, row in pairs]

    def estimate(
        self, problems: Sequence[Problem], style: str, n: int = 1,
        temperature: float = 0.0, first_sample: int = 0,
    ) -> Estimate:  # fmt: skip
        """What `sample` with the same arguments would request, and its cost."""
        jobs = self._jobs(problems, style, temperature, first_sample, n)
        return self.estimate_of(jobs)

    def estimate_of(self, jobs: Sequence[Job]) -> Estimate:
        """What `ask` would request, and its cost; known replies are free."""
        jobs = missing(jobs, self.known_rows(jobs))
        batch = self.mode == "batch"
        if batch or "n" in self.store.learnt(self.endpoint.name):
            jobs = [one for job in jobs for one in job.singles()]
        requests = [(job.request, len(job.stubs)) for job in jobs]
        known, price = self._all_known(), price_of(self.model, batch)
        return estimate(requests, known, price, self.concurrency)

    def request(
        self, problem: Problem, style: str, temperature: float, sample: int
    ) -> dict[str, Any]:
        """The canonical request: all that the reply depends on, no address, no key."""
        prompt = load_prompt(problem.dataset, style, self.shots)
        text = asked_text(problem, style)
        asked = {"messages": prompt.messages(text)}
        if self.api == "completion":
            asked = {"prompt": prompt.text(text)}
        limits = {"temperature": temperature, "max_tokens": self.max_tokens}
        return {"model": self.model, **asked, **limits, "seed": sample}

    def _jobs(
        self, problems: Sequence[Problem], style: str, temperature: float, first: int,
        n: int = 1,
    ) -> list[Job]:  # fmt: skip
        jobs = []
        for problem in problems:
            request = self.request(problem, style, temperature, first)
            prompt = load_prompt(problem.dataset, style, self.shots).hash
            labels = {"problem_id": problem.id, "style": style, "prompt_hash": prompt}
            jobs.append(new_job(request, range(first, first + n), **labels))
        return jobs

    def known_rows(self, jobs: Sequence[Job]) -> dict[str, dict]:
        """Usable replies: with `logprobs`, not those requested without them."""
        keys = [key for job in jobs for key in job.keys]
        recorded = {key: self._recorded[key] for key in keys if key in self._recorded}
        rows = [*self.store.find(keys).items(), *recorded.items()]
        return {key: r for key, r in rows if "logprob" in r or not self.logprobs}

    def _all_known(self) -> list[dict]:
        rows = [r for r in self._recorded.values() if r["model"] == self.model]
        return list({r["key"]: r for r in rows + self.store.of(self.model)}.values())

    def _chain(self, problem: Problem, style: str, sample: int, row: dict) -> Chain:
        text, cut = read_as(problem, style, row["text"]), was_cut(row)
        steps, answer = parse_chain(text, style, problem.kind, cut)
        finish = {"finish_reason": "length" if cut else "stop"}
        answer = choice_in_reply(problem, row | finish, answer)
        # Tokens without a text tell the filter that a model has only thought.
        tokens = row.get("tokens") if row["text"] else row.get("thinking")
        rest = (row.get("logprob"), row["text"], tokens)
        return Chain(problem.id, style, steps, answer, self.model, sample, *rest)

    def _ask(self, jobs: list[Job], label: str) -> dict[str, RefusedError]:
        if not self.endpoint.has_address:
            count, first = sum(len(job.stubs) for job in jobs), jobs[0].stubs[0]
            raise TeacherError(
                f"{count} chains of {self.model} are neither recorded nor cached: set "
                f"{KEY_VARIABLE}, or give --teacher-url with the address of a server, "
                f"or use the recorded teacher (the first: {first['problem_id']})"
            )
        self.endpoint.recall(self.store.learnt(self.endpoint.name))
        if self.mode == "batch":
            from .endpoint.batch import BatchAsker  # imports `openai`, which is slow

            return BatchAsker(self).ask(jobs, label)
        with self.store.lock():  # another process may have asked for the same meanwhile
            if not (jobs := missing(jobs, self.known_rows(jobs))):
                return {}
            in_batch_jobs = {stub["key"] for stub in self._in_batch_jobs()}
            if count := sum(key in in_batch_jobs for job in jobs for key in job.keys):
                advice = "collect them with --teacher-mode batch"
                where = "in a batch job that is under way"
                raise TeacherError(f"{count} of these chains are {where}: {advice}")
            return LiveAsker(self).ask(jobs, label)

    def _in_batch_jobs(self) -> list[dict]:
        open_jobs = self.store.open_jobs(self.endpoint.name)
        return [stub for stubs in open_jobs.values() for stub in stubs]

    def budget(self) -> Budget:
        """What may still be spent, by all processes together."""
        price = price_of(self.model)
        if not self.max_cost:
            if price is None:
                _say_once(f"no price is known for {self.model}: its cost is unknown")
            return Budget(math.inf, price or Price(0.0, 0.0))
        if price is None:
            raise TeacherError(
                f"no price is known for {self.model}, so its cost cannot be limited: "
                f"add a line to {price_table()} or to a copy that SOCRATIC_PRICES names"
            )
        worst = {"completion_tokens": self.max_tokens, "batch": True}
        pending = [{**stub, **worst} for stub in self._in_batch_jobs()]
        already = spent([*self.store.of(self.model), *pending], price)
        return Budget(self.max_cost, price, already)

    def remember(self, rows: Sequence[dict]) -> None:
        self.store.add(rows, replace=self.logprobs)
        self.store.learn(self.endpoint.name, self.endpoint.unsupported)
        self.usage["asked"] += len(rows)
        for name in ("prompt_tokens", "completion_tokens"):
            self.usage[name] += sum(row[name] or 0 for row in rows)
