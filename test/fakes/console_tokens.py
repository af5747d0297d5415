"""Console tokens in memory: issued, revoked, expiring."""

from __future__ import annotations

from compute.agent.consoles.model import ConsoleEndpoint
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable


class MemoryTokens:
    """A ``ConsoleTokens``; can be away."""

    def __init__(self, clock: Clock, seconds: float = 600.0) -> None:
        self.is_away = False
        self._clock = clock
        self._seconds = seconds
        self._issued: dict[str, tuple[ConsoleEndpoint, float]] = {}

    def issue(self, endpoint: ConsoleEndpoint) -> str:
        token = f"token-{len(self._issued)}"
        self._issued[token] = (endpoint, self._clock.monotonic() + self._seconds)
        return token

    def revoke(self, token: str) -> None:
        del self._issued[token]

    def lookup(self, token: str) -> ConsoleEndpoint | None:
        if self.is_away:
            raise Unavailable("the control plane is away")
        endpoint, until = self._issued.get(token, (None, 0.0))
        return endpoint if self._clock.monotonic() < until else None
