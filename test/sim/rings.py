"""The rings of a simulated cluster, by the real builder; they may change."""

from __future__ import annotations

from random import Random

from objectstore.app.rings import RingSet
from ring.builder import Builder
from ring.device import Device

PART_POWER = 4
REPLICAS = 3
# What their number may become (where there are copies, not fragments).
REPLICA_COUNTS = (2.5, 3.0, 3.5, 4.0)
REPLICAS_MAX = 4
PORT = 6200


class Rings:
    """One ring for everything, and the builder behind it."""

    def __init__(self, devices: int, random: Random) -> None:
        self._random = random
        self._builder = Builder(PART_POWER, REPLICAS, 0)
        self._removed: set[int] = set()
        for number in range(devices):
            self._builder.add(_device(number))
        self._rebalance()

    def _rebalance(self) -> None:
        self._builder.rebalance(self._random, 0)
        ring = self._builder.ring()
        self.current = RingSet(ring, ring, {0: ring})

    def reweight(self, number: int, weight: float) -> None:
        """A device takes more, or less, or nothing if enough others are left."""
        if number in self._removed:
            return
        if self._others(number) < REPLICAS_MAX:
            weight = max(weight, 0.5)
        self._builder.set_weight(number, weight)
        self._rebalance()

    def remove_or_add(self, number: int) -> None:
        """A device leaves the rings, if enough others are left, or comes back."""
        if number in self._removed:
            self._removed.discard(number)
            self._builder.add(_device(number), keep_id=True)
        elif self._others(number) >= REPLICAS_MAX:
            self._removed.add(number)
            self._builder.remove(number)
        self._rebalance()

    def set_replicas(self, count: float) -> None:
        """From here on there are so many replicas."""
        self._builder.set_replicas(count)
        self._rebalance()

    def _others(self, number: int) -> int:
        """How many other devices take something."""
        known = self._builder.known_devices()
        return sum(bool(each.id != number and each.weight) for each in known)


def _device(number: int) -> Device:
    """Of the machine of that number."""
    address, name = f"10.0.0.{number}", f"d{number}"
    return Device(number, 1, number, address, PORT, name, 1.0)
