"""A room's own jobs: several at once in this process, under leases that are renewed.

A worker gives its ``attempt``, which does one job and records how that went.  What it
raises is told in the log; the job is then taken up again when its lease has run out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from compute.core.errors import Stale
from compute.core.jobs.store import Job, JobStore
from compute.core.sql.database import Connection, Database
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress

_log = logging.getLogger("compute.jobs")


def _nothing() -> None:
    return None


def _nobody_asks(job_id: str) -> None:
    return None


class JobPool:
    """``step`` is that of a loop: it renews leases and claims more jobs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        jobs: JobStore,
        attempt: Callable[[Job], None],
        *,
        queue: str,
        owner: str,
        at_once: int,
        ended: Callable[[], None] = _nothing,
        unwanted: Callable[[str], None] = _nobody_asks,
    ) -> None:
        """``owner``: in whose name jobs are claimed; the same after a restart where
        they are to go on at once.  ``ended``: called after each attempt, when there is
        room for another job.  ``unwanted``: told at each renewal of a job that somebody
        wants to end, or that is not ours any more, for attempts that look up between
        two pieces of their work."""
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._attempt = attempt
        self._queue = queue
        self._owner = owner
        self._at_once = at_once
        self._ended = ended
        self._unwanted = unwanted
        self._running: dict[str, Job] = {}

    def step(self) -> Progress:
        """See ``Step``."""
        for job in self._database.run(self._claim):
            self._running[job.id] = job
            concurrency.spawn(self._run, job)
        return Progress.IDLE

    def is_busy(self) -> bool:
        """Whether a job is under way here."""
        return bool(self._running)

    def _claim(self, connection: Connection) -> list[Job]:
        now = self._clock.time()
        for job in list(self._running.values()):
            try:
                if self._jobs.renew(connection, job.id, self._owner, now):
                    self._unwanted(job.id)
            except Stale:
                self._unwanted(job.id)
                self._tell_if_lost(connection, job)
        room = self._at_once - len(self._running)
        if room <= 0:
            return []
        busy = {job.subject_id for job in self._running.values()}
        return self._jobs.claim(
            connection, self._queue, self._owner, now, limit=room, busy_subjects=busy
        )

    def _tell_if_lost(self, connection: Connection, job: Job) -> None:
        """One that has just ended, and is about to leave here, is nobody's."""
        found = self._jobs.get(connection, job.id)
        if found is not None and found.owner:
            _log.warning("%s %s is %s's now", job.kind, job.id, found.owner)

    def _run(self, job: Job) -> None:
        what = f"{job.kind} of {job.subject_id}"
        try:
            self._attempt(job)
        except Stale as error:
            _log.info("%s: %s", what, error)
        except Unavailable as error:
            _log.warning("%s goes on later: %s", what, error)
        except Exception:  # noqa: BLE001  (told; the job is taken up again)
            _log.exception("%s", what)
        finally:
            self._running.pop(job.id, None)
            self._ended()
