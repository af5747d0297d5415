"""Reclaiming waits for the first clean round after a start.

Tombstones whose age was reached while this device was off are still news to a peer
that was off as well.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.loop import Progress, Step


class Gated:
    """Another step, which waits until ``is_open``: asked often, for its own rest
    may be a day."""

    def __init__(self, step: Step, is_open: Callable[[], bool]) -> None:
        self.name = step.name
        self._step = step
        self._is_open = is_open

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        return self._step.step() if self._is_open() else Progress.THROTTLED
