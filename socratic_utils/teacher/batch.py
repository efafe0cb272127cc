"""The same requests as a batch job: half the price, within a day.

OpenAI's Batch API: a file of requests is uploaded, and a file of results comes back in
any order, perhaps with some missing; `custom_id`, the request's key, joins the two.
Job ids are stored before anything waits, so the process may end; a later one collects
what has arrived and submits only what is missing:

    ./run_all.sh paper --teacher gpt-4.1-mini --teacher-mode batch

A kill or a lost reply between a submission and its note on disk is covered too: what
is about to be submitted is noted first, every job carries a hash of its requests, and
a job that is already at the endpoint is adopted.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import islice

from tqdm import tqdm

from socratic_utils.files import content_hash

from .cache import ReplyStore
from .client import Endpoint
from .cost import Budget
from .errors import RefusedError, TeacherError, explained, is_retried
from .job import Job, Refusals, Remember, reply_rows, stored_row

MOST_REQUESTS = 50_000  # of one job, by the API's rules
MOST_BYTES = 200 * 10**6
MOST_LISTED = 1000  # how far back to look for a job of ours
OVER = ("completed", "expired", "cancelled", "failed")
POLL_SECONDS = 30.0
ROUNDS = 3  # how often a request that failed in a job is submitted again
UNSENT = "unsent-"  # in place of a job's id, until the endpoint has given it one

Known = Callable[[Sequence[Job]], Mapping[str, dict]]


class BatchAsker:
    """Asks through batch jobs; has the interface of `live.LiveAsker`.

    `known` looks up the replies to jobs, `budget` says what may be spent now.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        remember: Remember,
        store: ReplyStore,
        known: Known,
        logprobs: bool = False,
        budget: Callable[[], Budget | None] = lambda: None,
    ) -> None:
        self.endpoint, self.remember, self.store = endpoint, remember, store
        self.known, self.logprobs, self.budget = known, logprobs, budget
        self.name, self.url = self.name_of(endpoint), f"/v1{endpoint.path}"

    @staticmethod
    def name_of(endpoint: Endpoint) -> str:
        """The store's name for the jobs of an endpoint and model."""
        return f"{endpoint.base_url or 'openai'} {endpoint.model}"

    def ask(self, jobs: Sequence[Job], label: str) -> Refusals:
        """Get a reply to each sample; TeacherError when some stay missing."""
        import openai

        singles = {one.keys[0]: one for job in jobs for one in job.singles()}
        refused: dict[str, RefusedError] = {}
        self.example = jobs[0]
        try:
            for attempt in range(ROUNDS + 1):
                with self.store.lock():  # one process at a time submits
                    if not attempt:
                        self._find_unsent(singles)
                    self._submit(self._missing(singles, refused))
                self._collect_all(refused, label)
                if not self._missing(singles, refused):
                    break
        except openai.NotFoundError:
            raise TeacherError(
                f"the teacher at {self.endpoint.address} has no batch jobs: ask it "
                f"with --teacher-mode live"
            ) from None
        except openai.APIStatusError as error:
            status, body = error.status_code, error.body
            raise explained(self.endpoint.model, status, body) from None
        except openai.APIConnectionError:
            raise TeacherError(
                f"the teacher at {self.endpoint.address} cannot be reached; submitted "
                f"jobs are remembered, so run again later"
            ) from None
        return self._report(singles, refused)

    def _missing(self, singles: dict[str, Job], refused: dict) -> list[Job]:
        known = self.known(list(singles.values()))
        done = known.keys() | refused.keys()
        return [job for key, job in singles.items() if key not in done]

    # --- submitting -----------------------------------------------------------------

    def _submit(self, jobs: Sequence[Job]) -> None:
        """Submit those that are in no open job."""
        open_jobs = self.store.open_jobs(self.name).values()
        in_jobs = {stub["key"] for stubs in open_jobs for stub in stubs}
        jobs = [job for job in jobs if job.keys[0] not in in_jobs]
        self._check_budget(jobs)
        for part, lines in self._parts(jobs):
            stubs = [stub for job in part for stub in job.stubs()]
            mark = content_hash([stub["key"] for stub in stubs], 32)
            files = self.endpoint.client.files
            file = files.create(file=("requests.jsonl", lines), purpose="batch")
            self.store.add_job(UNSENT + mark, self.name, stubs)
            self.store.add_job(self._created(file.id, mark), self.name, stubs)
            self.store.close_job(UNSENT + mark, "sent")

    def _find_unsent(self, wanted: Container[str]) -> None:
        """Settle what was noted and perhaps submitted when a process was killed."""
        for job_id, stubs in self.store.open_jobs(self.name).items():
            ours = any(stub["key"] in wanted for stub in stubs)
            if ours and job_id.startswith(UNSENT):
                if found := self._adopted(job_id.removeprefix(UNSENT)):
                    self.store.add_job(found, self.name, stubs)
                self.store.close_job(job_id, "sent" if found else "never sent")

    def _check_budget(self, jobs: Sequence[Job]) -> None:
        """A batch job is paid as a whole: refuse it before it is submitted."""
        if not jobs or (budget := self.budget()) is None:
            return
        worst = sum(budget.worst(job.request) for job in jobs)
        if not budget.admit(worst):
            raise TeacherError(
                f"the batch job could cost ${worst:.2f}, which would pass --max-cost "
                f"{budget.max_cost:g} dollars: raise it or ask for fewer chains"
            )

    def _parts(self, jobs: Sequence[Job]) -> Iterator[tuple[list[Job], bytes]]:
        """Jobs and their lines, split at the API's limits."""
        part: list[Job] = []
        lines = bytearray()
        for job in jobs:
            body = self.endpoint.body(job.request, logprobs=self.logprobs)
            line = {"custom_id": job.keys[0], "method": "POST", "url": self.url}
            text = json.dumps({**line, "body": body}).encode() + b"\n"
            full = len(part) == MOST_REQUESTS or len(lines) + len(text) > MOST_BYTES
            if part and full:
                yield part, bytes(lines)
                part, lines = [], bytearray()
            part.append(job)
            lines += text
        if part:
            yield part, bytes(lines)

    def _adopted(self, mark: str) -> str | None:
        """The id of a job of these very requests that the store does not know."""
        latest = islice(self.endpoint.client.batches.list(limit=100), MOST_LISTED)
        for batch in latest:
            ours = (batch.metadata or {}).get("requests") == mark
            if ours and batch.status != "failed" and not self.store.has_job(batch.id):
                return batch.id
        return None

    def _created(self, file_id: str, mark: str) -> str:
        """The id of a new job, requested once: a retry might be paid too."""
        import openai

        client = self.endpoint.client.with_options(max_retries=0)
        try:
            return client.batches.create(
                input_file_id=file_id,
                endpoint=self.url,
                completion_window="24h",
                metadata={"requests": mark},
            ).id
        except (openai.APIConnectionError, openai.InternalServerError):
            if found := self._adopted(mark):  # made, but its id was lost on the way
                return found
            raise
        except openai.APIStatusError:  # refused, so there is no such job
            self.store.close_job(UNSENT + mark, "never sent")
            raise

    # --- collecting -----------------------------------------------------------------

    def _collect_all(self, refused: dict, label: str) -> None:
        """Wait until no job is open."""
        total = sum(map(len, self._sent().values()))
        with tqdm(total=total, desc=f"{label}, batch job", unit="chain") as bar:
            while self._sent():
                count = self._collect_ready(refused)
                bar.update(count)
                if not count and self._sent():
                    time.sleep(POLL_SECONDS)

    def _sent(self) -> dict[str, list[dict]]:
        """The open jobs that the endpoint has given an id."""
        jobs = self.store.open_jobs(self.name)
        return {i: stubs for i, stubs in jobs.items() if not i.startswith(UNSENT)}

    def _collect_ready(self, refused: dict) -> int:
        """Store the results of finished jobs; returns their number of requests."""
        import openai

        count, client = 0, self.endpoint.client
        for job_id, stubs in self._sent().items():
            try:
                batch = client.batches.retrieve(job_id)
            except openai.NotFoundError:  # another account's, or deleted there
                self.store.close_job(job_id, "lost")
                warnings.warn(f"batch job {job_id} is not known any more", stacklevel=2)
                continue
            if batch.status not in OVER:
                continue
            by_key = {stub["key"]: stub for stub in stubs}
            for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                content = client.files.content(file_id).read()
                self._store_results(content, by_key, refused)
            self.store.close_job(job_id, batch.status)
            if batch.status == "failed":
                raise TeacherError(
                    f"batch job {job_id} was rejected as a whole: look at it at your "
                    f"provider, correct the cause and run again"
                )
            count += len(stubs)
        return count

    def _store_results(self, content: bytes, by_key: dict, refused: dict) -> None:
        """Store the rows of a result file; lines that are not results are skipped.

        Requests that name an unsupported parameter are submitted again without it.
        """
        rows, sent = [], self.endpoint.body(self.example.request, 1, self.logprobs)
        for line in content.split(b"\n"):
            try:
                result = json.loads(line)
                stub = by_key[result["custom_id"]]
                response = result.get("response") or {}
                status = int(response.get("status_code") or 0)
                body = response.get("body") or {}
            except (ValueError, KeyError, TypeError):
                continue
            if status == 200:
                replies = reply_rows(body)
                rows += [
                    stored_row(stub, r, self.logprobs, batch=True) for r in replies
                ]
            elif self.endpoint.learn(sent, status, body.get("error")):
                continue
            elif 400 <= status < 500 and not is_retried(status):
                reason = f"HTTP {status}: the request was refused"
                error = RefusedError(f"teacher {self.endpoint.model}, {reason}")
                refused[stub["key"]] = error
        self.remember(rows)

    def _report(self, singles: dict[str, Job], refused: dict) -> Refusals:
        ours = [error for key, error in refused.items() if key in singles]
        if lost := len(self._missing(singles, refused)):
            raise TeacherError(
                f"{lost} of {len(singles)} chains of {self.endpoint.model} did not "
                f"come in {ROUNDS + 1} batch jobs; the others are kept, run again later"
            )
        return Refusals(len(ours), ours[0] if ours else None)
