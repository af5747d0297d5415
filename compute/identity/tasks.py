"""What identity does in the background: forget what matters no more."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.parts import Parts
from objectstore.kernel.loop import Progress


class PruneRevocations:
    """Deletes revocations older than any token could be, and memberships that have
    ended."""

    name = "identity-prune"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def step(self) -> Progress:
        """See ``Step``."""
        revocations, now = self._parts.tokens.revocations, self._parts.now()
        rows = tables.federated_memberships

        def write(connection: Connection) -> None:
            revocations.prune(connection, now)
            connection.execute(rows.delete().where(rows.c.ends_at <= now))

        self._parts.run(write)
        return Progress.IDLE
