"""Claimed places as such, in SQL: for whoever compares them with what is there.

Claiming and giving back are the hosts' (``HostStore``): there the places and their
sums change together.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.instance.tables import ALLOCATIONS, HOSTS

# A host's column, and the allocations' column that it is the sum of.
SUMS = {
    "vcpus_used": "vcpus",
    "memory_used_mib": "memory_mib",
    "disk_used_gib": "disk_gib",
}


class AllocationStore:
    """All of it inside the caller's transactions."""

    def all(self, connection: Connection) -> list[Any]:
        """Every allocation."""
        return list(connection.execute(ALLOCATIONS.select()))

    def get(self, connection: Connection, owner_id: str) -> Any:
        """That of a server or a migration; None when there is none."""
        select = ALLOCATIONS.select().where(ALLOCATIONS.c.server_id == owner_id)
        return connection.execute(select).first()

    def remove(self, connection: Connection, owner_id: str) -> None:
        """Without its host's sums: ``recount`` follows."""
        connection.execute(
            sa.delete(ALLOCATIONS).where(ALLOCATIONS.c.server_id == owner_id)
        )

    def miscounted(self, connection: Connection) -> list[str]:
        """Hosts whose sums are not those of their allocations, by name."""
        sums = self._sums(connection)
        rows = connection.execute(HOSTS.select().order_by(HOSTS.c.host))
        return [
            row.host
            for row in rows
            if {name: row._mapping[name] for name in (*SUMS, "servers")}
            != sums.get(row.host, _NOTHING)
        ]

    def recount(self, connection: Connection, host: str) -> None:
        """Make the host's sums those of its allocations."""
        values = self._sums(connection).get(host, _NOTHING)
        connection.execute(sa.update(HOSTS).where(HOSTS.c.host == host).values(values))

    def _sums(self, connection: Connection) -> dict[str, dict[str, int]]:
        columns = ALLOCATIONS.c
        rows = connection.execute(
            sa.select(
                columns.host,
                sa.func.count().label("servers"),
                *(sa.func.sum(columns[of]).label(name) for name, of in SUMS.items()),
            ).group_by(columns.host)
        )
        return {
            row.host: {name: int(row._mapping[name]) for name in (*SUMS, "servers")}
            for row in rows
        }


_NOTHING = dict.fromkeys((*SUMS, "servers"), 0)
