"""Volume hosts as operators see them: SQL."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.sql.database import Connection
from compute.volume.tables import SERVICES


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One host's volume service; ``last_seen``: seconds since the epoch."""

    host: str
    disabled: bool
    disabled_reason: str
    last_seen: float


class ServiceStore:
    """Inside the caller's transactions."""

    def all(self, connection: Connection) -> list[ServiceRecord]:
        """By name."""
        rows = connection.execute(SERVICES.select().order_by(SERVICES.c.host))
        return [ServiceRecord(**row._mapping) for row in rows]

    def get(self, connection: Connection, host: str) -> ServiceRecord | None:
        """One."""
        query = SERVICES.select().where(SERVICES.c.host == host)
        row = connection.execute(query).first()
        return None if row is None else ServiceRecord(**row._mapping)

    def seen(self, connection: Connection, host: str, now: float) -> None:
        """It is alive."""
        here = SERVICES.c.host == host
        updated = SERVICES.update().where(here).values(last_seen=now)
        if connection.execute(updated).rowcount == 0:
            row = {
                "host": host,
                "disabled": False,
                "disabled_reason": "",
                "last_seen": now,
            }
            connection.execute(SERVICES.insert().values(**row))

    def switch(
        self, connection: Connection, host: str, *, disabled: bool, reason: str = ""
    ) -> None:
        """Take no new volumes any more, or again."""
        values = {"disabled": disabled, "disabled_reason": reason}
        here = SERVICES.c.host == host
        connection.execute(SERVICES.update().where(here).values(**values))
