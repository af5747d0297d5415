"""The one transaction in which servers come to be: row, place on a host, job, history.

What was planned outside of it may be so no more: quota, hosts and the server group are
looked at again here, where nobody else can change them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import QuotaExceeded
from compute.core.sql.database import Connection
from compute.instance.parts import Parts
from compute.instance.placing import Placement
from compute.instance.records import Server
from compute.instance.rules import NO_VALID_HOST, action_event, fault
from compute.instance.scheduling.filters import group_allows
from compute.instance.service.group_places import places_of_group
from compute.instance.service.needs import amounts_of
from compute.instance.service.new_servers import NewServers
from compute.instance.service.quotas import UNLIMITED, Quotas
from compute.instance.states import TaskState, VmState


class Outdated(Exception):
    """The picture of the hosts on which was planned is not so any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall be written.  ``is_last``: servers that have lost their places to
    others by now are written in error, instead of planned once more."""

    servers: Sequence[Server]
    placements: Sequence[Placement]
    is_last: bool


class Entry:
    """Writes servers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._quotas = quotas

    def write(
        self,
        context: RequestContext,
        new: NewServers,
        plan: Plan,
        connection: Connection,
    ) -> list[Server]:
        """The servers, as many as the quota allows; ``QuotaExceeded``, ``Outdated``."""
        count = self._quotas.servers_allowed(
            connection,
            context.project_id,
            context.user_id,
            least=new.least,
            most=new.most,
            vcpus=new.flavor.vcpus,
            memory_mib=new.flavor.ram,
        )
        self._check_group_quota(connection, context, new, count)
        members = places_of_group(
            self._stores, connection, new.group.id if new.group else ""
        )
        made = []
        for server, placement in zip(
            plan.servers[:count], plan.placements, strict=False
        ):
            host = self._claim(connection, server, placement, new, members)
            if not host and placement.hosts and not plan.is_last:
                raise Outdated
            if host:
                members[host] += 1
            made.append(
                self._write_one(connection, context, new, server, host, placement)
            )
        return made

    def _check_group_quota(
        self,
        connection: Connection,
        context: RequestContext,
        new: NewServers,
        more: int,
    ) -> None:
        if new.group is None:
            return
        rows = self._stores.servers.of_group(connection, new.group.id)
        limits = self._quotas.of(connection, context.project_id, context.user_id)
        limit = limits["server_group_members"]
        if limit != UNLIMITED and len(rows) + more > limit:
            raise QuotaExceeded("Quota exceeded, too many servers in group")

    def _claim(
        self,
        connection: Connection,
        server: Server,
        placement: Placement,
        new: NewServers,
        members: Mapping[str, int],
    ) -> str:
        """The first planned host that has room, and that the group, which has
        ``members`` on its hosts now, allows."""
        amounts = amounts_of(server.flavor)
        group = new.group
        for host in placement.hosts:
            if group and not group_allows(group.policy, group.rules, members, host):
                continue
            if self._stores.hosts.claim(
                connection,
                server.id,
                host,
                amounts,
                self._parts.placer.capacity,
                even_disabled=bool(new.forced_host),
            ):
                return host
        return ""

    def _write_one(
        self,
        connection: Connection,
        context: RequestContext,
        new: NewServers,
        server: Server,
        host: str,
        placement: Placement,
    ) -> Server:
        """``host``: "" when there is none for it."""
        now = server.created_at
        server = self._placed(server, host, placement)
        self._stores.servers.add(connection, server)
        number = self._stores.actions.begin(
            connection, context, server.id, "create", now
        )
        facts = {"host": host, "flavor": server.flavor_id, "image": server.image_id}
        self._stores.events.append(
            connection, context, now, "server.create", server.id, facts
        )
        if host:
            self._order(connection, context, server, number, new.admin_password)
        else:
            event = action_event("conductor_schedule_and_build_instances", now, now)
            self._stores.actions.add_event(
                connection, number, {**event, "result": "Error"}, now, "Error"
            )
        return server

    def _placed(self, server: Server, host: str, placement: Placement) -> Server:
        """The server on its host; in error, and saying why, when there is none."""
        if host:
            return dataclasses.replace(
                server,
                host=host,
                availability_zone=self._parts.placer.zone(host),
                task_state=TaskState.SPAWNING.value,
            )
        return dataclasses.replace(
            server,
            vm_state=VmState.ERROR.value,
            task_state=TaskState.NONE.value,
            fault=fault(NO_VALID_HOST, server.created_at, placement.choice.explain()),
        )

    def _order(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        action: int,
        admin_password: str,
    ) -> None:
        """The job that builds it."""
        arguments: dict[str, Any] = {
            "action": action,
            "request_id": context.request_id,
            "tried": [],
        }
        if admin_password:
            arguments["admin_password"] = admin_password
        self._stores.jobs.add(
            connection,
            job_id=self._parts.identifiers.uuid(),
            kind="build",
            queue=server.host,
            subject_id=server.id,
            arguments=arguments,
            now=server.created_at,
        )
