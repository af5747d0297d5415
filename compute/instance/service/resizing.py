"""A server gets another flavor: on its host where that has room, else on another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.rules import NO_VALID_HOST, on_volume
from compute.instance.service.actions import ACT, Change, ServerActions
from compute.instance.service.departures import NoRoom
from compute.instance.service.moving import Moving
from compute.instance.service.needs import amounts_of
from compute.instance.service.order_checks import (
    check_no_growth_down,
)
from compute.instance.service.ordering import Ordering
from compute.instance.service.quotas import Quotas


class _NoRoomHere(BadRequest):
    """The server's own host has no room for the flavor."""


class Resizing:
    """Begins resizes."""

    def __init__(
        self,
        parts: Parts,
        actions: ServerActions,
        ordering: Ordering,
        quotas: Quotas,
        moving: Moving,
    ) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._actions = actions
        self._ordering = ordering
        self._quotas = quotas
        self._moving = moving

    def resize(
        self,
        context: RequestContext,
        server_id: str,
        flavor_id: str,
        *,
        disk_config: str = "",
    ) -> None:
        """Another flavor: on the same host, which costs no copy of the disk; on
        another where that one has no room or takes no new servers.  ``BadRequest``.
        ``disk_config``: another one from now on, too ("": the one it has)."""
        server = self._parts.database.read(
            lambda connection: self._parts.visible(connection, context, server_id, ACT)
        )
        self._actions.check(context, server, "resize")
        new = self._parts.database.read(
            lambda connection: self._new_flavor(connection, context, server, flavor_id)
        )
        values = {"disk_config": disk_config} if disk_config else {}
        if self._is_leaving(server):
            try:
                self._moving.resize_elsewhere(context, server, new, values)
            except NoRoom:
                self._resize_here(context, server, flavor_id, values)
            return
        try:
            self._resize_here(context, server, flavor_id, values)
        except _NoRoomHere:
            self._moving.resize_elsewhere(context, server, new, values)

    def _resize_here(
        self,
        context: RequestContext,
        server: Server,
        flavor_id: str,
        values: Mapping[str, Any],
    ) -> None:
        def decide(connection: Connection, server: Server) -> Change:
            new = self._new_flavor(connection, context, server, flavor_id)
            # Room for either, until it is clear which one stays.
            both = amounts_of(new).at_least(amounts_of(server.flavor))
            capacity = self._parts.placer.capacity
            if not self._stores.hosts.change(connection, server.id, both, capacity):
                raise _NoRoomHere(NO_VALID_HOST)
            migration = self._moving.note_stay(connection, context, server, new)
            resize = {
                "old_flavor": dict(server.flavor),
                "new_flavor": new,
                "old_vm_state": server.vm_state,
                "migration": migration.uuid,
            }
            return Change({**values, "resize": resize}, {"flavor": new})

        self._actions.begin(context, server.id, "resize", decide)

    def _new_flavor(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        flavor_id: str,
    ) -> dict[str, Any]:
        flavor = self._ordering.flavor(connection, context, flavor_id)
        if flavor.flavor_id == server.flavor_id:
            raise BadRequest("When resizing, instances must change flavor!")
        is_on_volume = server.is_volume_backed
        check_no_growth_down(server.flavor, flavor, has_root=not is_on_volume)
        self._quotas.check_growth(
            connection,
            server.project_id,
            server.user_id,
            vcpus=flavor.vcpus - server.vcpus,
            memory_mib=flavor.ram - server.memory_mib,
        )
        new = flavor.snapshot()
        return on_volume(new) if is_on_volume else new

    def _is_leaving(self, server: Server) -> bool:
        """Whether the server's host is being emptied."""
        host = self._parts.database.read(
            lambda connection: self._stores.hosts.get(connection, server.host)
        )
        return host is not None and not host.enabled
