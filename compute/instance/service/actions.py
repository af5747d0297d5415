"""Actions on servers: checked against the state table, written with their job.

``ServerActions.begin`` is the one way: it loads, checks policy, lock and states,
saves the new states with event and history, adds the job, and wakes the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.instance.abilities import NEEDED, check_action_there
from compute.instance.machines import check_may_leave
from compute.instance.model import Action
from compute.instance.parts import ROOM_QUEUE, Parts
from compute.instance.records import Server
from compute.instance.rules import LOCKED_BY_ADMIN, check_action
from compute.instance.scheduling.snapshot import is_up
from compute.instance.service.left_behind import end_moves
from compute.instance.states import TaskState, VmState

ACT = "os_compute_api:servers:act"
LOCK = "os_compute_api:os-lock-server"
DELETE = "os_compute_api:servers:delete"


@dataclass(frozen=True, slots=True)
class Change:
    """What an action sets besides the task_state, and what its job is told."""

    values: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    queue: str = ""  # where the job is done; "": on the server's host
    job: str = ""  # instead of the action's own


Decide = Callable[[Connection, Server], Change]


def _nothing(connection: Connection, server: Server) -> Change:
    return Change()


class ServerActions:
    """Begins actions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    def begin(
        self,
        context: RequestContext,
        server_id: str,
        name: str,
        decide: Decide = _nothing,
        *,
        rule: str = ACT,
    ) -> Server:
        """The server as it is now.  ``decide`` runs in the transaction and may
        reject; ``Conflict`` when the action is not legal now."""

        def write(connection: Connection) -> tuple[Server, str]:
            server = self._parts.visible(connection, context, server_id, rule)
            is_admin = context.has_role("admin")
            action = check_action(server, name, is_admin=is_admin)
            self._check_there(connection, server, name)
            change = decide(connection, server)
            return self.write(connection, context, server, action, change)

        server, queue = self._parts.database.run(write)
        if queue:
            self._parts.wake(queue)
        return server

    def check(self, context: RequestContext, server: Server, name: str) -> None:
        """``Conflict`` when the action is not legal now: before anything is done for
        it elsewhere."""
        check_action(server, name, is_admin=context.has_role("admin"))
        self._parts.database.read(
            lambda connection: self._check_there(connection, server, name)
        )

    def _check_there(self, connection: Connection, server: Server, name: str) -> None:
        check_may_leave(server, name)
        if name in NEEDED and server.host:
            host = self._stores.hosts.get(connection, server.host)
            check_action_there(server, host, name)

    def write(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        action: Action,
        change: Change,
    ) -> tuple[Server, str]:
        """Save the action's beginning; the server, and the queue to wake."""
        now = self._parts.clock.time()
        values = dict(change.values)
        if action.task is not TaskState.NONE:
            values["task_state"] = action.task.value
        if values:
            server = self._stores.servers.update(connection, server, now, **values)
        number = self._stores.actions.begin(
            connection, context, server.id, action.label, now
        )
        job = change.job or action.job
        self._stores.events.append(
            connection, context, now, f"server.{job or action.label}", server.id
        )
        queue = change.queue or server.host
        if not job or not queue:
            return server, ""
        self.add_job(
            connection,
            server,
            job,
            queue,
            {
                "action": number,
                "request_id": context.request_id,
                **change.arguments,
            },
        )
        return server, queue

    def add_job(
        self,
        connection: Connection,
        server: Server,
        kind: str,
        queue: str,
        arguments: Mapping[str, Any],
    ) -> None:
        """A job of the server."""
        self._stores.jobs.add(
            connection,
            job_id=self._parts.identifiers.uuid(),
            kind=kind,
            queue=queue,
            subject_id=server.id,
            arguments=arguments,
            now=self._parts.clock.time(),
        )

    # ---- deletion --------------------------------------------------------------

    def delete(
        self, context: RequestContext, server_id: str, *, at_once: bool = False
    ) -> None:
        """Cancel what is under way, then delete; ``at_once``: even where deleted
        servers are kept for a while."""

        def write(connection: Connection) -> str:
            server = self._parts.visible(connection, context, server_id, DELETE)
            is_admin = context.has_role("admin")
            name = "force_delete" if at_once else "delete"
            action = check_action(server, name, is_admin=is_admin)
            if not at_once and self._may_be_kept(server):
                action = check_action(server, "soft_delete", is_admin=is_admin)
                return self.write(connection, context, server, action, Change())[1]
            return self.write_deletion(connection, context, server, action)

        queue = self._parts.database.run(write)
        if queue:
            self._parts.wake(queue)

    def _may_be_kept(self, server: Server) -> bool:
        kept = (VmState.ACTIVE, VmState.STOPPED, VmState.PAUSED, VmState.SUSPENDED)
        return (
            self._parts.settings.soft_delete > 0
            and VmState(server.vm_state) in kept
            and server.task_state == TaskState.NONE.value
        )

    def write_deletion(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        action: Action,
    ) -> str:
        """Save the deletion's beginning; the queue to wake.

        Where the host is silent, or there is none, the control plane does all that
        it can, and the host clears its own part away when it is back.
        """
        if server.task_state == TaskState.DELETING.value and self._is_coming(
            connection, server
        ):
            return ""
        self._stores.jobs.cancel(connection, server.id)
        self._stores.consoles.forget(connection, server.id)
        end_moves(self._parts, connection, server)
        queue = server.host
        if not self._host_answers(connection, server.host):
            for job in self._stores.jobs.open_of(connection, server.id):
                self._stores.jobs.abandon(
                    connection, job.id, self._parts.clock.time(), "server deleted"
                )
            queue = ROOM_QUEUE
        change = Change(queue=queue)
        return self.write(connection, context, server, action, change)[1]

    def _is_coming(self, connection: Connection, server: Server) -> bool:
        """Whether the job of an earlier deletion is still to be done."""
        jobs = self._stores.jobs.open_of(connection, server.id)
        wanted = server.host if self._host_answers(connection, server.host) else ""
        return any(
            job.kind == "delete" and job.queue in (wanted, ROOM_QUEUE) for job in jobs
        )

    def _host_answers(self, connection: Connection, host: str) -> bool:
        if not host:
            return False
        found = self._stores.hosts.get(connection, host)
        now = self._parts.clock.time()
        return found is not None and is_up(found, now, self._parts.settings.down_after)

    # ---- locks -----------------------------------------------------------------

    def lock(self, context: RequestContext, server_id: str, reason: str | None) -> None:
        """Forbid actions to everybody but administrators, or to users."""
        by = LOCKED_BY_ADMIN if context.has_role("admin") else "owner"
        values = {"locked": True, "locked_by": by, "locked_reason": reason}
        self.begin(context, server_id, "lock", lambda _, __: Change(values), rule=LOCK)

    def unlock(self, context: RequestContext, server_id: str) -> None:
        """Allow them again; what an administrator locked, only one unlocks."""

        def decide(connection: Connection, server: Server) -> Change:
            if server.locked_by == LOCKED_BY_ADMIN:
                self._parts.enforce(context, f"{LOCK}:unlock_override", server)
            return Change({"locked": False, "locked_by": "", "locked_reason": None})

        self.begin(context, server_id, "unlock", decide, rule=LOCK)
