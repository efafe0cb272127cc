"""Many requests at once, live.

Where the endpoint honours `n`, a job is one request; where it ignores or refuses `n`,
its samples are requested one by one.  Requests run in an event loop in a thread of its
own, because a notebook already runs a loop; replies are stored as they come.  A refused
request does not stop the others.  When the endpoint fails again and again, or the next
request could exceed the budget, no new request is made, those in flight are awaited,
and one sentence says what is missing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from tqdm import tqdm

from .client import Endpoint
from .cost import Budget, Price
from .errors import RefusedError, TeacherError
from .job import Job, Refusals, Remember, stored_row

Answer = tuple[list[dict], TeacherError | None]


@contextmanager
def background_loop(endpoint: Endpoint) -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own; in the end connections are closed."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(endpoint.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class LiveAsker:
    """Sends `concurrency` requests at a time to one endpoint.

    With a `price` the progress bar shows what was spent and the expected total.
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
        """Get a reply to each sample once.  Raises TeacherError when some stay missing.

        Refused samples are not missing: they are counted in the result.
        """
        self.waiting, self.endpoint.stopped = deque(jobs), False
        self.trials: dict[str, Job] = {}  # one sample of a job refused with `n` -> rest
        self.refusals, self.failed, self.answered = Refusals(), [], 0
        self.running: dict[Future, tuple[Job, float]] = {}  # -> its worst cost
        self.arrived: SimpleQueue[Future] = SimpleQueue()
        self.slots, self.tokens = asyncio.Semaphore(self.concurrency), [0, 0]
        total = sum(len(job.samples) for job in jobs)
        with (
            tqdm(total=total, desc=label, unit="chain") as self.bar,
            background_loop(self.endpoint) as self.loop,
        ):
            try:
                self._ask_all()
            finally:
                self._store_running()
        if self.failed:
            missing = total - self.answered - self.refusals.count
            also = f"; {missing} of {total} chains are missing" if total > 1 else ""
            raise TeacherError(f"{self.failed[0]}{also}") from None
        return self.refusals

    def _ask_all(self) -> None:
        in_a_row = 0
        while True:
            # As many failures in a row as can be in flight: nothing is served.
            if in_a_row >= 2 * self.concurrency:
                self.waiting.clear()
            self._fill()
            if not self.running:
                return
            done = [self.arrived.get()]
            while not self.arrived.empty():
                done.append(self.arrived.get())
            # One transaction for all that came meanwhile: each costs a disk sync.
            self.remember([row for future in done for row in future.result()[0]])
            for future in done:  # only now: what is not stored stays in `running`
                job, worst = self.running.pop(future)
                rows, error = future.result()
                self.answered += len(rows)
                if self.budget:
                    self.budget.settle(worst, rows)
                self._show(rows)
                self._go_on(job, rows, error)
                if error and not isinstance(error, RefusedError):
                    self.failed.append(error)
                    in_a_row += 1
                else:
                    in_a_row = 0

    def _store_running(self) -> None:
        """After an interrupt, store what is in flight, which is paid for."""
        if not self.running:
            return
        self.endpoint.stopped = True
        print("waiting for the replies that are paid for", flush=True)
        self.loop.call_soon_threadsafe(self._cancel_idle)
        wait(self.running)
        finished = [future for future in self.running if not future.cancelled()]
        self.remember([row for future in finished for row in future.result()[0]])

    def _cancel_idle(self) -> None:
        for task in asyncio.all_tasks(self.loop) - self.endpoint.in_flight:
            task.cancel()

    def _go_on(self, job: Job, rows: list[dict], error: TeacherError | None) -> None:
        """Queue the samples of a job that its answer did not bring."""
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

    def _fill(self) -> None:
        """Start requests while there is room and budget."""
        # More than there are slots, so that none is idle while replies are stored.
        room = self.concurrency + self.concurrency // 2
        while self.waiting and len(self.running) < room:
            job = self.waiting.popleft()
            if len(job.samples) > 1 and not self.honours_n:
                job, *others = job.singles()
                self.waiting.extendleft(reversed(others))
            worst = 0.0
            if self.budget:
                worst = self.budget.worst(job.request, len(job.samples))
                if not self.budget.admit(worst):
                    self.waiting.appendleft(job)
                    if not self.running:  # what is in flight may cost less
                        self._stop_at_budget(self.budget)
                    return
            future = asyncio.run_coroutine_threadsafe(self._one(job), self.loop)
            self.running[future] = (job, worst)
            future.add_done_callback(self.arrived.put)

    def _stop_at_budget(self, budget: Budget) -> None:
        self.waiting.clear()
        error = TeacherError(
            f"the next request could pass --max-cost {budget.max_cost:g} dollars, of "
            f"which {budget.spent:.4f} are spent: answers so far are kept, raise "
            f"--max-cost to go on from there"
        )
        self.failed.append(error)

    async def _one(self, job: Job) -> Answer:
        """Ask for a job; errors are returned, so that none costs another's reply."""
        async with self.slots:
            started, count = time.time(), len(job.samples)
            try:
                replies = await self.endpoint.ask(job.request, count, self.logprobs)
            except TeacherError as error:
                return [], error
            except Exception as error:
                return [], TeacherError(
                    f"{self.endpoint.model} could not be asked ({error!r}); answers so "
                    f"far are kept"
                )
        seconds = round((time.time() - started) / max(1, len(replies)), 3)
        with_stubs = zip(job.stubs(), replies, strict=False)
        options = {"logprobs": self.logprobs, "seconds": seconds}
        if self.endpoint.unsupported:  # at temperature 0 a row may be a random sample
            options["unsupported"] = sorted(self.endpoint.unsupported)
        return [stored_row(*pair, **options) for pair in with_stubs], None

    def _show(self, rows: Sequence[dict]) -> None:
        """Chains, tokens and, where a price is known, dollars now and in the end."""
        self.bar.update(len(rows))
        for place, name in enumerate(("prompt_tokens", "completion_tokens")):
            self.tokens[place] += sum(row.get(name) or 0 for row in rows)
        text = f"{sum(self.tokens):,} tokens"
        if self.price and self.bar.n:
            now = self.price.of(*self.tokens)
            text += f", ${now:.4f} of about ${now * self.bar.total / self.bar.n:.4f}"
        self.bar.set_postfix_str(text, refresh=False)
