"""Hosts as the API looks them up: all, one by its id or name, whether one answers."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.instance.parts import Parts
from compute.instance.records import Aggregate, Host
from compute.instance.scheduling.snapshot import is_up


class KnownHosts:
    """Of one room."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = parts.stores.hosts

    def all(self) -> list[Host]:
        """Every one, by name."""
        return self._parts.database.read(self._hosts.all)

    def with_aggregates(self) -> tuple[list[Host], list[Aggregate]]:
        """All of both, of one moment."""

        def read(connection: Connection) -> tuple[list[Host], list[Aggregate]]:
            aggregates = self._parts.stores.aggregates.all(connection)
            return self._hosts.all(connection), aggregates

        return self._parts.database.read(read)

    def one(self, call: ApiCall, name: str) -> Host:
        """The one that the path names there; ``NotFound``."""
        key = call.parameters[name]
        host = self._parts.database.read(
            lambda connection: self._hosts.find(connection, key)
        )
        if host is None:
            raise NotFound(f"Compute host {key} could not be found.")
        return host

    def is_up(self, host: Host) -> bool:
        """Whether its agent was heard of lately, and nobody says that it is down."""
        now = self._parts.clock.time()
        return is_up(host, now, self._parts.settings.down_after)
