"""What tests of replication have of any kind of store: rounds, healing, a ring."""

from __future__ import annotations

import random
from typing import Any, Generic, TypeVar

from objectstore.kernel.loop import Progress
from objectstore.replication.healing import Healing
from objectstore.replication.replicator import Replicator
from objectstore.replication.status import ReplicationStatus
from ring.builder import Builder
from ring.device import Device
from ring.ring import Ring
from test.fakes.stepped_clock import SteppedClock

PART_POWER, COPIES = 4, 3.0
STEPS_MAX = 100


class Levelled:
    """One device's replicator and healing."""

    replicator: Replicator[Any]
    healing: Healing[Any]
    status: ReplicationStatus

    def round(self) -> bool:
        """One whole round; whether it was clean."""
        for _ in range(STEPS_MAX):
            if self.replicator.step() is Progress.DONE:
                return self.status.round_failures == 0
        raise AssertionError("the round does not end")

    def heal(self) -> None:
        for _ in range(STEPS_MAX):
            if self.healing.step() is Progress.IDLE:
                return
        raise AssertionError("healing does not come to rest")


R = TypeVar("R", bound=Levelled)


class Cluster(Generic[R]):
    """The devices, and the ring that they all follow."""

    def __init__(self, devices: int = 4) -> None:
        self.clock = SteppedClock()
        self.builder = Builder(PART_POWER, COPIES, 0)
        for number in range(devices):
            self.builder.add(device(number))
        self.rebalance()
        self.replicas: list[R] = []
        for number in range(devices):
            self.replicas.append(self.replica(number))

    def replica(self, number: int) -> R:
        """A device of that number, opened."""
        raise NotImplementedError

    def key(self, name: str) -> bytes:
        """By which a thing is placed."""
        raise NotImplementedError

    def rebalance(self) -> None:
        self.builder.rebalance(random.Random(1), 0)
        self.ring: Ring = self.builder.ring()

    def add_device(self) -> R:
        number = len(self.replicas)
        self.replicas.append(self.replica(number))
        self.builder.add(device(number))
        self.rebalance()
        return self.replicas[number]

    def primaries(self, name: str) -> list[R]:
        partition = self.ring.partition(self.key(name))
        return [self.replicas[each.id] for each in self.ring.primaries(partition)]

    def handoffs(self, name: str) -> list[R]:
        primaries = self.primaries(name)
        return [each for each in self.replicas if each not in primaries]

    def rounds(self, times: int = 1) -> None:
        for _ in range(times):
            for replica in self.replicas:
                assert replica.round(), replica.status


def device(number: int) -> Device:
    return Device(number, 1, number, "127.0.0.1", 6000 + number, f"d{number}", 1.0)
