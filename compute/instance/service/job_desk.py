"""Jobs as agents meet them: claimed with their servers, told of, given back.

How a job ends is ``finishing``'s: that changes its server, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.instance.moves import CLEANING
from compute.instance.parts import QUESTION_SUBJECT, Parts
from compute.instance.records import Server

JOBS_MAX = 1000  # in one claim


class JobDesk:
    """Answers agents."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    def claim(
        self, hosts: Collection[str], owner: str, limit: int, busy: Collection[str]
    ) -> list[dict[str, Any]]:
        """Jobs for these hosts with their servers (None: for the host alone)."""
        now = self._parts.clock.time()

        def write(connection: Connection) -> tuple[list[Job], dict[str, Server]]:
            jobs = self._stores.jobs.claim_many(
                connection,
                hosts,
                owner,
                now,
                limit=min(limit, JOBS_MAX),
                busy_subjects=busy,
            )
            servers = self._stores.servers.several(
                connection, {_server_of(job) for job in jobs} - {""}
            )
            for job in jobs:
                server = servers.get(_server_of(job))
                if not _may_run(job, server):
                    self._stores.jobs.finish(
                        connection, job.id, owner, now, "the server is deleted"
                    )
            return jobs, servers

        jobs, servers = self._parts.database.run(write)
        found = []
        for job in jobs:
            server = servers.get(_server_of(job))
            if _may_run(job, server):
                whose = None if server is None else server.to_json()
                found.append({**_job_json(job), "server": whose})
        return found

    def renew(self, job_id: str, owner: str) -> bool:
        """Whether it is to be cancelled; ``Stale``."""
        now = self._parts.clock.time()
        return self._parts.database.run(
            lambda connection: self._stores.jobs.renew(connection, job_id, owner, now)
        )

    def advance(
        self,
        job_id: str,
        owner: str,
        step: str,
        undoing: bool,
        progress: Mapping[str, Any],
    ) -> bool:
        """Whether it is to be cancelled; ``Stale``."""
        now = self._parts.clock.time()
        return self._parts.database.run(
            lambda connection: self._stores.jobs.advance(
                connection,
                job_id,
                owner,
                now,
                step=step,
                progress=progress,
                undoing=undoing,
            )
        )

    def retry(self, job_id: str, owner: str, seconds: float, error: str) -> None:
        """Give it back; ``Stale``."""
        now = self._parts.clock.time()
        self._parts.database.run(
            lambda connection: self._stores.jobs.retry(
                connection, job_id, owner, now, now + max(0.0, seconds), error
            )
        )


def _may_run(job: Job, server: Server | None) -> bool:
    """Of a deleted server only what clears up after it."""
    if server is None:
        return not _server_of(job)
    return not server.deleted or job.kind == "delete" or job.kind in CLEANING


def _server_of(job: Job) -> str:
    """ "": the job is for the host alone."""
    if job.subject_id.startswith(QUESTION_SUBJECT):
        return str(job.arguments.get("server_id", ""))
    return job.subject_id


def _job_json(job: Job) -> dict[str, Any]:
    """What the worker of a job must know."""
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "subject_id": job.subject_id,
        "step": job.step,
        "undoing": job.undoing,
        "cancelled": job.cancelled,
        "attempts": job.attempts,
        "arguments": dict(job.arguments),
        "progress": dict(job.progress),
    }
