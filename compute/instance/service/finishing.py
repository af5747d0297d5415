"""The end of jobs: what a server is then, written with the job's end.

Also the second chance of a build: where the host could not but another might, the
server is placed again and a new build begins there, in the same transaction.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.instance.model import ACTIONS
from compute.instance.moves import MOVE_KINDS, STAYING, Ended
from compute.instance.parts import DROP_VOLUME, QUESTION_SUBJECT, Parts, answer_topic
from compute.instance.placing import Placement
from compute.instance.records import Server
from compute.instance.rules import Outcome, action_event, failed, succeeded
from compute.instance.service.move_ends import MoveEnds
from compute.instance.service.needs import amounts_of, request_for
from compute.instance.states import TaskState, VmState

NOBODY = RequestContext()
# What a job was told that nobody shall find in the database afterwards.
SECRET_ARGUMENTS = frozenset({"admin_password", "password", "move_token"})
ROOM_KINDS = frozenset({"drop_image", DROP_VOLUME})


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended.  ``error`` "": well."""

    error: str = ""
    details: str = ""
    elsewhere: bool = False


class Finishing:
    """Ends jobs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._moves = MoveEnds(parts)

    def finish(self, job_id: str, owner: str, end: JobEnd) -> None:
        """The job is done or has failed; ``Stale`` when it is not the owner's."""
        placement = self._second_chance(job_id, end)
        topics = self._parts.database.run(
            functools.partial(self._write, job_id, owner, end, placement)
        )
        for topic in topics:
            self._parts.bus.publish(topic)

    def _second_chance(self, job_id: str, end: JobEnd) -> Placement | None:
        if not (end.error and end.elsewhere):
            return None

        def read(connection: Connection) -> tuple[Job | None, Server | None]:
            job = self._stores.jobs.get(connection, job_id)
            if job is None:
                return None, None
            return job, self._stores.servers.get(connection, job.subject_id)

        job, server = self._parts.database.read(read)
        if job is None or server is None or job.kind != "build" or job.cancelled:
            return None
        tried = [*job.arguments.get("tried", ()), job.queue]
        if len(tried) >= self._parts.settings.build_attempts or server.group_id:
            return None
        request = request_for(
            server.flavor,
            server.image,
            zone=server.requested_zone,
            tried=tried,
            devices=server.block_devices,
        )
        return self._parts.placer.plan([request])[0]

    def _write(
        self,
        job_id: str,
        owner: str,
        end: JobEnd,
        placement: Placement | None,
        connection: Connection,
    ) -> list[str]:
        now = self._parts.clock.time()
        jobs = self._stores.jobs
        jobs.finish(connection, job_id, owner, now, end.error)
        job = jobs.get(connection, job_id)
        assert job is not None
        jobs.redact(connection, job, SECRET_ARGUMENTS)
        if job.subject_id.startswith(QUESTION_SUBJECT):
            return [answer_topic(job.id)]
        return self.settle(connection, job, end, placement)

    def settle(
        self,
        connection: Connection,
        job: Job,
        end: JobEnd,
        placement: Placement | None = None,
    ) -> list[str]:
        """Write what the server is after the job; the topics to publish."""
        now = self._parts.clock.time()
        server = self._stores.servers.get(connection, job.subject_id)
        self._history(connection, job, end, now)
        if job.kind in MOVE_KINDS and job.kind not in STAYING:
            ended = Ended(
                job.kind,
                job.arguments,
                job.progress,
                end.error,
                end.details,
                job.cancelled,
            )
            return self._moves.settle(connection, server, ended)
        if server is None or job.kind in ROOM_KINDS:
            return []
        if end.error and placement is not None and placement.hosts:
            host = self._build_elsewhere(connection, server, job, placement, now)
            if host:
                return [f"instance.host.{host}"]
        if end.error:
            outcome = failed(server, job.kind, end.error, end.details, now)
        else:
            outcome = succeeded(server, job.kind, job.arguments, now)
        topics = self._apply(connection, server, job, outcome, now)
        if job.kind in STAYING:
            topics += self._moves.note(connection, server, job.kind, bool(end.error))
        return topics

    def give_up_moves(self, connection: Connection, server: Server) -> None:
        """What moved the server is gone without a result: it is where it was."""
        self._moves.give_up(connection, server)

    def _apply(
        self,
        connection: Connection,
        server: Server,
        job: Job,
        outcome: Outcome,
        now: float,
    ) -> list[str]:
        values = dict(outcome.values)
        if outcome.release:
            self._stores.hosts.release(connection, server.id)
        elif outcome.flavor is not None:
            self._stores.hosts.change(
                connection,
                server.id,
                amounts_of(outcome.flavor),
                self._parts.placer.capacity,
            )
        if not outcome.follow:
            if values:
                self._stores.servers.update(connection, server, now, **values)
            self._tell(connection, server, job, now)
            return []
        action = ACTIONS[outcome.follow]
        values["task_state"] = action.task.value
        self._stores.servers.update(connection, server, now, **values)
        number = self._stores.actions.begin(
            connection, NOBODY, server.id, action.label, now
        )
        self._stores.jobs.add(
            connection,
            job_id=self._parts.identifiers.uuid(),
            kind=action.job,
            queue=server.host,
            subject_id=server.id,
            arguments={"action": number, "request_id": ""},
            now=now,
        )
        return [f"instance.host.{server.host}"]

    def _tell(
        self, connection: Connection, server: Server, job: Job, now: float
    ) -> None:
        kind = f"server.{job.kind}.{'error' if job.error else 'end'}"
        self._stores.events.append(connection, NOBODY, now, kind, server.id)

    def _history(
        self, connection: Connection, job: Job, end: JobEnd, now: float
    ) -> None:
        number = job.arguments.get("action")
        if number is None:
            return
        event = action_event(f"compute_{job.kind}", job.created_at, now)
        event["host"] = job.queue
        if end.error:
            event |= {
                "result": "Error",
                "traceback": end.details or end.error,
                "details": end.error,
            }
        message = "Error" if end.error else None
        self._stores.actions.add_event(connection, number, event, now, message)

    def _build_elsewhere(
        self,
        connection: Connection,
        server: Server,
        job: Job,
        placement: Placement,
        now: float,
    ) -> str:
        if server.task_state == TaskState.DELETING.value:
            return ""
        self._stores.hosts.release(connection, server.id)
        amounts = amounts_of(server.flavor)
        capacity = self._parts.placer.capacity
        for host in placement.hosts:
            if self._stores.hosts.claim(connection, server.id, host, amounts, capacity):
                break
        else:
            return ""
        self._stores.servers.update(
            connection,
            server,
            now,
            host=host,
            availability_zone=self._parts.placer.zone(host),
            vm_state=VmState.BUILDING.value,
            task_state=TaskState.SPAWNING.value,
            vifs=[],
        )
        self._stores.jobs.add(
            connection,
            job_id=self._parts.identifiers.uuid(),
            kind="build",
            queue=host,
            subject_id=server.id,
            arguments={
                **job.arguments,
                "tried": [*job.arguments.get("tried", ()), job.queue],
            },
            now=now,
        )
        return host
