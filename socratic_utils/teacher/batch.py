"""The same requests as a batch job: half the price, within a day.

OpenAI's Batch API: a file of requests is uploaded, a file of results comes back, in any
order, some of them perhaps missing.  Results are joined on `custom_id`, which is the
request's key.  Job ids are stored before anything waits, so the process may end; a
later one collects what has arrived and submits only what is missing.

    ./run_all.sh paper --teacher gpt-4.1-mini --teacher-mode batch

A kill or a lost reply between a submission and its note on disk is covered too: what
is about to be submitted is noted first, every job carries a hash of its requests, and
one that is already at the endpoint is adopted.
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
from .client import Endpoint, reply_rows
from .cost import Budget
from .errors import RefusedError, TeacherError, explained, is_retried
from .job import Job, Refusals, reply_row
from .live import Remember

MOST_REQUESTS = 50_000  # of one job, by the API's rules
MOST_BYTES = 200 * 10**6
MOST_LISTED = 1000  # how far back to look for a job of ours
OVER = ("completed", "expired", "cancelled", "failed")
ROUNDS = 3  # how often a request that failed in a job is submitted again
UNSENT = "unsent-"  # in place of a job's id, until the endpoint has given it one

Known = Callable[[Sequence[str]], Mapping[str, dict]]


class BatchAsker:
    """Asks through batch jobs; has the interface of `live.LiveAsker`.

    `known` looks up replies by key, `budget` says what may be spent now.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        remember: Remember,
        store: ReplyStore,
        known: Known,
        logprobs: bool = False,
        budget: Callable[[], Budget | None] = lambda: None,
        poll_seconds: float = 30.0,
        wait: bool = True,
    ) -> None:
        self.endpoint, self.remember, self.store = endpoint, remember, store
        self.known, self.budget = known, budget
        self.logprobs, self.poll_seconds, self.wait = logprobs, poll_seconds, wait
        self.name = self.name_of(endpoint)

    @staticmethod
    def name_of(endpoint: Endpoint) -> str:
        """What the store calls the jobs of an endpoint and model."""
        return f"{endpoint.base_url or 'openai'} {endpoint.model}"

    def ask(self, jobs: Sequence[Job], label: str) -> Refusals:
        """Get a reply to each sample once.  Raises TeacherError when some stay missing.

        With `wait=False` it raises after submitting, and says so; the next call
        collects.
        """
        import openai

        singles = {one.keys[0]: one for job in jobs for one in job.singles()}
        refused: dict[str, RefusedError] = {}
        try:
            for attempt in range(ROUNDS + 1):
                with self.store.lock():  # while another process submits, we wait
                    if not attempt:
                        self._find_unsent(singles)
                    self._submit_missing(singles, refused)
                if not self.wait:
                    self._collect_ready(refused)
                    break
                self._collect_all(refused, label)
                if not self._missing(singles, refused):
                    break
        except openai.NotFoundError:
            raise TeacherError(
                f"the teacher at {self.endpoint.address} has no batch jobs: ask it "
                f"with --teacher-mode live"
            ) from None
        except openai.APIStatusError as error:
            told = explained(self.endpoint.model, error.status_code, error.body)
            raise told from None
        except openai.APIConnectionError:
            raise TeacherError(
                f"the teacher at {self.endpoint.address} cannot be reached; submitted "
                f"jobs are remembered, so run again later"
            ) from None
        return self._report(singles, refused)

    def _missing(self, singles: dict[str, Job], refused: dict) -> dict[str, Job]:
        known = self.known(list(singles))
        return {k: j for k, j in singles.items() if k not in known and k not in refused}

    # --- submitting -----------------------------------------------------------------

    def _submit_missing(self, singles: dict[str, Job], refused: dict) -> None:
        """Submit what has no reply and is in no open job."""
        open_jobs = self.store.open_jobs(self.name).values()
        flying = {stub["key"] for stubs in open_jobs for stub in stubs}
        missing = self._missing(singles, refused)
        jobs = [job for key, job in missing.items() if key not in flying]
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
        """Settle what was noted and perhaps submitted when a process went away.

        Notes about other requests may be those of a process that is submitting now.
        """
        for job_id, stubs in self.store.open_jobs(self.name).items():
            ours = any(stub["key"] in wanted for stub in stubs)
            if ours and job_id.startswith(UNSENT):
                if found := self._adopted(job_id.removeprefix(UNSENT)):
                    self.store.add_job(found, self.name, stubs)
                self.store.close_job(job_id, "sent" if found else "never sent")

    def _check_budget(self, jobs: Sequence[Job]) -> None:
        """A batch job is paid as a whole: refuse it before it is submitted."""
        budget = self.budget()
        if budget is None or not jobs:
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
        lines: list[bytes] = []
        size = 0
        for job in jobs:
            line = self._line(job)
            full = len(part) == MOST_REQUESTS or size + len(line) > MOST_BYTES
            if part and full:
                yield part, b"".join(lines)
                part, lines, size = [], [], 0
            part.append(job)
            lines.append(line)
            size += len(line)
        if part:
            yield part, b"".join(lines)

    def _line(self, job: Job) -> bytes:
        body = self.endpoint.body(job.request, logprobs=self.logprobs)
        line = {
            "custom_id": job.keys[0],
            "method": "POST",
            "url": f"/v1{self.endpoint.path}",
            "body": body,
        }
        return json.dumps(line).encode() + b"\n"

    def _adopted(self, mark: str) -> str | None:
        """A job of these very requests that is at the endpoint, but not in the store.

        One that the store knows is over, and did not bring them.
        """
        latest = islice(self.endpoint.client.batches.list(limit=100), MOST_LISTED)
        for batch in latest:
            ours = (batch.metadata or {}).get("requests") == mark
            if ours and batch.status != "failed" and not self.store.has_job(batch.id):
                return batch.id
        return None

    def _created(self, file_id: str, mark: str) -> str:
        """The id of a new job, asked for once: a second try might be paid too."""
        import openai

        client = self.endpoint.client.with_options(max_retries=0)
        try:
            return client.batches.create(
                input_file_id=file_id,
                endpoint=f"/v1{self.endpoint.path}",
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
            while True:
                before = bar.n
                bar.update(self._collect_ready(refused))
                if not self._sent():
                    return
                if bar.n == before:
                    time.sleep(self.poll_seconds)

    def _sent(self) -> dict[str, list[dict]]:
        """The open jobs that the endpoint has given an id."""
        jobs = self.store.open_jobs(self.name)
        return {i: stubs for i, stubs in jobs.items() if not i.startswith(UNSENT)}

    def _collect_ready(self, refused: dict) -> int:
        """Store the results of the jobs that are over; how many requests were in."""
        import openai

        count = 0
        for job_id, stubs in self._sent().items():
            try:
                batch = self.endpoint.client.batches.retrieve(job_id)
            except openai.NotFoundError:  # another account's, or deleted there
                self.store.close_job(job_id, "lost")
                warnings.warn(f"batch job {job_id} is not known any more", stacklevel=2)
                continue
            if batch.status not in OVER:
                continue
            by_key = {stub["key"]: stub for stub in stubs}
            for file_id in (batch.output_file_id, batch.error_file_id):
                if file_id:
                    content = self.endpoint.client.files.content(file_id).read()
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
        """Store the rows of a result file; lines that are no results are skipped."""
        rows = []
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
                rows += [
                    reply_row(stub, reply, self.logprobs, batch=True)
                    for reply in reply_rows(body)
                ]
            elif 400 <= status < 500 and not is_retried(status):
                refused[stub["key"]] = RefusedError(
                    f"teacher {self.endpoint.model}, HTTP {status}: the request was "
                    f"refused"
                )
        self.remember(rows)

    def _report(self, singles: dict[str, Job], refused: dict) -> Refusals:
        known = self.known(list(singles))
        ours = [error for key, error in refused.items() if key in singles]
        lost = len(singles) - len(known) - len(ours)
        if lost and not self.wait:
            raise TeacherError(
                f"{lost} of {len(singles)} chains of {self.endpoint.model} are in "
                f"batch jobs: run the same command later to collect them"
            )
        if lost:
            raise TeacherError(
                f"{lost} of {len(singles)} chains of {self.endpoint.model} did not "
                f"come in {ROUNDS + 1} batch jobs; the others are kept, run again later"
            )
        return Refusals(len(ours), ours[0] if ours else None)
