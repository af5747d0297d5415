"""One job from its claim to its end, whatever happens.

A saga that gives up has been undone; one that cannot go on now is given back, to go
on from its last step, with growing pauses and not for ever.  When the lease is lost
nothing more is done: somebody else has the job.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping

from compute.agent.fetching_ahead import AheadFetcher
from compute.agent.host import HostKit, Neighbours, Work
from compute.agent.questions import QUESTIONS
from compute.agent.sagas.catalog import SAGAS
from compute.core.errors import Stale
from compute.core.jobs.lease import LEASE_SECONDS
from compute.core.jobs.saga import Cancelled, GiveUp, Saga, TryAgain
from compute.instance.client import ClaimedJob
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable

# Tries of a step whose needs are away (the image store, the network room): with
# the pauses below more than two minutes.
TRIES_MAX = 10
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0
# No step begins when the control plane was heard of longer ago, without asking whether
# the job is still ours: a third of its lease.
FRESH_SECONDS = LEASE_SECONDS / 3
ANSWER = "answer"
FETCH_IMAGES = "fetch_images"
FAILURES = "failures"

_log = logging.getLogger("compute.agent")


class JobJournal:
    """``saga.Journal`` of a claimed job, kept by the control plane."""

    def __init__(self, work: Work, owner: str) -> None:
        self._work = work
        self._owner = owner
        self._step = work.job.step
        self._undoing = work.job.undoing
        self._cancelled = work.job.cancelled
        self._clock = work.neighbours.clock
        self._heard_at = self._clock.monotonic()

    @property
    def step(self) -> str:
        """The last step done."""
        return self._step

    @property
    def undoing(self) -> bool:
        """Whether it goes back."""
        return self._undoing

    def is_cancelled(self) -> bool:
        """Whether somebody asked for the job's end, as of the last word from the
        control plane (each step brings one).  ``Stale`` when that was long ago and
        the job is somebody else's by now."""
        now = self._clock.monotonic()
        if now - self._heard_at > FRESH_SECONDS:
            instances = self._work.neighbours.instances
            self._cancelled = instances.renew(self._work.job.id, self._owner)
            self._heard_at = now
        return self._cancelled

    def advance(self, step: str, undoing: bool = False) -> None:
        """``step`` is the last one done; ``Stale`` when the job is not ours."""
        # The lease counts from the asking: the answer may be read much later.
        asked_at = self._clock.monotonic()
        self._cancelled = self._work.neighbours.instances.advance(
            self._work.job.id,
            self._owner,
            step=step,
            undoing=undoing,
            progress=self._work.progress,
        )
        self._step, self._undoing = step, undoing
        self._heard_at = asked_at


class JobRunner:
    """Runs the jobs of some hosts, one call each."""

    def __init__(
        self,
        kits: Mapping[str, HostKit],
        neighbours: Neighbours,
        owner: str,
        fetcher: AheadFetcher,
    ) -> None:
        self._fetcher = fetcher
        self._kits = kits
        self._neighbours = neighbours
        self._owner = owner

    def run(self, job: ClaimedJob) -> float:
        """Do it; in how many seconds there is more to do on it (0: it has ended).
        Never raises but for what kills the greenlet."""
        kit = self._kits[job.queue]
        try:
            if job.server is None:
                self._do_for_host(job, kit)
                return 0.0
            progress = dict(job.progress)
            work = Work(kit, self._neighbours, job, job.server, progress)
            return self._run(job, work)
        except Stale:
            _log.warning("job %s is no longer ours", job.id)
        except Unavailable as error:
            # Nobody to tell: the lease runs out, and the job is claimed again.
            _log.warning("the end of job %s cannot be told: %s", job.id, error)
        return 0.0

    def _do_for_host(self, job: ClaimedJob, kit: HostKit) -> None:
        """What a host does for no server: done as soon as it has begun."""
        if job.kind != FETCH_IMAGES:
            self._finish(job, f"This host does not know how to do {job.kind}")
            return
        self._fetcher.begin(kit, map(str, job.arguments["images"]))
        self._finish(job)

    def _run(self, job: ClaimedJob, work: Work) -> float:
        if job.kind in QUESTIONS:
            self._answer(job, work)
            return 0.0
        saga = SAGAS.get(job.kind)
        if saga is None:
            self._finish(job, f"This host does not know how to do {job.kind}")
            return 0.0
        journal = JobJournal(work, self._owner)
        try:
            saga.run(work, journal)
        except TryAgain as pause:
            journal.advance(journal.step, journal.undoing)
            return self._retry(job, pause.seconds, str(pause))
        except Unavailable as error:
            return self._not_now(job, work, journal, saga, error)
        except Cancelled:
            self._finish(job, "It was cancelled.")
        except GiveUp as error:
            self._gave_up(job, error)
        else:
            self._finish(job)
        return 0.0

    def _answer(self, job: ClaimedJob, work: Work) -> None:
        try:
            work.progress[ANSWER] = QUESTIONS[job.kind](work)
        except Rejected as error:
            self._finish(job, error.text)
        except Unavailable as error:
            self._finish(job, str(error))
        else:
            JobJournal(work, self._owner).advance(ANSWER)
            self._finish(job)

    def _not_now(
        self,
        job: ClaimedJob,
        work: Work,
        journal: JobJournal,
        saga: Saga[Work],
        error: Unavailable,
    ) -> float:
        failures = int(work.progress.get(FAILURES, 0)) + 1
        work.progress[FAILURES] = failures
        journal.advance(journal.step, journal.undoing)
        # A full disk is not emptied by waiting; another host may have room.
        is_hopeless = failures >= TRIES_MAX or isinstance(error, InsufficientStorage)
        if not is_hopeless or not saga.cancellable or journal.undoing:
            pause = min(PAUSE_SECONDS * 2 ** min(failures, 10), PAUSE_SECONDS_MAX)
            return self._retry(job, pause, str(error))
        journal.advance(saga.last_begun(journal.step), undoing=True)
        try:
            saga.run(work, journal)
        except GiveUp:
            self._finish(job, str(error), elsewhere=True)
        return 0.0

    def _gave_up(self, job: ClaimedJob, error: GiveUp) -> None:
        cause = error.__cause__
        text = cause.text if isinstance(cause, Rejected) and cause.text else str(error)
        details = "".join(traceback.format_exception(cause)) if cause else ""
        # What the caller asked for is as wrong on any other host.
        self._finish(
            job, text, details=details, elsewhere=not isinstance(cause, Rejected)
        )

    def _finish(
        self,
        job: ClaimedJob,
        error: str = "",
        *,
        details: str = "",
        elsewhere: bool = False,
    ) -> None:
        if error:
            _log.warning("%s of %s failed: %s", job.kind, _subject(job), error)
        self._neighbours.instances.finish(
            job.id, self._owner, error=error, details=details, elsewhere=elsewhere
        )

    def _retry(self, job: ClaimedJob, seconds: float, error: str) -> float:
        _log.info("%s of %s later: %s", job.kind, _subject(job), error)
        self._neighbours.instances.retry(
            job.id, self._owner, seconds=seconds, error=error
        )
        return seconds


def _subject(job: ClaimedJob) -> str:
    """Whom it is for, in the log."""
    return job.queue if job.server is None else job.server.id
