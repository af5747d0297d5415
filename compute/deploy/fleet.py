"""All hosts of an inventory at once: connected, asked, told; who is away is noted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from compute.deploy.inventory import Inventory
from compute.deploy.model import Host
from compute.deploy.site import Site
from compute.deploy.transport import Away, Connection, Refused, ssh_command

T = TypeVar("T")
# Each has an ssh, and during an installation a release on its way.
HOSTS_AT_ONCE = 16


class Fleet:
    """Connections by host; ``away`` says why others have none."""

    def __init__(self) -> None:
        self.connections: dict[Host, Connection] = {}
        self.away: dict[Host, str] = {}
        self._pool = ThreadPoolExecutor(HOSTS_AT_ONCE)

    @classmethod
    @contextlib.contextmanager
    def connected(cls, inventory: Inventory, site: Site) -> Iterator[Fleet]:
        """To every host that can be reached."""
        fleet = cls()

        def connect(host: Host) -> None:
            command = ssh_command(host, inventory.cloud, site.known_hosts)
            try:
                fleet.connections[host] = Connection(host, command)
            except Away as error:
                fleet.away[host] = str(error)

        try:
            list(fleet._pool.map(connect, inventory.hosts))
            yield fleet
        finally:
            for connection in fleet.connections.values():
                connection.close()
            fleet._pool.shutdown(cancel_futures=True)

    def ask(self, host: Host, request: Mapping[str, Any]) -> Any:
        """One host.  Raises ``Refused``, also when it is away."""
        connection = self.connections.get(host)
        if connection is None:
            raise Refused(f"is away: {self.away.get(host, '')}")
        try:
            return connection.ask(request)
        except Away as error:
            self.lose(host, str(error))
            raise Refused(f"is away: {error}") from None

    def lose(self, host: Host, why: str) -> None:
        """It does not answer any more."""
        connection = self.connections.pop(host, None)
        if connection is not None:
            connection.close()
        self.away[host] = why

    def each(
        self, hosts: Iterable[Host], act: Callable[[Host], T]
    ) -> tuple[dict[Host, T], dict[Host, str]]:
        """Act on all of them at the same time: results, and what was refused; in their
        order, whoever is done first."""
        asked = list(hosts)
        done: dict[Host, T] = {}
        refused: dict[Host, str] = {}

        def one(host: Host) -> None:
            try:
                done[host] = act(host)
            except Refused as error:
                refused[host] = str(error)

        list(self._pool.map(one, asked))
        return (
            {host: done[host] for host in asked if host in done},
            {host: refused[host] for host in asked if host in refused},
        )
