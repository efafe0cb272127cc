"""The same requests as a batch job: half the price, within a day (OpenAI's Batch API).

A file of results comes back in any order, perhaps with some missing; `custom_id`, the
request's key, joins it with the requests.  The process may end meanwhile: a later one
collects what has arrived, and submits only what is missing.  After a kill, a job at the
endpoint is found by its hash and adopted.
"""

import json
import time
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import openai

from socratic_utils.files import content_hash

from ..cost import BATCH_SHARE
from .errors import PARTS, RefusedError, TeacherError, error_in, explained, is_retried
from .job import Job, is_filtered, missing, reply_rows

MOST_REQUESTS = 50_000  # of one job, by the API's rules
MOST_BYTES = 200 * 10**6
MOST_LISTED = 1000  # how far back to look for a job of ours
OVER = ("completed", "expired", "cancelled", "failed")
POLL_SECONDS = 30.0
ROUNDS = 3  # how often a request that failed in a job is submitted again
UNSENT = "unsent-"  # in place of a job's id, until the endpoint has given it one


class BatchAsker:
    """Asks through batch jobs of a `Teacher`; has the interface of `LiveAsker`."""

    def __init__(self, teacher) -> None:
        self.teacher, self.logprobs = teacher, teacher.logprobs
        self.endpoint, self.store = teacher.endpoint, teacher.store

    def ask(self, jobs: Sequence[Job], label: str) -> dict[str, RefusedError]:
        """Ask for all; returns refused keys.  TeacherError: some are missing."""
        self.example, self.refused, self.filtered = jobs[0], {}, {}
        jobs = [one for job in jobs for one in job.singles()]
        print(f"{label}: {len(jobs)} chains in batch jobs", flush=True)
        try:
            for _ in range(ROUNDS + 1):
                with self.store.lock():  # one process at a time submits
                    self._submit(self._missing(jobs))
                while jobs_there := self._sent():
                    if not any([self._collect(*job) for job in jobs_there.items()]):
                        time.sleep(POLL_SECONDS)
                if not self._missing(jobs):
                    break
        except openai.NotFoundError:
            if self.endpoint.move_on(self.endpoint.address):
                return self.ask(jobs, label)
            model, advice = self.endpoint.model, "ask it with --teacher-mode live"
            message = f"the endpoint of {model} has no batch jobs: {advice}"
            raise TeacherError(message) from None
        except openai.APIStatusError as error:
            status, body = error.status_code, error.body
            raise explained(self.endpoint.model, status, body) from None
        except openai.APIConnectionError:
            raise self.endpoint.failed() from None
        open_keys = {job.keys[0] for job in self._missing(jobs)}
        self.refused |= {k: e for k, e in self.filtered.items() if k in open_keys}
        if lost := self._missing(jobs):
            raise TeacherError(
                f"{len(lost)} of {len(jobs)} chains of {self.endpoint.model} did not "
                f"come in {ROUNDS + 1} batch jobs; the others are kept, run again later"
            )
        keys = {job.keys[0] for job in jobs}
        return {key: error for key, error in self.refused.items() if key in keys}

    def _missing(self, jobs: Sequence[Job]) -> list[Job]:
        return missing(jobs, {*self.teacher.known_rows(jobs), *self.refused})

    def _submit(self, jobs: Sequence[Job]) -> None:
        """Submit those that are in no open job, as jobs within the API's limits."""
        for job_id, stubs in self.store.open_jobs(self.endpoint.name).items():
            if job_id.startswith(UNSENT):  # a process was killed while it submitted
                self._adopt(job_id, stubs)
        in_jobs = [stub["key"] for stubs in self._sent().values() for stub in stubs]
        if not (jobs := missing(jobs, in_jobs)):
            return
        budget = self.teacher.budget()  # a batch job is paid as a whole
        worst = BATCH_SHARE * sum(budget.worst(job.request) for job in jobs)
        if not budget.admit(worst):
            raise budget.exceeded(worst, "batch job")
        for part in self._parts(jobs):
            lines = b"".join(line for _, line in part)
            files = self.endpoint.client.files
            file = files.create(file=("requests.jsonl", lines), purpose="batch")
            without = {"unsupported": sorted(self.endpoint.unsupported)}
            stubs = [stub | without for job, _ in part for stub in job.stubs]
            self._create(file.id, stubs)

    def _parts(self, jobs: Sequence[Job]) -> Iterator[list[tuple[Job, bytes]]]:
        """Jobs and their lines, split at the API's limits."""
        part, size = [], 0
        for job in jobs:
            body = self.endpoint.body(job.request, logprobs=self.logprobs)
            line = {"custom_id": job.keys[0], "method": "POST", "body": body}
            text = json.dumps({**line, "url": f"/v1{self.endpoint.path}"}).encode()
            size += len(text) + 1
            if part and (len(part) == MOST_REQUESTS or size > MOST_BYTES):
                yield part
                part, size = [], len(text) + 1
            part.append((job, text + b"\n"))
        yield part

    def _create(self, file_id: str, stubs: list[dict]) -> None:
        """Start a job, noted before and after; requested once: a retry may be paid."""
        mark = content_hash([stub["key"] for stub in stubs], 32)
        self.store.add_job(UNSENT + mark, self.endpoint.name, stubs)
        try:
            job = self.endpoint.client.with_options(max_retries=0).batches.create(
                input_file_id=file_id, endpoint=f"/v1{self.endpoint.path}",
                completion_window="24h", metadata={"requests": mark})  # fmt: skip
        except openai.NotFoundError:  # no such API: nothing was made
            self.store.close_job(UNSENT + mark, "never sent")
            raise
        except openai.APIError:  # its id may be lost on the way
            if not self._adopt(UNSENT + mark, stubs):
                raise
        else:
            self.store.add_job(job.id, self.endpoint.name, stubs)
            self.store.close_job(UNSENT + mark, "sent")

    def _adopt(self, unsent: str, stubs: list[dict]) -> bool:
        """Whether the endpoint has a job of these requests that the store lacks."""
        mark, found = unsent.removeprefix(UNSENT), None
        for job in islice(self.endpoint.client.batches.list(limit=100), MOST_LISTED):
            same = (job.metadata or {}).get("requests") == mark
            if same and job.status != "failed" and not self.store.has_job(job.id):
                found = found or job.id  # the latest
        if found:
            self.store.add_job(found, self.endpoint.name, stubs)
        self.store.close_job(unsent, "sent" if found else "never sent")
        return bool(found)

    def _sent(self) -> dict[str, list[dict]]:
        """The open jobs that the endpoint has given an id."""
        jobs = self.store.open_jobs(self.endpoint.name)
        return {i: stubs for i, stubs in jobs.items() if not i.startswith(UNSENT)}

    def _collect(self, job_id: str, stubs: list[dict]) -> bool:
        """Store the results of a job; False while it is under way."""
        client = self.endpoint.client
        try:
            job = client.batches.retrieve(job_id)
            files = job.status in OVER and (job.output_file_id, job.error_file_id)
            found = [client.files.content(file).read() for file in files or () if file]
        except openai.NotFoundError:  # another account's, or deleted there
            self.store.close_job(job_id, "lost")
            warnings.warn(f"batch job {job_id} is not known any more", stacklevel=2)
            return True
        if job.status not in OVER:
            return False
        by_key = {stub["key"]: stub for stub in stubs}
        for content in found:
            self._store_results(content, by_key)
        self.store.close_job(job_id, job.status)
        if job.status == "failed":
            advice = "look at it at your provider, correct the cause and run again"
            raise TeacherError(f"batch job {job_id} was rejected as a whole: {advice}")
        return True

    def _store_results(self, content: bytes, by_key: dict) -> None:
        """Store the rows of a result file; lines that are not results are skipped."""
        # Of all parts: the job may have been submitted before some were learnt.
        rows, sent = [], {**dict.fromkeys(PARTS), **self.example.request}
        for line in content.split(b"\n"):
            try:
                result = json.loads(line)
                stub = by_key[result["custom_id"]]
                response = result.get("response") or {}
                status, body = int(response.get("status_code") or 0), response["body"]
                code, error = error_in(body, status)
                replies = reply_rows(body, 1, self.logprobs) if code == 200 else []
            except (AttributeError, LookupError, TypeError, ValueError):
                continue  # it is submitted again
            rows += [{**stub, **reply, "batch": True} for reply in replies]
            if code == 200 and is_filtered(body):
                said = explained(self.endpoint.model, 200, "content_filter")
                self.filtered[stub["key"]] = said
            elif self.endpoint.learn(sent, code, error) or is_retried(code, error):
                continue  # it is submitted again, perhaps without a part
            elif 400 <= code < 500:
                self.refused[stub["key"]] = explained(self.endpoint.model, code, error)
        self.teacher.remember(rows)
