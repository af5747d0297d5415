"""The devices of one process: opened, answered for, closed.

A device that cannot be opened (unmounted, damaged, owned by another process) is
left out and said in the log: its callers are told 507 and use handoffs, and the
other devices serve.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from objectstore.app.device_opener import DeviceOpener, Work
from objectstore.app.directory import NodeTable
from objectstore.app.internal import InternalStore
from objectstore.app.neighbours import ALONE, Neighbours
from objectstore.app.open_device import OpenDevice
from objectstore.app.row_sender import RowSender
from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.timestamps import HybridClock
from objectstore.settings import StoreSettings

_log = logging.getLogger("objectstore.devices")


class LocalDevices:
    """``nodes`` answers for what is ``opened``; ``unserved`` says of the others why
    they are not."""

    def __init__(
        self,
        settings: StoreSettings,
        disk: Disk,
        clock: Clock,
        timestamps: HybridClock,
        sender: RowSender,
        neighbours: Neighbours = ALONE,
        internal: InternalStore | None = None,
    ) -> None:
        self.nodes = NodeTable()
        self.opened: dict[str, OpenDevice] = {}
        self.unserved: dict[str, str] = {}
        work = Work(sender, neighbours, internal)
        self._opener = DeviceOpener(settings, disk, clock, timestamps, work)
        self._loops_run = False

    def open(self, names: Iterable[str]) -> None:
        """Open each; those that fail are logged and left out."""
        for name in names:
            self.open_one(name)

    def open_one(self, name: str) -> bool:
        """Open one; whether it is served now."""
        try:
            opened = self._opener.open(name)
        except RingstackError as error:
            if self.unserved.get(name) != str(error):
                _log.error("device %s is not served: %s", name, error)
            self.unserved[name] = str(error)
            return False
        self.unserved.pop(name, None)
        self.opened[name] = opened
        self.nodes.add(opened.nodes)
        if self._loops_run:
            self._start(opened)
        return True

    def close_one(self, name: str, why: str) -> None:
        """Stop serving a device."""
        opened = self.opened.pop(name)
        _log.error("device %s is not served any more: %s", name, why)
        self.unserved[name] = why
        self.nodes.remove(opened.nodes)
        opened.close()

    def start_loops(self) -> None:
        """Start what looks after the devices."""
        self._loops_run = True
        for opened in self.opened.values():
            self._start(opened)

    def _start(self, opened: OpenDevice) -> None:
        for loop in opened.loops:
            loop.start()

    def close(self) -> None:
        """Stop the loops, bring everything to rest, release the devices."""
        for opened in self.opened.values():
            opened.close()
        self.opened.clear()
