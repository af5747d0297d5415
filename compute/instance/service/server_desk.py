"""What agents may know of servers, and what they have seen or made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection
from compute.instance.block_devices import changed, without
from compute.instance.parts import Parts
from compute.instance.records import Migration, Server

# What an agent may say of a server.
OBSERVED = frozenset({"vifs", "progress", "root_device"})
# What an agent may say of a volume of a server.
DEVICE_VALUES = frozenset(
    {
        "attachment_id",
        "delete_on_termination",
        "is_made",
        "size",
        "source",
        "source_id",
        "state",
        "volume_id",
    }
)


class ServerDesk:
    """Answers agents."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    def server(self, server_id: str) -> Server:
        """One server, whether or not it is deleted."""
        found = self._parts.database.read(
            lambda connection: self._stores.servers.get(
                connection, server_id, deleted=None
            )
        )
        if found is None:
            raise NotFound(f"Instance {server_id} could not be found.")
        return found

    def update(self, server_id: str, values: Mapping[str, Any]) -> Server:
        """What an agent has made or seen; the server then."""
        unknown = sorted(set(values) - OBSERVED)
        if unknown:
            raise BadRequest(f"Agents do not tell of {', '.join(unknown)}")
        now = self._parts.clock.time()

        def write(connection: Connection) -> Server:
            server = self._stores.servers.get(connection, server_id, deleted=None)
            if server is None:
                raise NotFound(f"Instance {server_id} could not be found.")
            return self._stores.servers.update(connection, server, now, **values)

        return self._parts.database.run(write)

    def set_device(
        self, server_id: str, device_id: str, values: Mapping[str, Any] | None
    ) -> None:
        """What an agent did with a volume: these values of its device changed, or
        (None) the server has it no more."""
        unknown = sorted(set(values or ()) - DEVICE_VALUES)
        if unknown:
            raise BadRequest(f"Agents do not tell of {', '.join(unknown)}")
        now = self._parts.clock.time()

        def write(connection: Connection) -> None:
            server = self._stores.servers.get(connection, server_id, deleted=None)
            if server is None:
                return
            entries = server.block_devices
            after = (
                without(entries, device_id)
                if values is None
                else changed(entries, device_id, **values)
            )
            if after != entries:
                self._stores.servers.update(
                    connection, server, now, block_devices=after
                )

        self._parts.database.run(write)

    def keep_password(self, server_id: str, sealed: str) -> None:
        """The guest's password, sealed with its user's key.  ``Conflict`` when there
        is one."""

        def write(connection: Connection) -> None:
            server = self._stores.servers.get(connection, server_id)
            if server is None:
                raise NotFound(f"Instance {server_id} could not be found.")
            if server.sealed_password:
                raise Conflict("There is a password already")
            self._stores.servers.update(
                connection, server, server.updated_at, sealed_password=sealed
            )

        self._parts.database.run(write)

    # ---- many ------------------------------------------------------------------

    def servers_of(self, host: str) -> list[dict[str, Any]]:
        """The live servers of a host, in brief."""
        return self._parts.database.read(
            lambda connection: self._stores.servers.briefs(connection, host)
        )

    def fates(self, server_ids: Collection[str], host: str) -> dict[str, str]:
        """``deleted``; ``moved`` when it lives on another host and nothing of it shall
        be on ``host``; ``live`` otherwise."""

        def read(connection: Connection) -> dict[str, str]:
            servers = self._stores.servers.several(connection, server_ids)
            moves = self._stores.migrations.open_among(connection, server_ids)
            awaited = {each.server_id for each in moves if host in _ends_of(each)}
            return {
                key: _fate(server, host, is_awaited=key in awaited)
                for key, server in servers.items()
            }

        return self._parts.database.read(read)

    def known_on(self, host: str) -> list[str]:
        """The ids of all servers that have, or may have, something on the host."""

        def read(connection: Connection) -> list[str]:
            here = self._stores.servers.briefs(connection, host)
            moves = self._stores.migrations.open_on(connection, host)
            return sorted(
                {row["id"] for row in here} | {each.server_id for each in moves}
            )

        return self._parts.database.read(read)

    def servers(self) -> list[dict[str, Any]]:
        """Every live server, in brief."""
        return self._parts.database.read(self._stores.servers.briefs)


def _ends_of(migration: Migration) -> tuple[str, str]:
    return migration.source, migration.dest


def _fate(server: Server, host: str, *, is_awaited: bool) -> str:
    if server.deleted:
        return "deleted"
    is_elsewhere = bool(host and server.host) and server.host != host
    return "moved" if is_elsewhere and not is_awaited else "live"
