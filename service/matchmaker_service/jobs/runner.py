"""The thread that does jobs: one at a time in each process, held by a lease, in parts, so that a restart loses one part at most."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from matchmaker.errors import MatchmakerError, StoreError
from matchmaker.store import idempotency, jobs
from matchmaker.store.database import Database, now
from matchmaker_service import logs, metrics
from matchmaker_service.jobs import kinds
from matchmaker_service.jobs.files import JobFiles
from matchmaker_service.settings import Settings
from matchmaker_service.tokens import Signer

if TYPE_CHECKING:
    from matchmaker_service.ecosystem import Ecosystem

_LEASE = 60.0
_LOOK = 1.0
_CLEAN = 3600.0
_ADAPTER: TypeAdapter[kinds.ScoresJob | kinds.MatchesJob] = TypeAdapter(kinds.Job)


class Runner:
    """Claims jobs, does them, and removes what is too old."""

    def __init__(self, database: Database, ecosystem: Ecosystem, settings: Settings, signer: Signer) -> None:
        self._database, self._ecosystem, self._settings = database, ecosystem, settings
        self._owner = f"{socket.gethostname()[:100]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._signer = signer
        self._awake, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._cleaned = -_CLEAN
        self._log = logs.logger()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """A job was made."""
        self._awake.set()

    def close(self) -> None:
        """Stop after the part that is being done; another process, or the next start, goes on with it."""
        self._ended.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def files(self, job: str) -> JobFiles:
        """The files of a job."""
        return JobFiles(self._settings.jobs_dir, job)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._clean()
                with self._database.writing() as writing:
                    job = jobs.claim(writing, self._owner, _LEASE)
                if job is not None:
                    self._do(job)
                    continue
            except StoreError as error:
                self._log.error("jobs cannot be read", error=str(error))
            except Exception as error:
                self._log.error("jobs failed", error=type(error).__name__, exc_info=error)
            self._awake.wait(_LOOK)
            self._awake.clear()

    def _do(self, job: jobs.Job) -> None:
        files = self.files(job.id)
        try:
            asked = _ADAPTER.validate_json(job.request)
            if not self._parts(job, asked, files):
                return
            path = files.join(asked.format)
        except Exception as error:
            told = str(error) if isinstance(error, MatchmakerError) else f"It broke ({type(error).__name__})."
            self._log.error("job failed", job=job.id, error=type(error).__name__, exc_info=error)
            with self._database.writing() as writing:
                jobs.fail(writing, job.id, self._owner, told)
            files.remove()
            metrics.jobs.labels(job.kind, "failed").inc()
            return
        with self._database.writing() as writing:
            kept = jobs.finish(writing, job.id, self._owner, path.name, asked.format)
        metrics.jobs.labels(job.kind, "done" if kept else "lost").inc()

    def _parts(self, job: jobs.Job, asked: kinds.ScoresJob | kinds.MatchesJob, files: JobFiles) -> bool:
        """Do the parts that are missing; False where the job is no longer ours, or the service ends."""
        view = self._ecosystem.caught_up()
        items, size = kinds.items_of(asked, view), kinds.part_size(asked)
        failed = files.failed()
        for number in range(files.whole(), max(1, -(-len(items) // size))):
            if self._ended.is_set():
                return self._handed_back(job)
            table, bad = kinds.done(asked, items[number * size : (number + 1) * size], view, self._signer)
            files.keep(number, table)
            failed += bad
            told = min((number + 1) * size, len(items))
            with self._database.writing() as writing:
                ours = jobs.beat(writing, job.id, self._owner, _LEASE, done=told, total=len(items), failed=failed)
            if not ours:
                files.remove()
                return False
        return True

    def _handed_back(self, job: jobs.Job) -> bool:
        """Let the lease end now, so that whoever starts next need not wait for it."""
        with self._database.writing() as writing:
            jobs.beat(writing, job.id, self._owner, 0.0)
        return False

    def _clean(self) -> None:
        if time.monotonic() - self._cleaned < _CLEAN:
            return
        self._cleaned = time.monotonic()
        kept = self._settings
        with self._database.writing() as writing:
            gone = jobs.forget_before(writing, now() - dt.timedelta(days=kept.job_days))
            idempotency.forget_before(writing, now() - dt.timedelta(hours=kept.replay_hours))
        for job in gone:
            self.files(job.id).remove()
