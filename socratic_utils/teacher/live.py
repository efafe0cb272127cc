"""Ask for many chains at once, live, and stop for good reasons only.

A `Job` is a problem in a style and the samples of it that are missing.  Where the
endpoint honours `n`, a job is one request; where it ignores or refuses `n`, its samples
are asked for one by one.  Replies are handed to `remember` as they come, before
anything else happens.  A request that is refused stops nobody else; when the endpoint
fails again and again, or the budget would be passed, no new request is made, those
under way are waited for, and what is missing is said in one sentence.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

from tqdm import tqdm

from .address import RefusedError, TeacherError
from .cost import Budget, Price, characters_of
from .endpoint import Endpoint


@dataclass(frozen=True)
class Job:
    """Missing samples of one problem: their numbers, their keys, and what is asked.

    `request` is the canonical request of the first sample; the others differ in their
    seed alone.
    """

    problem_id: str
    style: str
    prompt_hash: str
    request: dict
    samples: tuple[int, ...]
    keys: tuple[str, ...]

    def part(self, places: Iterable[int]) -> Job:
        """The job of the samples at these places alone."""
        places = list(places)
        return replace(
            self,
            request={**self.request, "seed": self.samples[places[0]]},
            samples=tuple(self.samples[i] for i in places),
            keys=tuple(self.keys[i] for i in places),
        )

    def singles(self, done: int = 0) -> list[Job]:
        """A job for each sample but the first `done`."""
        return [self.part([i]) for i in range(done, len(self.samples))]

    def stubs(self) -> list[dict]:
        """What a row of each sample says beside the reply."""
        return [
            {
                "key": key,
                "model": self.request["model"],
                "problem_id": self.problem_id,
                "style": self.style,
                "sample": sample,
                "temperature": self.request["temperature"],
                "prompt_hash": self.prompt_hash,
                "prompt_characters": characters_of(self.request),
            }
            for key, sample in zip(self.keys, self.samples, strict=True)
        ]


def missing(jobs: Sequence[Job], known: Iterable[str]) -> list[Job]:
    """The jobs with the samples whose keys are not known, each only once."""
    seen = set(known)
    result = []
    for job in jobs:
        places = [i for i, key in enumerate(job.keys) if key not in seen]
        seen.update(job.keys)
        if len(places) == len(job.keys):
            result.append(job)  # as nearly always; a copy costs more than the look
        elif places:
            result.append(job.part(places))
    return result


Remember = Callable[[Sequence[dict]], None]
Answer = tuple[list[dict], TeacherError | None]


@dataclass
class Refusals:
    """How many samples the endpoint refuses for good, and the first of its reasons."""

    count: int = 0
    reason: RefusedError | None = None

    def add(self, reason: RefusedError, count: int = 1) -> None:
        self.count, self.reason = self.count + count, self.reason or reason


class LiveAsker:
    """`concurrency` requests at a time to one endpoint.

    With a `price` the progress bar says what was spent and what it will be in the end.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        remember: Remember,
        concurrency: int = 8,
        logprobs: bool = False,
        budget: Budget | None = None,
        price: Price | None = None,
    ) -> None:
        self.endpoint, self.remember = endpoint, remember
        self.concurrency, self.logprobs = max(1, concurrency), logprobs
        self.budget, self.price = budget, price
        self.honours_n = True

    def ask(self, jobs: Sequence[Job], label: str) -> Refusals:
        """Every job, each sample once.  Raises TeacherError when some stay missing.

        What is refused is not missing: it is in the result.
        """
        self.waiting, self.endpoint.stopped = deque(jobs), False
        self.trials: dict[str, Job] = {}  # one sample of a job refused with `n` -> rest
        self.refusals = Refusals()
        self.arrived: SimpleQueue[Future] = SimpleQueue()
        running: dict[Future, tuple[Job, float]] = {}
        failed: list[TeacherError] = []
        in_a_row = answered = 0
        total = sum(len(job.samples) for job in jobs)
        pool = ThreadPoolExecutor(self.concurrency)
        self.bar = tqdm(total=total, desc=label, unit="chain")
        self.tokens = [0, 0]
        try:
            while self.waiting or running:
                # As many failures in a row as could be under way: nobody is served.
                if in_a_row < 2 * self.concurrency:
                    if stopped := self._fill(pool, running):
                        failed.append(stopped)
                        self.waiting.clear()
                else:
                    self.waiting.clear()
                if not running:
                    break
                done = [self.arrived.get()]
                while not self.arrived.empty():
                    done.append(self.arrived.get())
                # One transaction for all that came meanwhile: each costs a disk sync.
                self.remember([row for future in done for row in future.result()[0]])
                for future in done:  # only now: what is not stored stays in `running`
                    job, worst = running.pop(future)
                    rows, error = future.result()
                    answered += len(rows)
                    if self.budget:
                        self.budget.settle(worst, rows)
                    self._show(rows)
                    self._go_on(job, rows, error)
                    if error and not isinstance(error, RefusedError):
                        failed.append(error)
                        in_a_row += 1
                    else:
                        in_a_row = 0
        finally:  # also when interrupted: what was under way is paid for
            if running:
                self.endpoint.stopped = True
                print(f"waiting for {len(running)} requests under way", flush=True)
            pool.shutdown(cancel_futures=True)
            late = [f for f in running if not f.cancelled()]
            self.remember([row for future in late for row in future.result()[0]])
            self.bar.close()
        missing = total - answered - self.refusals.count
        if failed:
            also = f"; {missing} of {total} chains are missing" if total > 1 else ""
            raise TeacherError(f"{failed[0]}{also}") from None
        return self.refusals

    def _go_on(self, job: Job, rows: list[dict], error: TeacherError | None) -> None:
        """What an answer means for the samples of its job that it did not bring."""
        rest = self.trials.pop(job.keys[0], None)
        if isinstance(error, RefusedError):
            if len(job.samples) > 1 and not error.by_content:
                # Perhaps only `n` is refused: one sample alone will tell.
                first, others = job.part([0]), job.part(range(1, len(job.samples)))
                self.trials[first.keys[0]] = others
                self.waiting.appendleft(first)
            else:
                refused = len(job.samples) + (len(rest.samples) if rest else 0)
                self.refusals.add(error, refused)
        elif rest:
            self.honours_n = self.honours_n and bool(error)
            self.waiting.extendleft(rest.singles())
        elif not error and len(rows) < len(job.samples):
            self.honours_n = False
            self.waiting.extendleft(job.singles(len(rows)))

    def _fill(self, pool: ThreadPoolExecutor, running: dict) -> TeacherError | None:
        """Start requests while there is room; the error is a budget that is used up."""
        # Some more than threads, so that none is idle while replies are being stored.
        while self.waiting and len(running) < self.concurrency + self.concurrency // 2:
            job = self.waiting.popleft()
            if len(job.samples) > 1 and not self.honours_n:
                job, *others = job.singles()
                self.waiting.extendleft(reversed(others))
            worst = 0.0
            if self.budget:
                worst = self.budget.worst(job.request, len(job.samples))
                if not self.budget.admit(worst):
                    self.waiting.appendleft(job)
                    if running:
                        return None  # what is under way may cost less than its worst
                    return TeacherError(
                        f"the next request could pass --max-cost "
                        f"{self.budget.max_cost:g} dollars, of which "
                        f"{self.budget.spent:.4f} are spent: answers so far are kept, "
                        f"raise --max-cost to go on from there"
                    )
            future = pool.submit(self._one, job)
            running[future] = (job, worst)
            future.add_done_callback(self.arrived.put)
        return None

    def _one(self, job: Job) -> Answer:
        """Ask for a job; runs in a thread of the pool, and never raises."""
        started = time.time()
        try:
            replies = self.endpoint.ask(job.request, len(job.samples), self.logprobs)
        except TeacherError as error:
            return [], error
        except Exception as error:  # nobody else's reply may be lost to it
            return [], TeacherError(
                f"{self.endpoint.model} could not be asked ({error!r}); answers so far "
                f"are kept"
            )
        seconds = round((time.time() - started) / max(1, len(replies)), 3)
        pairs = zip(job.stubs(), replies, strict=False)
        rows = [
            reply_row(stub, reply, self.logprobs, seconds=seconds)
            for stub, reply in pairs
        ]
        return rows, None

    def _show(self, rows: Sequence[dict]) -> None:
        """Chains, tokens and, where a price is known, dollars now and in the end."""
        self.bar.update(len(rows))
        for place, name in enumerate(("prompt_tokens", "completion_tokens")):
            self.tokens[place] += sum(row.get(name) or 0 for row in rows)
        told = f"{sum(self.tokens):,} tokens"
        if self.price and self.bar.n:
            now = self.price.of(*self.tokens)
            told += f", ${now:.4f} of about ${now * self.bar.total / self.bar.n:.4f}"
        self.bar.set_postfix_str(told, refresh=False)


def reply_row(stub: dict, reply: dict, logprobs: bool, **more: object) -> dict:
    """A row as it is stored: who was asked for what, and the reply.

    Without `logprobs` in the request the row says nothing of them, so that asking for
    them later is another request and not a contradiction.
    """
    row = {**stub, **reply, **more}
    if not logprobs:
        del row["logprob"], row["tokens"]
    return row
