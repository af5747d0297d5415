"""How much a project may have: the usual limits, those of its class, its own.

Counted from the servers themselves in the transaction that adds one, so there is
no counter that could be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.errors import QuotaExceeded
from compute.core.sql.database import Connection
from compute.instance.stores.history import QuotaStore
from compute.instance.stores.servers import ServerStore, Usage

CLASS_DEFAULT = "class:default"
UNLIMITED = -1


class Quotas:
    """Limits of a project, and whether more fits."""

    def __init__(
        self, usual: Mapping[str, int], store: QuotaStore, servers: ServerStore
    ) -> None:
        self._usual = dict(usual)
        self._store = store
        self._servers = servers

    def defaults(self, connection: Connection) -> dict[str, int]:
        """What a project has unless something else is said of it."""
        return {**self._usual, **self._store.of(connection, CLASS_DEFAULT)}

    def of(
        self, connection: Connection, project_id: str, user_id: str = ""
    ) -> dict[str, int]:
        """The limits of a project, or of a user in it."""
        return self._of_both(connection, project_id, user_id)[bool(user_id)]

    def _of_both(
        self, connection: Connection, project_id: str, user_id: str
    ) -> tuple[dict[str, int], dict[str, int]]:
        """The limits of the project, and those of the user in it."""
        own = f"{project_id}/{user_id}"
        said = self._store.of_each(connection, [CLASS_DEFAULT, project_id, own])
        whole = self._usual | said[CLASS_DEFAULT] | said[project_id]
        return whole, whole | said[own]

    def _both(
        self, connection: Connection, project_id: str, user_id: str
    ) -> list[tuple[dict[str, int], Usage]]:
        """Limits and usage of the project; those of the user in it too, when he has
        limits of his own."""
        whole, own = self._of_both(connection, project_id, user_id)
        found = [(whole, self.usage(connection, project_id))]
        if own != whole:
            found.append((own, self.usage(connection, project_id, user_id)))
        return found

    def usage(
        self, connection: Connection, project_id: str, user_id: str = ""
    ) -> Usage:
        """What it has."""
        return self._servers.usage(connection, project_id, user_id)

    def servers_allowed(
        self,
        connection: Connection,
        project_id: str,
        user_id: str,
        *,
        least: int,
        most: int,
        vcpus: int,
        memory_mib: int,
    ) -> int:
        """How many servers of that size may be added, ``least`` to ``most``;
        ``QuotaExceeded`` when fewer than ``least``."""
        allowed = most
        for limits, used in self._both(connection, project_id, user_id):
            wanted = {
                "instances": (used.servers, 1),
                "cores": (used.vcpus, vcpus),
                "ram": (used.memory_mib, memory_mib),
            }
            fits = {
                name: _fitting(limits[name], have, each)
                for name, (have, each) in wanted.items()
            }
            tight = [name for name, count in fits.items() if count < least]
            if tight:
                raise _exceeded(tight, wanted, limits, least)
            allowed = min([allowed, *fits.values()])
        return allowed

    def check_growth(
        self,
        connection: Connection,
        project_id: str,
        user_id: str,
        *,
        vcpus: int,
        memory_mib: int,
    ) -> None:
        """May a server of theirs get that much more?"""
        for limits, used in self._both(connection, project_id, user_id):
            wanted = {
                "cores": (used.vcpus, max(0, vcpus)),
                "ram": (used.memory_mib, max(0, memory_mib)),
            }
            tight = [
                name
                for name, (have, more) in wanted.items()
                if more and _fitting(limits[name], have, more) < 1
            ]
            if tight:
                raise _exceeded(tight, wanted, limits, 1)


def _fitting(limit: int, have: int, each: int) -> int:
    """How many of ``each`` fit; a very large number when there is no limit."""
    if limit == UNLIMITED or each <= 0:
        return 1_000_000
    return max(0, (limit - have) // each)


def _exceeded(
    tight: list[str],
    wanted: Mapping[str, tuple[int, int]],
    limits: Mapping[str, int],
    count: int,
) -> QuotaExceeded:
    names = ", ".join(tight)
    requested = ", ".join(str(wanted[name][1] * count) for name in tight)
    used = ", ".join(str(wanted[name][0]) for name in tight)
    allowed = ", ".join(str(limits[name]) for name in tight)
    return QuotaExceeded(
        f"Quota exceeded for {names}: Requested {requested}, but already used {used}"
        f" of {allowed} {names}"
    )
