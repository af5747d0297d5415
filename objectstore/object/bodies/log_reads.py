"""Small bodies out of a device's log: on the hub while that is quick, else beside it.

What the page cache has is there in a microsecond.  What it has not takes as long as the
disk does.  A fast one is done in 0.2 ms, sooner than a hand-over to a native thread
and back, which is in the way of the requests of that moment; a slow one, or one that
hangs, would hold up them all.  So the device's reads of late decide.
"""

from __future__ import annotations

from crc32c import crc32c

from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.journal import SegmentReads
from objectstore.object.records.state import Body

# The mean of what reads of a device take, beyond which they are for a thread.  Far over
# a solid state disk's, waits for a processor included; below a turning disk's.
QUICK_SECONDS_MAX = 0.003
# The mean moves by this share of each read: one that was held up changes nothing, some
# slow ones do, and so does a single one that took a twentieth of a second.
SHARE_OF_ONE = 1 / 16


class LogReads:
    """Of one journal; on the hub's thread."""

    def __init__(self, segments: SegmentReads, disk: Disk, clock: Clock) -> None:
        self._segments = segments
        self._disk = disk
        self._monotonic = clock.monotonic
        self._mean_seconds = 0.0  # of reads that the page cache could not answer

    @property
    def are_slow(self) -> bool:
        """Whether what is not in memory is not read on the hub."""
        return self._mean_seconds > QUICK_SECONDS_MAX

    def at_once(self, body: Body, size: int) -> bytes | None:
        """The bytes, checked; None: they would take long.

        ``Corrupt`` when they have changed, ``FileMissing`` when their segment was
        removed.
        """
        segment = body.record.segment
        data = self._segments.cached(segment, body.offset, size)
        if data is None:
            if self.are_slow:
                return None
            began = self._monotonic()
            data = self._segments.at(segment, body.offset, size)
            self._note(self._monotonic() - began)
        return checked(data, body, size)

    def beside(self, body: Body, size: int) -> bytes:
        """The same, however long it takes.  The greenlet waits."""
        data, seconds = self._disk.offload(self._read_apart, body, size)
        self._note(seconds)
        return checked(data, body, size)

    def _read_apart(self, body: Body, size: int) -> tuple[bytes, float]:
        began = self._monotonic()
        data = self._segments.apart(body.record.segment, body.offset, size)
        return data, self._monotonic() - began

    def _note(self, seconds: float) -> None:
        self._mean_seconds += (seconds - self._mean_seconds) * SHARE_OF_ONE


def checked(data: bytes, body: Body, size: int) -> bytes:
    """These bytes of a body in the log; ``Corrupt`` when they have changed."""
    if crc32c(data) != body.crc or len(data) != size:
        raise Corrupt(f"bad body in log segment {body.record.segment}")
    return data
