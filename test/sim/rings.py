"""The rings of a simulated cluster, by the real builder; they may change."""

from __future__ import annotations

from random import Random

from objectstore.app.rings import RingSet
from ring.builder import Builder
from ring.device import Device

PART_POWER = 4
REPLICAS = 3
PORT = 6200


class Rings:
    """One ring for everything, and the builder behind it."""

    def __init__(self, devices: int, random: Random) -> None:
        self._random = random
        self._builder = Builder(PART_POWER, REPLICAS, 0)
        for number in range(devices):
            self._builder.add(
                Device(
                    number,
                    1,
                    number,
                    f"10.0.0.{number}",
                    PORT,
                    f"d{number}",
                    1.0,
                )
            )
        self._rebalance()

    def _rebalance(self) -> None:
        self._builder.rebalance(self._random, 0)
        ring = self._builder.ring()
        self.current = RingSet(ring, ring, {0: ring})

    def reweight(self, number: int, weight: float) -> None:
        """A device takes more, or less, or nothing if enough others are left."""
        others = [
            device
            for device in self._builder.known_devices()
            if device.id != number and device.weight
        ]
        if len(others) < REPLICAS:
            weight = max(weight, 0.5)
        self._builder.set_weight(number, weight)
        self._rebalance()
