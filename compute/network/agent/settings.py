"""What one host's network agent is told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# A day: leases are static, so a short one would only cost packets.
LEASE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """``host`` is the name that ports are bound to; ``state_directory`` keeps
    dnsmasq's files; ``uplinks`` gives the interface of each physical network."""

    host: str
    state_directory: Path
    uplinks: Mapping[str, str] = field(default_factory=dict)
    lease_seconds: int = LEASE_SECONDS
    metadata: bool = True
