"""Does the jobs of stacks: a few rounds of each, then others have their turn.

A job is given back between, so however many stacks wait for what takes hours, and
however deep they are nested, none keeps a place from another.  The owner's name is this
place's and not this process's: after a restart its jobs go on at once.
"""

from __future__ import annotations

from compute.core.jobs.pool import JobPool
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.orchestration.engine.operation import do_round
from compute.orchestration.engine.trusts import drop_old
from compute.orchestration.parts import QUEUE, Parts
from compute.orchestration.states import IN_PROGRESS
from objectstore.kernel.loop import Progress

# Rounds in which something got further, before others have their turn.
ROUNDS_MAX = 20
# How long after a round in which nothing did, by the age of the operation.
PAUSES: tuple[tuple[float, float], ...] = ((10.0, 0.5), (60.0, 1.0), (600.0, 2.0))
PAUSE_SECONDS_MAX = 5.0
# How long after identity could not end a trust it is asked again.
TRUST_PAUSE_SECONDS = 60.0


class StackWorker:
    """A loop's step: claims jobs, renews the leases of those under way."""

    name = "orchestration-jobs"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pool = JobPool(
            parts.database,
            parts.clock,
            parts.stores.jobs,
            self.attempt,
            queue=QUEUE,
            owner=parts.owner,
            at_once=parts.settings.stacks_at_once,
        )

    def step(self) -> Progress:
        """See the class."""
        return self._pool.step()

    def attempt(self, job: Job) -> None:
        """Some rounds; then the job is given back, or finished."""

        def guard(connection: Connection) -> None:
            parts = self._parts
            parts.stores.jobs.renew(connection, job.id, parts.owner, parts.now())

        for _ in range(ROUNDS_MAX):
            self._parts.run(guard)
            done = do_round(self._parts, job.subject_id, guard)
            if not done.started_at:
                if not drop_old(self._parts, job.subject_id):
                    self._give_back(job, TRUST_PAUSE_SECONDS)
                    return
                if self._finish(job):
                    return
            elif not done.moved:
                self._give_back(job, pause_after(self._parts.now() - done.started_at))
                return
        self._give_back(job, 0.0)

    def _finish(self, job: Job) -> bool:
        """End the job, unless another operation has begun meanwhile."""
        parts = self._parts

        def write(connection: Connection) -> bool:
            stack = parts.stores.stacks.find(connection, job.subject_id)
            if stack is not None and stack.status == IN_PROGRESS:
                return False
            parts.stores.jobs.finish(connection, job.id, parts.owner, parts.now())
            return True

        return parts.run(write)

    def _give_back(self, job: Job, seconds: float) -> None:
        parts, now = self._parts, self._parts.now()
        parts.run(
            lambda connection: parts.stores.jobs.retry(
                connection, job.id, parts.owner, now, now + seconds, ""
            )
        )


def pause_after(age_seconds: float) -> float:
    """How long to wait before the next look at an operation of that age."""
    for until, pause in PAUSES:
        if age_seconds < until:
            return pause
    return PAUSE_SECONDS_MAX
