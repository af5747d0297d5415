"""Volume hosts as the room keeps them, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass

from compute.volume.model import BACKEND


@dataclass(frozen=True, slots=True)
class Telling:
    """What a host says of itself: its back end's name, where the others reach it, and
    how much there is."""

    backend: str = BACKEND
    url: str = ""
    total_bytes: int = 0
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One host's volume service; ``last_seen``: seconds since the epoch; ``told``: what
    it said then."""

    host: str
    disabled: bool
    disabled_reason: str
    last_seen: float
    told: Telling

    @property
    def pool(self) -> str:
        """Its one pool, as operators write it."""
        return pool_name(self.host, self.told.backend)

    @property
    def names(self) -> tuple[str, str, str]:
        """What operators call it: the host, its back end, its pool."""
        return self.host, f"{self.host}@{self.told.backend}", self.pool


def pool_name(host: str, backend: str) -> str:
    """``HOST@BACKEND#POOL``; a back end has one pool, of its own name."""
    return f"{host}@{backend}#{backend}"
