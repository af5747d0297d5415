"""Durable jobs: work of several steps that goes on after any crash.

A job is written in the transaction that wants it.  A worker claims it under a
lease, does its steps in order and records each; when the worker dies the lease runs
out and the next one goes on at the recorded step.  So every step is safe to run
twice.  A job that fails for good runs the undo of the steps that it has done.

    pending --claim--> running --finish--> done
       ^                  |  \\---fail----> failed
       +----- retry ------+   (cancel: pending or running, asked by ``cancelled``)

A queue is a place that does the work: a host's name, or a room's own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.errors import Stale
from compute.core.jobs.lease import LEASE_SECONDS
from compute.core.jobs.rows import (
    DONE,
    FAILED,
    OPEN_STATES,
    PENDING,
    RUNNING,
    Job,
    job_table,
)
from compute.core.jobs.statements import JobStatements
from compute.core.jobs.turns import in_order
from compute.core.sql.database import Connection
from compute.core.sql.rows import portions

__all__ = [
    "DONE",
    "FAILED",
    "LEASE_SECONDS",
    "OPEN_STATES",
    "PENDING",
    "RUNNING",
    "Job",
    "JobStore",
    "job_table",
]

ERROR_CHARACTERS_MAX = 2000


class JobStore:
    """One room's jobs, inside the caller's transactions."""

    def __init__(
        self,
        jobs: sa.Table,
        *,
        turns_by: str = "",
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """``turns_by``: the argument that says whose a job is, where those who ask
        take turns; "": jobs are done in their order."""
        self._lease_seconds = lease_seconds
        self._jobs = jobs
        self._turns_by = turns_by
        self._statements = JobStatements(jobs)

    def add(
        self,
        connection: Connection,
        *,
        job_id: str,
        kind: str,
        queue: str,
        subject_id: str,
        arguments: Mapping[str, Any],
        now: float,
        not_before: float = 0.0,
    ) -> None:
        """A new pending job."""
        connection.execute(
            self._jobs.insert().values(
                id=job_id,
                kind=kind,
                queue=queue,
                subject_id=subject_id,
                state=PENDING,
                arguments=dict(arguments),
                progress={},
                created_at=now,
                updated_at=now,
                not_before=not_before,
            )
        )

    def get(self, connection: Connection, job_id: str) -> Job | None:
        """One job."""
        return self._statements.get(connection, job_id)

    def open_of(self, connection: Connection, subject_id: str) -> list[Job]:
        """The subject's jobs that are not finished, the oldest first."""
        return self._many(
            connection,
            self._jobs.c.subject_id == subject_id,
            self._jobs.c.state.in_(OPEN_STATES),
        )

    def claim(
        self,
        connection: Connection,
        queue: str,
        owner: str,
        now: float,
        *,
        limit: int = 1,
        busy_subjects: Collection[str] = (),
    ) -> list[Job]:
        """``claim_many`` of one queue."""
        return self.claim_many(
            connection, (queue,), owner, now, limit=limit, busy_subjects=busy_subjects
        )

    def claim_many(
        self,
        connection: Connection,
        queues: Collection[str],
        owner: str,
        now: float,
        *,
        limit: int = 1,
        busy_subjects: Collection[str] = (),
    ) -> list[Job]:
        """Take the oldest jobs that nobody works on, one for each subject.

        A job whose lease has run out counts; so does one that ``owner`` holds
        itself from before a crash (he says which he really works on by
        ``busy_subjects``).  A subject's jobs run in order, one at a time.
        """
        taken: list[Job] = []
        waiting = self._waiting(connection, queues)
        by = self._turns_by
        for job in in_order(waiting, owner, now, busy_subjects, turns_by=by):
            if len(taken) >= limit:
                break
            values: dict[str, Any] = {
                "state": RUNNING,
                "owner": owner,
                "lease_until": now + self._lease_seconds,
                "attempts": job.attempts + 1,
                "updated_at": now,
            }
            self._statements.set(connection, job.id, values)
            taken.append(dataclasses.replace(job, **values))
        return taken

    def _waiting(
        self, connection: Connection, queues: Collection[str]
    ) -> Iterator[Job]:
        """The open jobs of these queues, the oldest of each part first."""
        for part in portions(queues):
            yield from self._many(
                connection,
                self._jobs.c.queue.in_(part),
                self._jobs.c.state.in_(OPEN_STATES),
            )

    def renew(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        now: float,
    ) -> bool:
        """Keep the lease; ``Stale`` when it is lost.  Whether to cancel the job."""
        values = {"lease_until": now + self._lease_seconds}
        self._set_held(connection, job_id, owner, values)
        return self._statements.is_cancelled(connection, job_id)

    def advance(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        now: float,
        *,
        step: str,
        progress: Mapping[str, Any],
        undoing: bool = False,
    ) -> bool:
        """A step is done (or undone, to before ``step``); ``Stale`` if not ours.
        Whether to cancel the job."""
        values = {
            "step": step,
            "progress": dict(progress),
            "undoing": undoing,
            "lease_until": now + self._lease_seconds,
            "updated_at": now,
        }
        self._set_held(connection, job_id, owner, values)
        return self._statements.is_cancelled(connection, job_id)

    def finish(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        now: float,
        error: str = "",
    ) -> None:
        """The job is done, or has failed with ``error``; ``Stale`` if not ours."""
        values = _let_go(FAILED if error else DONE, error, now)
        self._set_held(connection, job_id, owner, values)

    def retry(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        now: float,
        not_before: float,
        error: str,
    ) -> None:
        """Give it back, to be tried again from its step, not before that moment."""
        values = {**_let_go(PENDING, error, now), "not_before": not_before}
        self._set_held(connection, job_id, owner, values)

    def redact(self, connection: Connection, job: Job, names: Collection[str]) -> None:
        """Take secrets out of a job that needs them no more."""
        if any(name in job.arguments for name in names):
            kept = {
                name: value
                for name, value in job.arguments.items()
                if name not in names
            }
            self._statements.set(connection, job.id, {"arguments": kept})

    def abandon(
        self, connection: Connection, job_id: str, now: float, error: str
    ) -> None:
        """End an open job without its owner, who will find that it is no longer
        his: for workers that are gone."""
        self._statements.set(connection, job_id, _let_go(FAILED, error, now))

    def cancel(self, connection: Connection, subject_id: str) -> None:
        """Ask the subject's open jobs to stop and undo what they did."""
        connection.execute(
            sa.update(self._jobs)
            .where(
                self._jobs.c.subject_id == subject_id,
                self._jobs.c.state.in_(OPEN_STATES),
            )
            .values(cancelled=True, not_before=0.0)
        )

    def forget_finished(self, connection: Connection, before: float) -> int:
        """Remove jobs that ended before that moment; how many."""
        result = connection.execute(
            sa.delete(self._jobs).where(
                self._jobs.c.state.in_((DONE, FAILED)),
                self._jobs.c.updated_at < before,
            )
        )
        return int(result.rowcount)

    def _set_held(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        values: Mapping[str, Any],
    ) -> None:
        if not self._statements.set_held(connection, job_id, owner, values):
            raise Stale(f"job {job_id} is no longer {owner}'s")

    def _many(
        self, connection: Connection, *where: sa.ColumnElement[bool]
    ) -> list[Job]:
        rows = connection.execute(
            self._jobs.select()
            .where(*where)
            .order_by(self._jobs.c.created_at, self._jobs.c.id)
        )
        return [Job(**row._mapping) for row in rows]


def _let_go(state: str, error: str, now: float) -> dict[str, Any]:
    """The values of a job that nobody holds any more."""
    return {
        "state": state,
        "error": error[:ERROR_CHARACTERS_MAX],
        "owner": "",
        "lease_until": 0.0,
        "updated_at": now,
    }
