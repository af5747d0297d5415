"""Places on hosts that nobody uses, and hosts whose sums are wrong: for the doctor.

A place is a server's, or a migration's while something is still to come of it: until
the job is done that removes what was left there.
"""

from __future__ import annotations

from typing import Any

from compute.core.sql.database import Connection
from compute.instance.moves import CLEANING, is_open
from compute.instance.parts import Parts
from compute.instance.states import TaskState


class StrayPlaces:
    """Finds them and gives them back."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    def strays(self) -> list[dict[str, Any]]:
        """``id`` (whose place it was, or else empty), ``host``, ``detail``."""

        def read(connection: Connection) -> list[dict[str, Any]]:
            homes = {
                each["id"]: each["host"]
                for each in self._stores.servers.briefs(connection)
            }
            places = [
                {
                    "id": row.server_id,
                    "host": row.host,
                    "detail": f"{row.vcpus} processors, {row.memory_mib} MiB and"
                    f" {row.disk_gib} GiB for {whose}",
                }
                for row in self._stores.allocations.all(connection)
                if homes.get(row.server_id) != row.host
                and (whose := self._whose(connection, row))
            ]
            return places + [
                {"id": "", "host": host, "detail": "its sums are not its places'"}
                for host in self._stores.allocations.miscounted(connection)
            ]

        return self._parts.database.read(read)

    def give_back(self, host: str, owner_id: str) -> None:
        """Give a stray place back, if it still is one, and count the host's again."""

        def write(connection: Connection) -> None:
            row = self._stores.allocations.get(connection, owner_id)
            if row is not None and row.host == host and self._whose(connection, row):
                self._stores.allocations.remove(connection, owner_id)
            self._stores.allocations.recount(connection, host)

        self._parts.database.run(write)
        self._parts.placer.forget()

    def _whose(self, connection: Connection, row: Any) -> str:
        """Whose place it was, in words; empty: it is somebody's."""
        server = self._stores.servers.get(connection, row.server_id)
        if server is not None:
            if row.host == server.host or server.task_state != TaskState.NONE.value:
                return ""
            if self._stores.jobs.open_of(connection, server.id):
                return ""
            return "a server that is elsewhere"
        migration = self._stores.migrations.get(connection, row.server_id)
        if migration is None:
            return "a server that is gone"
        if is_open(migration):
            return ""
        jobs = self._stores.jobs.open_of(connection, migration.server_id)
        waits = any(
            job.kind in CLEANING and job.arguments.get("migration") == migration.uuid
            for job in jobs
        )
        return "" if waits else "a migration that has ended"
