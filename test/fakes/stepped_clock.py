"""A clock that stands still unless it is moved."""

from __future__ import annotations


class SteppedClock:
    """Both times move by ``advance`` only (``kernel.clock.Clock``)."""

    def __init__(self, wall: float = 1_700_000_000.0, monotonic: float = 1000.0):
        self._wall = wall
        self._monotonic = monotonic

    def time(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds
