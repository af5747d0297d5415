"""The way to volumes that lie on another host: TLS outside, a unix socket inside."""

from __future__ import annotations

from typing import Protocol

from compute.volume.client import ConnectionInfo
from objectstore.kernel.errors import Unavailable


class VolumeRelays(Protocol):
    """One host's relays.  Idempotent and green."""

    def open(self, connection: ConnectionInfo) -> str:
        """After it, this unix socket leads to the volume's export."""

    def close(self, attachment_id: str) -> None:
        """After it, nothing of this attachment's relay is left."""


class NoRelays:
    """For hosts that have volumes of their own only."""

    def open(self, connection: ConnectionInfo) -> str:
        """``Unavailable``."""
        raise Unavailable(
            f"volume {connection.volume_id} lies on another host, and this one has no"
            " relay to it"
        )

    def close(self, attachment_id: str) -> None:
        """Nothing is there."""


NO_RELAYS = NoRelays()
