"""Many requests at once, live.

Where the endpoint honours `n`, a job is one request, else one per sample.  A refused
request does not stop the others.  When the endpoint fails again and again, or the next
request could exceed the budget, those in flight are awaited, and one sentence says what
is missing.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from tqdm import tqdm

from socratic_utils.files import progress

from ..cache import StoreError
from .errors import RefusedError, TeacherError
from .job import Job

# Connections that are opened all at once finish all at the end: so in single file.
SECONDS_BETWEEN_STARTS = 0.002


class LiveAsker:
    """Sends `concurrency` requests of a `Teacher` at a time, within its budget."""

    def __init__(self, teacher) -> None:
        self.teacher, self.endpoint = teacher, teacher.endpoint
        self.budget, self.concurrency = teacher.budget(), max(1, teacher.concurrency)

    def ask(self, jobs: Sequence[Job], label: str) -> dict[str, RefusedError]:
        """Ask for all; returns refused keys.  TeacherError: some are missing."""
        self.waiting = deque((job, len(job.stubs)) for job in jobs)  # with its `n`
        self.running: dict[asyncio.Task, tuple[Job, int, float]] = {}  # worst cost
        self.answered, self.failed_in_a_row = 0, 0
        self.refused, self.failure = {}, None
        self.unsaved: list[dict] = []
        self.arrival = asyncio.Event()
        self.endpoint.stopped = False
        total = sum(len(job.stubs) for job in jobs)
        with (
            progress(total, label, "chain", leave=True) as self.bar,
            ThreadPoolExecutor(1) as thread,  # a notebook's own runs a loop already
        ):
            try:
                thread.submit(asyncio.run, self._ask_all()).result()
            except KeyboardInterrupt:
                tqdm.write("waiting for the replies that are paid for")
                self.endpoint.stopped = True
                raise  # once the thread has stored them
        if self.failure:
            missing = total - self.answered - len(self.refused)
            also = f"; {missing} of {total} chains are missing" if total > 1 else ""
            raise TeacherError(f"{self.failure}{also}")
        return self.refused

    async def _ask_all(self) -> None:
        async with self.endpoint.connected():
            for slots in range(1, self.concurrency + 1):
                self.slots = slots
                self._fill()
                if self.waiting:
                    await asyncio.sleep(SECONDS_BETWEEN_STARTS)
            while self.running or self.unsaved:
                await self._store()

    def _fill(self) -> None:
        """Start requests while there is room and budget."""
        while self.waiting and len(self.running) < self.slots:
            job, n = self.waiting[0]
            worst = self.budget.worst(job.request, n)
            if not self.budget.admit(worst):
                if not self.running:  # what is in flight may cost less
                    self.failure = self.failure or self.budget.exceeded(worst)
                return
            self.waiting.popleft()
            task = asyncio.create_task(self._one(job, n))
            self.running[task] = (job, n, worst)
            # At once: no slot waits until other replies are stored.
            task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task) -> None:
        """Take the rows of a finished request, and start another."""
        job, n, worst = self.running.pop(task)
        if not task.cancelled():
            rows, error = task.result()
            self.unsaved += rows
            wasted, self.endpoint.wasted = self.endpoint.wasted, []
            self.budget.settle(worst, rows + wasted)
            self._go_on(job, n, len(rows), error)
        self._fill()
        self.arrival.set()

    async def _store(self) -> None:
        """Store what has arrived, when something has; look for an interrupt."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.arrival.wait(), 1.0)
        self.arrival.clear()
        if self.endpoint.stopped:  # only what is in flight, which is paid for, goes on
            self.waiting.clear()
            for task in self.running.keys() - self.endpoint.in_flight:
                task.cancel()
        # One transaction for all that came meanwhile: each costs a disk sync.
        rows, self.unsaved = self.unsaved, []
        try:
            await asyncio.to_thread(self.teacher.remember, rows)
        except StoreError as error:  # what is in flight is stored in another attempt
            self.waiting.clear()
            if not self.running:
                raise
            self.failure = TeacherError(str(error))
            self.unsaved = rows + self.unsaved
            return
        self.answered += len(rows)
        self.bar.update(len(rows))
        if self.budget.spent:
            self.bar.set_postfix_str(f"${self.budget.spent:.4f}", refresh=False)

    def _go_on(self, job: Job, n: int, came: int, error: TeacherError | None) -> None:
        """Queue the samples of a job that its answer did not bring."""
        refused = isinstance(error, RefusedError)
        self.failed_in_a_row = self.failed_in_a_row + 1 if error and not refused else 0
        if refused and n > 1:  # perhaps only `n` is: one sample alone will tell
            self.waiting.appendleft((job, 1))
        elif refused:
            self.refused.update(dict.fromkeys(job.keys, error))
        elif error:
            self.failure = self.failure or error
            if self.failed_in_a_row >= 2 * self.concurrency:  # nothing is served
                self.waiting.clear()
        elif (rest := job.singles(came)) and n > 1 and self.endpoint.honours_n:
            self.waiting.extendleft((one, 1) for one in rest)  # a choice was no reply
        elif rest:
            others = [one for other, _ in self.waiting for one in other.singles()]
            self.waiting = deque((one, 1) for one in rest + others)

    async def _one(self, job: Job, n: int) -> tuple[list[dict], TeacherError | None]:
        """Rows of a job, or the error: raised, it would cost another's reply."""
        started = time.time()
        try:
            replies = await self.endpoint.ask(job.request, n, self.teacher.logprobs)
        except TeacherError as error:
            return [], error
        except Exception as error:
            message = f"{self.endpoint.model} could not be asked ({error!r})"
            return [], TeacherError(f"{message}; answers so far are kept")
        seconds = round((time.time() - started) / len(replies), 3)
        pairs = zip(job.stubs, replies, strict=False)
        return [stub | reply | {"seconds": seconds} for stub, reply in pairs], None
