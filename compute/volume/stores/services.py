"""Volume hosts as operators and other hosts see them: SQL."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.volume.host_records import ServiceRecord, Telling
from compute.volume.tables import SERVICES


class ServiceStore:
    """Inside the caller's transactions."""

    def all(self, connection: Connection) -> list[ServiceRecord]:
        """By name."""
        rows = connection.execute(SERVICES.select().order_by(SERVICES.c.host))
        return [_record(row) for row in rows]

    def get(self, connection: Connection, host: str) -> ServiceRecord | None:
        """One."""
        query = SERVICES.select().where(SERVICES.c.host == host)
        row = connection.execute(query).first()
        return None if row is None else _record(row)

    def named(self, connection: Connection, name: str) -> ServiceRecord | None:
        """The one that operators call so."""
        found = self.get(connection, name.partition("@")[0])
        return found if found is not None and name in found.names else None

    def seen(
        self, connection: Connection, host: str, now: float, told: Telling
    ) -> None:
        """It is alive."""
        values = {
            "last_seen": now,
            "backend": told.backend,
            "url": told.url,
            "total_bytes": told.total_bytes,
            "free_bytes": told.free_bytes,
        }
        here = SERVICES.c.host == host
        updated = SERVICES.update().where(here).values(**values)
        if connection.execute(updated).rowcount == 0:
            row = {"host": host, "disabled": False, "disabled_reason": "", **values}
            connection.execute(SERVICES.insert().values(**row))

    def switch(
        self, connection: Connection, host: str, *, disabled: bool, reason: str = ""
    ) -> None:
        """Take no new volumes any more, or again."""
        values = {"disabled": disabled, "disabled_reason": reason}
        here = SERVICES.c.host == host
        connection.execute(SERVICES.update().where(here).values(**values))


def _record(row: object) -> ServiceRecord:
    values = dict(row._mapping)  # type: ignore[attr-defined]
    told = Telling(
        values.pop("backend"),
        values.pop("url") or "",
        values.pop("total_bytes"),
        values.pop("free_bytes"),
    )
    return ServiceRecord(**values, told=told)
