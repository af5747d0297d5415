"""The loop that follows ring files: a new ring takes effect without a restart."""

from __future__ import annotations

import logging

from objectstore.app.rings import RingFiles
from objectstore.kernel.loop import Progress
from objectstore.proxy.rounds.placement import Placement

_log = logging.getLogger("objectstore.rings")


class RingWatch:
    """One step looks whether a ring has changed and tells the placement."""

    REST_SECONDS = 5.0

    def __init__(self, files: RingFiles, placement: Placement) -> None:
        self.name = "ring-watch"
        self._files = files
        self._placement = placement
        self._rings = files.current()

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        rings = self._files.current()
        if rings != self._rings:
            self._rings = rings
            self._placement.follow(rings.objects, rings.container, rings.account)
            _log.info("new rings are in use")
        return Progress.IDLE
