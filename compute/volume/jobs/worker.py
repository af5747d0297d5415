"""Does the volume host's jobs: several at once, each under a lease that is renewed.

The owner's name is the host's and not this process's: after a restart what was under
way is claimed again at once, without waiting for its lease to run out.
"""

from __future__ import annotations

import logging

from compute.core.errors import Stale
from compute.core.jobs.pool import JobPool
from compute.core.jobs.saga import Cancelled, GiveUp, Saga, TryAgain
from compute.core.jobs.store import Job
from compute.volume.backups.ring import BackupObjects
from compute.volume.jobs import (
    backups,
    groups,
    managing,
    migrating,
    moving_attached,
    snapshot_sets,
    volumes,
)
from compute.volume.jobs.finishing import Finishing
from compute.volume.jobs.work import FAILURES, Work
from compute.volume.parts import Parts, queue_of
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress

SAGAS = {
    saga.kind: saga
    for saga in (
        *volumes.SAGAS,
        *managing.SAGAS,
        *migrating.SAGAS,
        *moving_attached.SAGAS,
        *backups.SAGAS,
        *groups.SAGAS,
        *snapshot_sets.SAGAS,
    )
}
# Tries of a step whose needs are away (the image store, the ring): with the pauses
# below about two minutes.
TRIES_MAX = 8
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0

_log = logging.getLogger("compute.volume")


class JobJournal:
    """``saga.Journal`` of a claimed job."""

    def __init__(self, work: Work, owner: str) -> None:
        self._work = work
        work.save = self._save
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
        parts, job = self._work.parts, self._work.job
        now = parts.clock.time()
        is_cancelled = parts.database.run(
            lambda connection: parts.stores.jobs.renew(
                connection, job.id, self._owner, now
            )
        )
        self._work.is_cancelled = is_cancelled
        return is_cancelled

    def advance(self, step: str, undoing: bool = False) -> None:
        """``step`` is the last one done; ``Stale`` when the job is not ours."""
        parts, job = self._work.parts, self._work.job
        now, progress = parts.clock.time(), dict(self._work.progress)
        parts.database.run(
            lambda connection: parts.stores.jobs.advance(
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

    def _save(self) -> None:
        """What a long step has come to: it goes on from there."""
        self.advance(self._step, self._undoing)


class VolumeWorker:
    """A loop's step: claims jobs, renews the leases of those under way."""

    name = "volume-jobs"

    def __init__(self, parts: Parts, objects: BackupObjects) -> None:
        self._parts = parts
        self._objects = objects
        self._finishing = Finishing(parts)
        self._owner = f"volumes of {parts.host}"
        self._works: dict[str, Work] = {}
        self._pool = JobPool(
            parts.database,
            parts.clock,
            parts.stores.jobs,
            self._do,
            queue=queue_of(parts.host),
            owner=self._owner,
            at_once=parts.settings.jobs_at_once,
            ended=parts.wake,
            unwanted=self._end,
        )

    def step(self) -> Progress:
        """See the class."""
        return self._pool.step()

    def is_busy(self) -> bool:
        """Whether a job is under way here."""
        return self._pool.is_busy()

    def _do(self, job: Job) -> None:
        work = Work(self._parts, self._objects, job, dict(job.progress))
        self._works[job.id] = work
        try:
            self.attempt(work)
        finally:
            self._works.pop(job.id, None)

    def _end(self, job_id: str) -> None:
        if work := self._works.get(job_id):
            work.is_cancelled = True

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
        parts, now = self._parts, self._parts.clock.time()
        parts.database.run(
            lambda connection: parts.stores.jobs.retry(
                connection, work.job.id, self._owner, now, now + seconds, error
            )
        )
