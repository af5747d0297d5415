"""The disks of a host under test, put together as the agent does it."""

from __future__ import annotations

from pathlib import Path

from compute.agent.disks.backing import backing_paths
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.layout import Layout
from compute.agent.disks.local import LocalDisks
from compute.agent.disks.nbd_server import NbdServer
from compute.agent.disks.ranges import ImageRanges
from objectstore.kernel.clock import SystemClock
from test.fakes.image_files import ImageFiles

CACHE_BYTES_MAX = 1 << 30


class Storage:
    """Images, cache, lazy reads and the guests' disks below one directory."""

    def __init__(
        self,
        directory: Path,
        *,
        cache_bytes_max: int = CACHE_BYTES_MAX,
        patience_seconds: float = 1.0,
    ) -> None:
        clock = SystemClock()
        self.images = ImageFiles()
        self.layout = Layout(str(directory))
        self.ranges = ImageRanges(self.images, clock, patience_seconds=patience_seconds)
        self.cache = ImageCache(
            self.layout.images,
            self.images,
            bytes_max=cache_bytes_max,
            clock=clock,
            in_use=lambda: backing_paths(self.layout),
        )
        self.holds = ImageHolds(self.layout, self.images, clock)
        self.disks = LocalDisks(self.layout, self.cache, self.ranges, self.holds)
        self.nbd = NbdServer(self.layout.lazy_socket, self.ranges)

    def restart_nbd(self) -> None:
        """What a new agent does."""
        self.nbd.stop()
        self.nbd = NbdServer(self.layout.lazy_socket, self.ranges)
        self.nbd.start()
