"""Where a server may move to, both places claimed, the migration written.

``Departures.begin`` plans outside of the transaction and claims inside; others who
were faster only make it plan again.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.instance.moves import Kind, Status
from compute.instance.parts import Parts
from compute.instance.placing import Placement
from compute.instance.records import Migration, Server
from compute.instance.rules import NO_VALID_HOST
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.group_places import group_of, places_of_others
from compute.instance.service.left_behind import end_moves
from compute.instance.service.needs import amounts_of, request_for
from compute.instance.stores.hosts import Amounts

# How often the hosts are looked at anew when others took the places that were free.
PLANS_MAX = 3
Decide = Callable[[Connection, Server, str], Change]
"""Opens the migration to the host of that name, where there is room, and says what its
first job is."""


class NoRoom(BadRequest):
    """No host will do."""


class _Taken(Exception):
    """Others took the place that was free when we looked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to.  ``host`` "": anywhere else; ``forced``: whatever the scheduler thinks
    of it."""

    host: str = ""
    forced: bool = False


ANYWHERE = Wish()


@dataclass(frozen=True, slots=True)
class Departure:
    """What is asked for: an action of the state table, which ``rule`` allows, with the
    server's flavor or another."""

    action: str
    rule: str
    flavor: Mapping[str, Any]
    wish: Wish = ANYWHERE


@dataclass(frozen=True, slots=True)
class NewMigration:
    """What a migration begins as, besides whose it is."""

    kind: Kind
    status: Status
    dest: str
    flavor_id: str


class Departures:
    """Finds and claims places, writes migrations."""

    def __init__(self, parts: Parts, actions: ServerActions) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._actions = actions

    def begin(
        self,
        context: RequestContext,
        server: Server,
        wanted: Departure,
        decide: Decide,
    ) -> None:
        """Begin the action with a place on another host claimed; ``NoRoom``."""
        wish = wanted.wish
        for attempt in range(PLANS_MAX):
            placement, members = self._plan(server, wanted.flavor, wish)
            if not placement.hosts and attempt:
                raise NoRoom(NO_VALID_HOST)
            if not placement.hosts:
                # The picture of the hosts may be older than what made room.
                self._parts.placer.forget()
                continue

            def choose(
                connection: Connection,
                server: Server,
                hosts: tuple[str, ...] = placement.hosts,
                members: Counter[str] = members,
            ) -> Change:
                if places_of_others(self._stores, connection, server) != members:
                    raise _Taken
                amounts = amounts_of(wanted.flavor)
                dest = self._free(connection, server, hosts, amounts, wish)
                change = decide(connection, server, dest)
                if not self._stores.hosts.claim(
                    connection,
                    server.id,
                    dest,
                    amounts,
                    self._parts.placer.capacity,
                    even_disabled=wish.forced,
                ):
                    raise _Taken
                return change

            try:
                self._actions.begin(
                    context, server.id, wanted.action, choose, rule=wanted.rule
                )
            except _Taken:
                self._parts.placer.forget()
                continue
            return
        raise NoRoom(NO_VALID_HOST)

    def _free(
        self,
        connection: Connection,
        server: Server,
        hosts: tuple[str, ...],
        amounts: Amounts,
        wish: Wish,
    ) -> str:
        """The first of these hosts that is not the server's own: whether it has room
        is found out by claiming."""
        capacity = self._parts.placer.capacity
        for host in hosts:
            if host != server.host and self._stores.hosts.has_room(
                connection, host, amounts, capacity, even_disabled=wish.forced
            ):
                return host
        raise _Taken

    def _plan(
        self, server: Server, flavor: Mapping[str, Any], wish: Wish
    ) -> tuple[Placement, Counter[str]]:
        """Where to, and where its group was then."""
        group, members = group_of(self._parts, server)
        request = request_for(
            flavor,
            server.image,
            zone=server.requested_zone,
            group=group,
            forced_host=wish.host if wish.forced else "",
            tried=[server.host],
            devices=server.block_devices,
        )
        request = dataclasses.replace(
            request,
            group_hosts=dict(members),
            same_hosts=frozenset({wish.host}) if wish.host else None,
        )
        return self._parts.placer.plan([request])[0], members

    def open(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        new: NewMigration,
    ) -> Migration:
        """The migration; the server's present place is claimed under its name."""
        end_moves(self._parts, connection, server)
        migration = self.record(connection, context, server, new)
        self._stores.hosts.hand_over(connection, server.id, migration.uuid)
        return migration

    def record(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        new: NewMigration,
    ) -> Migration:
        """A new migration."""
        now = self._parts.clock.time()
        return self._stores.migrations.add(
            connection,
            uuid=self._parts.identifiers.uuid(),
            server_id=server.id,
            project_id=context.project_id,
            user_id=context.user_id,
            type=new.kind.value,
            status=new.status.value,
            source=server.host,
            dest=new.dest,
            old_flavor_id=server.flavor_id,
            new_flavor_id=new.flavor_id,
            created_at=now,
            updated_at=now,
        )
