"""The host's upkeep, a background step: lazy disks pulled in, images that they read
held, logs and cache bounded.

Reads the whole truth each time (which disks still have a lazy backing is in their own
headers), so it goes on after a restart of the agent, of libvirtd or of a guest.
"""

from __future__ import annotations

import logging

from compute.agent.console_log import trim
from compute.agent.disks import files
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.port import GuestDisks
from compute.agent.guests import ACTIVE_STATES, FileSource
from compute.agent.hypervisor import Hypervisor
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

_log = logging.getLogger("compute.agent.upkeep")


class Upkeep:
    """One round over all guests of the host."""

    name = "guest upkeep"

    def __init__(
        self,
        hypervisor: Hypervisor,
        disks: GuestDisks,
        cache: ImageCache | None = None,
        holds: ImageHolds | None = None,
    ) -> None:
        self._hypervisor = hypervisor
        self._disks = disks
        self._cache = cache
        self._holds = holds

    def step(self) -> Progress:
        """Look after every guest once.  BUSY never: pulls go on by themselves."""
        for uuid, state in self._hypervisor.states().items():
            try:
                path = self._disks.paths(uuid).console_log
                if path:
                    files.on_thread(trim, path)
                if state in ACTIVE_STATES:
                    self._pull(uuid)
            except RingstackError as error:
                # One guest's trouble must not keep the others waiting.
                _log.warning("guest %s: %s", uuid, error)
        self._tell_holds()
        if self._cache is not None:
            for image_id in self._cache.evict():
                _log.info("image %s is evicted from the cache", image_id)
        return Progress.DONE

    def _tell_holds(self) -> None:
        try:
            if self._holds is not None:
                self._holds.tell()
        except RingstackError as error:
            _log.warning("images are not held anew: %s", error)

    def _pull(self, uuid: str) -> None:
        for disk in self._disks.disks(uuid):
            source = disk.source
            if isinstance(source, FileSource) and source.lazy_backing is not None:
                self._hypervisor.pull_backing(uuid, disk.name)
