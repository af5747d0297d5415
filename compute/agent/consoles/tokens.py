"""Console tokens of one process: made here, looked up here, gone when they expire."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from compute.agent.consoles.model import ConsoleEndpoint
from objectstore.kernel.clock import Clock

# Nova's default: long enough to open the page, short enough for a link in a log.
TOKEN_SECONDS = 600.0
# Each costs a few hundred bytes; the oldest go first.
TOKENS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Issued:
    endpoint: ConsoleEndpoint
    until: float  # monotonic


class MemoryTokens:
    """A ``ConsoleTokens`` that issues its own."""

    def __init__(self, clock: Clock, *, seconds: float = TOKEN_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._issued: dict[str, _Issued] = {}

    def issue(self, endpoint: ConsoleEndpoint) -> str:
        """A new token for the console."""
        self._forget_expired()
        while len(self._issued) >= TOKENS_MAX:
            del self._issued[next(iter(self._issued))]
        token = secrets.token_urlsafe(32)
        until = self._clock.monotonic() + self._seconds
        self._issued[token] = _Issued(endpoint, until)
        return token

    def revoke(self, server_id: str) -> None:
        """No token leads to this server any more (it is deleted, or moved)."""
        for token, issued in list(self._issued.items()):
            if issued.endpoint.server_id == server_id:
                del self._issued[token]

    def lookup(self, token: str) -> ConsoleEndpoint | None:
        """The console, while the token holds."""
        self._forget_expired()
        wanted, found = token.encode(), None
        for known, issued in self._issued.items():
            if hmac.compare_digest(known.encode(), wanted):
                found = issued.endpoint
        return found

    def _forget_expired(self) -> None:
        # In the order in which they were issued: the first to expire come first.
        now = self._clock.monotonic()
        while self._issued:
            token, issued = next(iter(self._issued.items()))
            if issued.until > now:
                return
            del self._issued[token]
