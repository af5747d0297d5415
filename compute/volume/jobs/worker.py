"""Does the volume host's jobs: several at once, each under a lease that is renewed.

The owner's name is the host's and not this process's: after a restart what was under
way is claimed again at once, without waiting for its lease to run out.
"""

from __future__ import annotations

import logging

from compute.core.errors import Stale
from compute.core.jobs.saga import Cancelled, GiveUp, Saga, TryAgain
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.volume.backups.ring import BackupObjects
from compute.volume.jobs import backups, groups, managing, volumes
from compute.volume.jobs.finishing import Finishing
from compute.volume.jobs.work import Work
from compute.volume.wiring import QUEUE, Wiring
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress

SAGAS = {
    saga.kind: saga
    for saga in (*volumes.SAGAS, *managing.SAGAS, *backups.SAGAS, *groups.SAGAS)
}
# Tries of a step whose needs are away (the image store, the ring): with the pauses
# below about two minutes.
TRIES_MAX = 8
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0
FAILURES = "failures"

_log = logging.getLogger("compute.volume")


class JobJournal:
    """``saga.Journal`` of a claimed job."""

    def __init__(self, work: Work, owner: str) -> None:
        self._work = work
        self._owner = owner
        self._step = work.job.step
        self._undoing = work.job.undoing

    @property
    def step(self) -> str:
        """The last step done."""
        return self._step

    @property
    def undoing(self) -> bool:
        """Whether it goes back."""
        return self._undoing

    def is_cancelled(self) -> bool:
        """Whether somebody asked for the job's end."""
        wiring, job = self._work.wiring, self._work.job
        now = wiring.clock.time()
        is_cancelled = wiring.database.run(
            lambda connection: wiring.stores.jobs.renew(
                connection, job.id, self._owner, now
            )
        )
        self._work.is_cancelled = is_cancelled
        return is_cancelled

    def advance(self, step: str, undoing: bool = False) -> None:
        """``step`` is the last one done; ``Stale`` when the job is not ours."""
        wiring, job = self._work.wiring, self._work.job
        now, progress = wiring.clock.time(), dict(self._work.progress)
        wiring.database.run(
            lambda connection: wiring.stores.jobs.advance(
                connection,
                job.id,
                self._owner,
                now,
                step=step,
                progress=progress,
                undoing=undoing,
            )
        )
        self._step, self._undoing = step, undoing


class VolumeWorker:
    """A loop's step: claims jobs, renews the leases of those under way."""

    name = "volume-jobs"

    def __init__(self, wiring: Wiring, objects: BackupObjects) -> None:
        self._wiring = wiring
        self._objects = objects
        self._finishing = Finishing(wiring)
        self._owner = f"volumes of {wiring.host}"
        self._running: dict[str, Work] = {}

    def step(self) -> Progress:
        """See the class."""
        for job in self._wiring.database.run(self._claim):
            work = Work(self._wiring, self._objects, job, dict(job.progress))
            self._running[job.id] = work
            concurrency.spawn(self._run, work)
        return Progress.IDLE

    def is_busy(self) -> bool:
        """Whether a job is under way here."""
        return bool(self._running)

    def _claim(self, connection: Connection) -> list[Job]:
        wiring, jobs = self._wiring, self._wiring.stores.jobs
        now = wiring.clock.time()
        for work in list(self._running.values()):
            try:
                work.is_cancelled = jobs.renew(
                    connection, work.job.id, self._owner, now
                )
            except Stale:
                work.is_cancelled = True  # somebody else has it
        room = wiring.settings.jobs_at_once - len(self._running)
        if room <= 0:
            return []
        busy = {work.job.subject_id for work in self._running.values()}
        return jobs.claim(
            connection, QUEUE, self._owner, now, limit=room, busy_subjects=busy
        )

    def _run(self, work: Work) -> None:
        job = work.job
        try:
            self.attempt(work)
        except Stale:
            _log.warning("job %s is somebody else's now", job.id)
        except Unavailable as error:
            _log.warning("the end of job %s cannot be recorded: %s", job.id, error)
        except Exception:  # noqa: BLE001  (told; the lease runs out and it is done again)
            _log.exception("job %s could not be recorded", job.id)
        finally:
            self._running.pop(job.id, None)
            self._wiring.wake()

    def attempt(self, work: Work) -> None:
        """Do the job as far as it goes now, and record how that was."""
        saga: Saga[Work] = SAGAS[work.job.kind]
        journal = JobJournal(work, self._owner)
        try:
            saga.run(work, journal)
        except TryAgain as pause:
            self._retry(work, journal, pause.seconds, str(pause))
        except Stale:
            raise
        except Unavailable as error:
            self._not_now(work, journal, saga, error)
        except Cancelled:
            self._finishing.finish(work, self._owner, "It was cancelled")
        except GiveUp as error:
            _log.warning(
                "%s of %s failed: %s", work.job.kind, work.job.subject_id, error
            )
            self._finishing.finish(work, self._owner, str(error) or "it failed")
        except RingstackError as error:
            self._finishing.finish(work, self._owner, str(error))
        else:
            self._finishing.finish(work, self._owner)

    def _not_now(
        self, work: Work, journal: JobJournal, saga: Saga[Work], error: Unavailable
    ) -> None:
        failures = int(work.progress.get(FAILURES, 0)) + 1
        work.progress[FAILURES] = failures
        if failures < TRIES_MAX or journal.undoing:
            pause = min(PAUSE_SECONDS * 2 ** min(failures, 10), PAUSE_SECONDS_MAX)
            self._retry(work, journal, pause, str(error))
            return
        names = [step.name for step in saga.steps]
        position = names.index(journal.step) + 1 if journal.step else 0
        journal.advance(names[min(position, len(names) - 1)], undoing=True)
        try:
            saga.run(work, journal)
        except GiveUp:
            self._finishing.finish(work, self._owner, str(error))

    def _retry(
        self, work: Work, journal: JobJournal, seconds: float, error: str
    ) -> None:
        journal.advance(journal.step, journal.undoing)
        wiring, now = self._wiring, self._wiring.clock.time()
        wiring.database.run(
            lambda connection: wiring.stores.jobs.retry(
                connection, work.job.id, self._owner, now, now + seconds, error
            )
        )
