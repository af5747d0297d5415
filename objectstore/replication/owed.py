"""The copies that other devices have missed: a bounded queue for each of them.

In memory: what a restart or an overflow loses is found again by the next round
over the partitions, at the latest; a device that was away and starts again runs
such a round at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from objectstore.kernel.clock import Clock

# Some 10 MiB for each device that is away.
KEYS_PER_DEVICE_MAX = 100_000
# More devices away at once than any cluster survives; a limit against nonsense.
DEVICES_MAX = 1000
RETRY_SECONDS = 1.0
RETRY_SECONDS_MAX = 10.0


class _Queue:
    __slots__ = ("due", "keys", "rest")

    def __init__(self, now: float) -> None:
        # Key to a number that grows with each demand: one that comes while the
        # key is being delivered must not be taken for done with it.
        self.keys: dict[bytes, int] = {}
        self.due = now
        self.rest = 0.0


class CopiesOwed:
    """Who lacks which keys, and when to try again."""

    def __init__(
        self, clock: Clock, keys_per_device_max: int = KEYS_PER_DEVICE_MAX
    ) -> None:
        self.overflowed = 0
        self.delivered_count = 0
        self._clock = clock
        self._keys_max = keys_per_device_max
        self._queues: dict[int, _Queue] = {}
        self._demands = 0

    def __len__(self) -> int:
        """Copies that wait."""
        return sum(len(queue.keys) for queue in self._queues.values())

    def add(self, key: bytes, device_ids: Iterable[int]) -> None:
        """These devices lack the key's newest state."""
        for device_id in device_ids:
            queue = self._queues.get(device_id)
            if queue is None:
                if len(self._queues) >= DEVICES_MAX:
                    self.overflowed += 1
                    continue
                queue = self._queues[device_id] = _Queue(self._clock.monotonic())
            if len(queue.keys) >= self._keys_max and key not in queue.keys:
                self.overflowed += 1
                continue
            self._demands += 1
            queue.keys[key] = self._demands

    def due(self) -> list[int]:
        """Devices to try now."""
        now = self._clock.monotonic()
        return [
            device_id
            for device_id, queue in self._queues.items()
            if queue.keys and queue.due <= now
        ]

    def make_due(self) -> None:
        """Try all of them now."""
        now = self._clock.monotonic()
        for queue in self._queues.values():
            queue.due = min(queue.due, now)

    def is_answering(self, device_id: int) -> bool:
        """Whether the last try succeeded, or there was none."""
        queue = self._queues.get(device_id)
        return queue is None or not queue.rest

    def first(self, device_id: int, limit: int) -> list[tuple[bytes, int]]:
        """(key, demand) of the longest waiting."""
        queue = self._queues.get(device_id)
        return [] if queue is None else list(islice(queue.keys.items(), limit))

    def delivered(self, device_id: int, key: bytes, demand: int) -> None:
        """Done with that demand, for good or bad."""
        queue = self._queues.get(device_id)
        if queue is None:
            return
        self.delivered_count += 1
        if queue.keys.get(key) == demand:
            del queue.keys[key]
        if not queue.keys:
            del self._queues[device_id]

    def answers(self, device_id: int) -> None:
        """Take note that a device answers again."""
        queue = self._queues.get(device_id)
        if queue is not None:
            queue.rest = 0.0

    def is_away(self, device_id: int) -> None:
        """Try again later: after 1 s, then 2, 4 ... 10."""
        queue = self._queues.get(device_id)
        if queue is not None:
            queue.rest = min(max(2 * queue.rest, RETRY_SECONDS), RETRY_SECONDS_MAX)
            queue.due = self._clock.monotonic() + queue.rest

    def drop_device(self, device_id: int) -> None:
        """It is not in the ring any more: nothing is owed to it."""
        self._queues.pop(device_id, None)
