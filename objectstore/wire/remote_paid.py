"""Marks of paid rows, collected: one small request for many.

A mark saves the device one repeated row and nothing else, so marks wait for
company, and are lost without a word when the peer is away.
"""

from __future__ import annotations

from objectstore.kernel import concurrency
from objectstore.wire import codec, paths
from objectstore.wire.peer import Peer

# Rows come in bursts: this long, or this many, make one request of them.
GATHER_SECONDS = 0.5
GATHER_COUNT = 500


class PaidMarks:
    """The marks under way to one device."""

    def __init__(
        self, peer: Peer, prefix: str, gather_seconds: float = GATHER_SECONDS
    ) -> None:
        self._peer = peer
        self._target = f"{prefix}{paths.NO_KEY}/paid"
        self._gather_seconds = gather_seconds
        self._marks: list[tuple[bytes, int]] = []

    def add(self, key: bytes, timestamp: int) -> None:
        """Send it soon.  Never waits."""
        self._marks.append((key, timestamp))
        if len(self._marks) == 1:
            concurrency.spawn_later(self._gather_seconds, self.send)
        elif len(self._marks) >= GATHER_COUNT:
            self.send()

    def send(self) -> None:
        """Send what there is."""
        marks, self._marks = self._marks, []
        if marks:
            self._peer.call(
                "POST", self._target, lambda: codec.pack(marks), lambda reply: None
            )
