"""What a journal's group commits were like: how many records, how long."""

from __future__ import annotations

from bisect import bisect_left

# From nobody to share with to a storm of small writes.
SIZE_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
# From a write cache to a disk in trouble.
SECONDS_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)


class CommitFigures:
    """Sums since the start; one more bucket than bounds, for what is above."""

    __slots__ = ("batches", "failures", "records", "seconds", "sizes", "times")

    def __init__(self) -> None:
        self.batches = 0
        self.records = 0
        self.seconds = 0.0
        self.failures = 0
        self.sizes = [0] * (len(SIZE_BOUNDS) + 1)
        self.times = [0] * (len(SECONDS_BOUNDS) + 1)

    def count(self, records: int, seconds: float) -> None:
        """A batch was committed."""
        self.batches += 1
        self.records += records
        self.seconds += seconds
        self.sizes[bisect_left(SIZE_BOUNDS, records)] += 1
        self.times[bisect_left(SECONDS_BOUNDS, seconds)] += 1
