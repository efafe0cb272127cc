"""Ask for many chains at once, live, and stop for good reasons only.

A `Job` is a problem in a style and the samples of it that are missing.  Where the
endpoint honours `n`, a job is one request; where it ignores or refuses `n`, its samples
are asked for one by one.  Replies are handed to `remember` as they come, before
anything else happens.  A request that is refused stops nobody else; when nobody is
answered any more, or the budget would be passed, no new request is made, those under
way are waited for, and what is missing is said in one sentence.
"""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from tqdm.auto import tqdm

from .cost import Budget, characters_of
from .endpoint import Endpoint, RefusedError, TeacherError


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


Remember = Callable[[Sequence[dict]], None]


class LiveAsker:
    """`concurrency` requests at a time to one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        remember: Remember,
        concurrency: int = 8,
        logprobs: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self.endpoint, self.remember = endpoint, remember
        self.concurrency, self.logprobs = max(1, concurrency), logprobs
        self.budget = budget
        self.honours_n = True

    def ask(self, jobs: Sequence[Job], label: str) -> None:
        """Every job, each sample once.  Raises TeacherError when some stay missing."""
        waiting = deque(jobs)
        running: dict[Future, tuple[Job, float]] = {}
        refused: list[RefusedError] = []
        failed: list[TeacherError] = []
        in_a_row = answered = 0
        total = sum(len(job.samples) for job in jobs)
        pool = ThreadPoolExecutor(self.concurrency)
        bar = tqdm(total=total, desc=label, unit="chain")
        try:
            while waiting or running:
                # As many failures in a row as could be under way: nobody is served.
                if in_a_row < 2 * self.concurrency:
                    stopped = self._fill(pool, waiting, running)
                    if stopped:
                        failed.append(stopped)
                        waiting.clear()
                else:
                    waiting.clear()
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                results = [(*running.pop(future), *future.result()) for future in done]
                # One transaction for all that came meanwhile: each costs a disk sync.
                self.remember([row for *_, rows, _ in results for row in rows])
                for job, worst, rows, error in results:
                    self._settle(worst, rows)
                    answered += len(rows)
                    self._show(bar, rows)
                    in_a_row = in_a_row + 1 if error else 0
                    if isinstance(error, RefusedError) and len(job.samples) > 1:
                        self.honours_n = False  # perhaps only `n` is refused
                        waiting.extendleft(job.singles())
                    elif isinstance(error, RefusedError):
                        refused.append(error)
                    elif error:
                        failed.append(error)
                    elif len(rows) < len(job.samples):
                        self.honours_n = False
                        waiting.extendleft(job.singles(len(rows)))
        finally:  # also when interrupted: what was under way is paid for
            pool.shutdown(cancel_futures=True)
            late = [f for f in running if not f.cancelled() and not f.exception()]
            self.remember([row for future in late for row in future.result()[0]])
            bar.close()
        self._report(total, answered, refused, failed)

    def _fill(self, pool, waiting: deque, running: dict) -> TeacherError | None:
        """Start requests while there is room; the error is a budget that is used up."""
        while waiting and len(running) < self.concurrency:
            job = waiting.popleft()
            if len(job.samples) > 1 and not self.honours_n:
                job, *others = job.singles()
                waiting.extendleft(reversed(others))
            worst = 0.0
            if self.budget:
                worst = self.budget.worst(job.request, len(job.samples))
                if not self.budget.admit(worst):
                    waiting.appendleft(job)
                    if running:
                        return None  # what is under way may cost less than its worst
                    return TeacherError(
                        f"the next request could pass --max-cost "
                        f"{self.budget.max_cost:g} dollars, of which "
                        f"{self.budget.spent:.4f} are spent: answers so far are kept, "
                        f"raise --max-cost to go on from there"
                    )
            running[pool.submit(self._one, job)] = (job, worst)
        return None

    def _one(self, job: Job) -> tuple[list[dict], TeacherError | None]:
        """Ask for a job; runs in a thread of the pool."""
        started = time.time()
        try:
            replies = self.endpoint.ask(job.request, len(job.samples), self.logprobs)
        except TeacherError as error:
            return [], error
        seconds = round(time.time() - started, 3)
        pairs = zip(job.stubs(), replies, strict=False)
        rows = [
            reply_row(stub, reply, self.logprobs, seconds=seconds)
            for stub, reply in pairs
        ]
        return rows, None

    def _settle(self, worst: float, rows: Sequence[dict]) -> None:
        if self.budget:
            self.budget.settle(worst, rows)

    def _show(self, bar, rows: Sequence[dict]) -> None:
        bar.update(len(rows))
        if self.budget and bar.n:
            spent = self.budget.spent
            bar.set_postfix_str(f"${spent:.4f} spent", refresh=False)

    def _report(self, total: int, answered: int, refused: list, failed: list) -> None:
        """One sentence for whatever is missing."""
        missing = total - answered
        if failed:
            also = f"; {missing} of {total} chains are missing" if total > 1 else ""
            raise TeacherError(f"{failed[0]}{also}") from None
        if refused and not answered:
            raise TeacherError(str(refused[0])) from None
        if refused:
            warnings.warn(
                f"{refused[0]}; {len(refused)} of {total} chains are left out",
                stacklevel=4,
            )


def reply_row(stub: dict, reply: dict, logprobs: bool, **more: object) -> dict:
    """A row as it is stored: who was asked for what, and the reply.

    Without `logprobs` in the request the row says nothing of them, so that asking for
    them later is another request and not a contradiction.
    """
    row = {**stub, **reply, **more}
    if not logprobs:
        del row["logprob"], row["tokens"]
    return row
