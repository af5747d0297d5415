"""Takes away secrets whose time has passed."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.secret import tables
from compute.secret.parts import Parts
from objectstore.kernel.loop import Progress

# In one transaction: others wait for it.
AT_ONCE = 100


class Upkeep:
    """A loop's step."""

    name = "secret-upkeep"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def step(self) -> Progress:
        """See the module."""
        is_full = self._parts.run(self._forget) >= AT_ONCE
        return Progress.BUSY if is_full else Progress.IDLE

    def _forget(self, connection: Connection) -> int:
        secrets = tables.secrets.c
        ended = sa.select(secrets.id).where(secrets.expires_at <= self._parts.now())
        ids = [row.id for row in connection.execute(ended.limit(AT_ONCE))]
        if ids:
            self._parts.stores.delete_secrets(connection, ids)
        return len(ids)
