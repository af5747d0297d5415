"""What a network's resolver answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostName:
    """A label (that stands also for the same name in the network's domain), or a whole
    name without its last dot; and the address that it has."""

    address: str
    name: str
