"""How far an audit is: kept on the device, so that a restart goes on where it was.

A *round* reads everything once.  The oldest unverified byte was last read in the
last whole round, at the earliest when that began; before there was one, when the
device's first audit began.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import msgpack
from crc32c import crc32c

from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress
from objectstore.kernel.rate import Rate

VERSION = 1
# What a crash makes an audit read again is at most so much time's work.
KEEP_SECONDS = 30.0


@dataclass(slots=True)
class AuditMark:
    """Where a round is, and what the audit has seen in all.

    Times are seconds since the epoch; 0: never.  ``phase``, ``segment``,
    ``offset`` and ``key`` are the auditor's own.
    """

    phase: int = 0
    segment: int = 0
    offset: int = 0
    key: bytes = b""
    first_started: float = 0.0
    round_started: float = 0.0
    complete_started: float = 0.0  # the last whole round: its beginning and its end
    complete_finished: float = 0.0
    rounds: int = 0
    bytes_verified: int = 0
    items_verified: int = 0
    problems: int = 0

    def begin(self, now: float) -> None:
        """Note that a round begins."""
        self.first_started = self.first_started or now
        self.round_started = now
        self.phase = self.segment = self.offset = 0
        self.key = b""

    def finish(self, now: float) -> None:
        """A round is through; the next one has yet to begin."""
        self.complete_started, self.complete_finished = self.round_started, now
        self.rounds += 1
        self.round_started = 0.0

    def oldest_seconds(self, now: float) -> float:
        """The age of the oldest unverified byte."""
        since = self.complete_started or self.first_started
        return max(now - since, 0.0) if since else 0.0


class AuditRounds:
    """One device's rounds: the mark kept in ``path``, how fast they go and when they
    begin.  Rates are per second; 0: no limit.  ``rest_seconds`` lie between two rounds,
    over restarts too."""

    def __init__(
        self,
        disk: Disk,
        path: str,
        clock: Clock,
        bytes_rate: float,
        files_rate: float,
        rest_seconds: float,
    ) -> None:
        self.bytes = Rate(bytes_rate, clock)
        self.files = Rate(files_rate, clock)
        self._kept = KeptMark(disk, path, clock)
        self._clock = clock
        self._rest_seconds = rest_seconds

    @property
    def mark(self) -> AuditMark:
        """How far the audit has come."""
        return self._kept.mark

    def start_over(self) -> None:
        """Begin a new round, whether the one under way is through or not."""
        self.mark.begin(self._clock.time())

    def waiting(self) -> Progress | None:
        """Why nothing is to be read now; None when a round is under way, one that
        begins with this call for instance."""
        if self.bytes.is_used_up or self.files.is_used_up:
            return Progress.THROTTLED
        if not self.mark.round_started:
            now = self._clock.time()
            if self.mark.complete_finished + self._rest_seconds > now:
                return Progress.IDLE
            self.mark.begin(now)
        return None

    def went_on(self) -> Progress:
        """A step of the round was made."""
        self._kept.keep()
        return Progress.BUSY

    def ended(self) -> Progress:
        """Note that the round is through."""
        self.mark.finish(self._clock.time())
        self._kept.keep(now=True)
        return Progress.DONE


class KeptMark:
    """A mark and its file."""

    def __init__(self, disk: Disk, path: str, clock: Clock) -> None:
        self.mark = _read(disk, path)
        self._disk = disk
        self._path = path
        self._clock = clock
        self._kept = clock.monotonic()

    def keep(self, *, now: bool = False) -> None:
        """Write it, if that is due or ``now``."""
        if not now and self._clock.monotonic() - self._kept < KEEP_SECONDS:
            return
        self._kept = self._clock.monotonic()
        packed: bytes = msgpack.packb(astuple(self.mark))
        content = bytes([VERSION]) + packed
        content += crc32c(content).to_bytes(4, "big")
        self._disk.offload(self._disk.replace_file, self._path, content)


def _read(disk: Disk, path: str) -> AuditMark:
    """The mark; a new one when there is none that can be used."""
    try:
        content = disk.read_file(path)
    except RingstackError:
        return AuditMark()
    packed, crc = content[:-4], content[-4:]
    if packed[:1] != bytes([VERSION]) or crc32c(packed).to_bytes(4, "big") != crc:
        return AuditMark()
    return AuditMark(*msgpack.unpackb(packed[1:]))
