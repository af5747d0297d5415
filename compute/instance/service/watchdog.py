"""Nothing stays under way for ever: the loop that ends what nobody will end.

* A job on a host that has been silent for long has failed.
* A server that waits for a job that is not there has failed.
* Soft-deleted servers whose time is over are deleted; finished jobs and old console
  tokens are forgotten.
"""

from __future__ import annotations

import functools

from compute.core.context import RequestContext
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.instance.model import ACTIONS
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.rules import failed, fault
from compute.instance.service.actions import ServerActions
from compute.instance.service.finishing import NOBODY, Finishing, JobEnd
from compute.instance.states import TaskState, VmState
from compute.instance.stores.server_filter import ServerFilter
from objectstore.kernel.loop import Progress

HOST_GONE = "The host on which this was under way does not answer."
JOB_GONE = "What was under way ended without a result."


class Watchdog:
    """A loop's step: one round."""

    name = "instance watchdog"

    def __init__(
        self, parts: Parts, finishing: Finishing, actions: ServerActions
    ) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._finishing = finishing
        self._actions = actions

    def step(self) -> Progress:
        """Look at everything that has been under way for long."""
        settings = self._parts.settings
        now = self._parts.clock.time()
        before = now - min(settings.stuck_after, settings.gone_after)
        stuck = self._parts.database.read(
            lambda connection: self._stores.servers.stuck(connection, before)
        )
        for server in stuck:
            topics = self._parts.database.run(
                functools.partial(self._end, server.id, now)
            )
            for topic in topics:
                self._parts.bus.publish(topic)
        self._purge_soft_deleted(now)
        self._parts.database.run(functools.partial(self._forget_old, now))
        return Progress.DONE

    def _end(self, server_id: str, now: float, connection: Connection) -> list[str]:
        server = self._stores.servers.get(connection, server_id)
        if server is None or not _is_under_way(server):
            return []
        jobs = self._stores.jobs.open_of(connection, server_id)
        if jobs:
            return self._end_on_silent_host(connection, server, jobs, now)
        if server.updated_at > now - self._parts.settings.stuck_after:
            return []
        self._settle_without_job(connection, server, now)
        return []

    def _end_on_silent_host(
        self, connection: Connection, server: Server, jobs: list[Job], now: float
    ) -> list[str]:
        limit = now - self._parts.settings.gone_after
        topics: list[str] = []
        for job in jobs:
            host = self._stores.hosts.get(connection, job.queue)
            if host is not None and host.last_seen > limit:
                continue
            if host is None and job.created_at > limit:
                continue
            if job.queue.startswith("@"):
                continue
            if job.kind == "delete":
                # The room does what it can; the host the rest when it is back.
                self._stores.jobs.abandon(connection, job.id, now, HOST_GONE)
                self._actions.write_deletion(
                    connection, NOBODY, server, ACTIONS["force_delete"]
                )
                return topics
            self._stores.jobs.abandon(connection, job.id, now, HOST_GONE)
            topics += self._finishing.settle(connection, job, JobEnd(HOST_GONE))
        return topics

    def _settle_without_job(
        self, connection: Connection, server: Server, now: float
    ) -> None:
        if server.task_state == TaskState.DELETING.value:
            self._actions.write_deletion(
                connection, NOBODY, server, ACTIONS["force_delete"]
            )
            return
        if server.vm_state == VmState.BUILDING.value:
            outcome = failed(server, "build", JOB_GONE, "", now)
            self._stores.hosts.release(connection, server.id)
            self._stores.servers.update(connection, server, now, **outcome.values)
            return
        action = next(
            (each for each in ACTIONS.values() if each.task.value == server.task_state),
            None,
        )
        self._finishing.give_up_moves(connection, server)
        values = {"task_state": TaskState.NONE.value}
        if action is not None and action.fails_to_error:
            values |= {
                "vm_state": VmState.ERROR.value,
                "fault": fault(JOB_GONE, now),
            }
        self._stores.servers.update(connection, server, now, **values)

    def _purge_soft_deleted(self, now: float) -> None:
        kept = self._parts.settings.soft_delete
        wanted = ServerFilter(
            equal={"vm_state": VmState.SOFT_DELETED.value}, changed_before=now - kept
        )
        found = self._parts.database.read(
            lambda connection: self._stores.servers.matching(connection, wanted)
        )
        house = RequestContext(
            user_id="ringstack", roles=frozenset({"admin", "member", "reader"})
        )
        for server in found:
            if server.task_state == TaskState.NONE.value:
                self._actions.delete(house, server.id, at_once=True)

    def _forget_old(self, now: float, connection: Connection) -> None:
        keep = self._parts.settings.keep_jobs
        self._stores.jobs.forget_finished(connection, now - keep)
        self._stores.consoles.forget_expired(connection, now)


def _is_under_way(server: Server) -> bool:
    return (
        server.task_state != TaskState.NONE.value
        or server.vm_state == VmState.BUILDING.value
    )
