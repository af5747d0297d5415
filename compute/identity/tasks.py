"""What identity does in the background: forget revocations that matter no more."""

from __future__ import annotations

from compute.identity.parts import IdentityParts
from objectstore.kernel.loop import Progress


class PruneRevocations:
    """Deletes events older than any token could be."""

    name = "identity-prune"

    def __init__(self, parts: IdentityParts) -> None:
        self._parts = parts

    def step(self) -> Progress:
        """See ``Step``."""
        revocations, now = self._parts.tokens.revocations, self._parts.now()
        self._parts.run(lambda connection: revocations.prune(connection, now))
        return Progress.IDLE
