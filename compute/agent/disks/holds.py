"""The images that lazy disks of this host still read: held, so they may be deleted.

The truth is in the disks' own headers.  What they name is told to the image store
whenever it changes, and now and then so that it knows that we live; an image is held
*before* the first disk that reads it is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from compute.agent.disks import files
from compute.agent.disks.layout import ROOT_FILE, Layout, is_uuid
from compute.agent.disks.overlay import read_backing
from compute.agent.disks.port import HoldKeeper
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Semaphore
from objectstore.kernel.errors import Corrupt

# Many times in the shortest lease that an operator would choose for a host's outage.
RENEW_SECONDS = 600.0


class ImageHolds:
    """The holds of one host."""

    def __init__(self, layout: Layout, keeper: HoldKeeper, clock: Clock) -> None:
        self._layout = layout
        self._keeper = keeper
        self._clock = clock
        self._making: Counter[str] = Counter()
        # What was told last; None: nothing since we started.
        self._told: frozenset[str] | None = None
        self._told_at = 0.0
        # Two tellings that cross would release what the later one holds.
        self._telling = Semaphore(1)

    @contextmanager
    def making(self, image_id: str) -> Iterator[None]:
        """A disk that reads this image is made in the block."""
        with self._telling:
            self._keeper.hold(image_id)
            self._making[image_id] += 1
            # It may end without a disk.
            self._told = None
        try:
            yield
        finally:
            self._making[image_id] -= 1

    def tell(self) -> None:
        """What is read now, if that is news; ``Unavailable``."""
        with self._telling:
            now = self._clock.monotonic()
            wanted = lazy_images(self._layout) | frozenset(+self._making)
            if wanted == self._told and now - self._told_at < RENEW_SECONDS:
                return
            self._keeper.hold_only(wanted)
            self._told = wanted
            self._told_at = now


def lazy_images(layout: Layout) -> frozenset[str]:
    """The images of the store that root disks stand on."""
    return frozenset(lazy_guests(layout).values())


def lazy_guests(layout: Layout) -> dict[str, str]:
    """The guests whose root disks are still read from the store -> the image that each
    stands on."""
    found: dict[str, str] = {}
    for uuid in filter(is_uuid, files.names_in(layout.guests)):
        path = layout.file(uuid, ROOT_FILE)
        if files.is_file(path) and (image_id := _read_from_store(path)):
            found[uuid] = image_id
    return found


def _read_from_store(path: str) -> str:
    try:
        backing = read_backing(lambda start, size: files.read_piece(path, start, size))
        source = backing.as_nbd() if backing is not None else None
    except (Corrupt, FileNotFoundError):
        return ""  # no guest can run from it
    return "" if source is None else source.export
