"""A shelved server comes back, to any host that has room and that its group allows."""

from __future__ import annotations

import dataclasses
from collections import Counter

from compute.core.context import RequestContext
from compute.core.errors import Conflict
from compute.core.sql.database import Connection
from compute.instance.parts import Parts
from compute.instance.placing import Placement
from compute.instance.records import Server
from compute.instance.rules import NO_VALID_HOST
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.group_places import group_of, places_of_others
from compute.instance.service.needs import amounts_of, request_for
from compute.instance.service.ordering import Ordering
from compute.instance.states import VmState

# How often is planned anew when other members of its group came or moved meanwhile.
PLANS_MAX = 5


class _GroupMoved(Exception):
    """The group is not where it was when the server's host was chosen."""


class Unshelving:
    """Brings servers back."""

    def __init__(
        self, parts: Parts, actions: ServerActions, ordering: Ordering
    ) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._actions = actions
        self._ordering = ordering

    def unshelve(
        self, context: RequestContext, server_id: str, *, zone: str = "", host: str = ""
    ) -> None:
        """Bring it back.  ``BadRequest`` for a zone or host that is none, ``Conflict``
        when no host will do."""
        server = self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, context, server_id, "os_compute_api:servers:act"
            )
        )
        self._actions.check(context, server, "unshelve")
        self._ordering.check_place(zone, host)
        for _ in range(PLANS_MAX):
            placement, members = self._plan(server, zone, host)

            def decide(
                connection: Connection,
                server: Server,
                placement: Placement = placement,
                members: Counter[str] = members,
            ) -> Change:
                if server.vm_state == VmState.SHELVED.value:
                    return Change(arguments={"offloaded": False})
                if places_of_others(self._stores, connection, server) != members:
                    raise _GroupMoved
                return self._brought(connection, server, placement.hosts, zone)

            try:
                self._actions.begin(context, server_id, "unshelve", decide)
            except _GroupMoved:
                self._parts.placer.forget()
                continue
            return
        raise Conflict(NO_VALID_HOST)

    def _plan(
        self, server: Server, zone: str, host: str
    ) -> tuple[Placement, Counter[str]]:
        """Where it may go, and where its group was then."""
        group, members = group_of(self._parts, server)
        request = request_for(
            server.flavor,
            server.image,
            zone=zone or server.requested_zone,
            group=group,
            forced_host=host,
            devices=server.block_devices,
        )
        request = dataclasses.replace(request, group_hosts=dict(members))
        return self._parts.placer.plan([request])[0], members

    def _brought(
        self,
        connection: Connection,
        server: Server,
        hosts: tuple[str, ...],
        zone: str,
    ) -> Change:
        host = self._claim(connection, server, hosts)
        if not host:
            self._parts.placer.forget()
            raise Conflict(NO_VALID_HOST)
        values = {
            "host": host,
            "availability_zone": self._parts.placer.zone(host),
            **({"requested_zone": zone} if zone else {}),
        }
        return Change(values, {"offloaded": True}, queue=host)

    def _claim(
        self, connection: Connection, server: Server, hosts: tuple[str, ...]
    ) -> str:
        capacity = self._parts.placer.capacity
        amounts = amounts_of(server.flavor)
        for host in hosts:
            if self._stores.hosts.claim(connection, server.id, host, amounts, capacity):
                return host
        return ""
