"""Questions to a server's host, answered while the caller waits.

A console's last lines are on the host alone.  A question is a job like any other,
except that it stands in nobody's way: its subject is itself, not the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.errors import Conflict, Stale
from compute.core.jobs.store import DONE, FAILED
from compute.instance.parts import QUESTION_SUBJECT, Parts, answer_topic
from compute.instance.records import Server
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

# A message may be lost: so often the answer is looked for without one.
LOOK_SECONDS = 0.5
ANSWER = "answer"


class Questions:
    """Asks hosts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(
        self, server: Server, kind: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The host's answer.  ``Conflict`` when the server is on no host, or the host
        refuses; ``Unavailable`` when it does not answer in time."""
        if not server.host:
            raise Conflict(f"Instance {server.id} is not ready: it is on no host")
        parts = self._parts
        job_id = parts.identifiers.uuid()
        answered = concurrency.Event()
        unsubscribe = parts.bus.subscribe(
            answer_topic(job_id), lambda message: answered.set()
        )
        try:
            parts.database.run(
                lambda connection: parts.stores.jobs.add(
                    connection,
                    job_id=job_id,
                    kind=kind,
                    queue=server.host,
                    subject_id=f"{QUESTION_SUBJECT}{job_id}",
                    arguments={**arguments, "server_id": server.id},
                    now=parts.clock.time(),
                )
            )
            parts.wake(server.host)
            return self._wait(job_id, answered)
        finally:
            unsubscribe()

    def _wait(self, job_id: str, answered: concurrency.Event) -> Mapping[str, Any]:
        parts = self._parts
        deadline = parts.clock.monotonic() + parts.settings.answer_wait
        while True:
            answered.wait(LOOK_SECONDS)
            answered.clear()
            job = parts.database.read(
                lambda connection: parts.stores.jobs.get(connection, job_id)
            )
            if job is None:
                raise Stale("the question was withdrawn")
            if job.state == DONE:
                found: Mapping[str, Any] = job.progress.get(ANSWER, {})
                return found
            if job.state == FAILED:
                raise Conflict(job.error)
            if parts.clock.monotonic() >= deadline:
                self._withdraw(job_id)
                raise Unavailable("the server's host does not answer")

    def _withdraw(self, job_id: str) -> None:
        parts = self._parts
        parts.database.run(
            lambda connection: parts.stores.jobs.abandon(
                connection, job_id, parts.clock.time(), "nobody waits any more"
            )
        )
