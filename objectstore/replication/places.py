"""One ring as one device sees it: what is its own to keep, and who else keeps it.

A *primary* of a partition is a device that the ring assigns it to.  A device that
holds keys of other partitions is a *handoff* for those: it stood in for somebody,
or the ring has moved on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from ring.device import Device
from ring.ring import Ring

N = TypeVar("N")


class Peer(NamedTuple, Generic[N]):
    """Another device of the ring, and the node that answers for it."""

    id: int
    node: N


class Places(Generic[N]):
    """See the module.  Made anew for each ring; a device that is not in the ring
    (any more) is a handoff for everything it has."""

    def __init__(
        self,
        ring: Ring,
        is_own: Callable[[Device], bool],
        node: Callable[[Device], N],
    ) -> None:
        self.ring = ring
        self.part_power = ring.part_power
        self.partition_count = ring.partition_count
        self._own = {
            device.id
            for device in ring.devices
            if device is not None and is_own(device)
        }
        self.own_id = min(self._own, default=0)
        self._node = node
        self._peers: dict[int, Peer[N]] = {}
        self.assigned = frozenset(
            partition
            for device_id in self._own
            for partition, _ in ring.partitions_of(device_id)
        )

    def partition(self, key: bytes) -> int:
        """The partition of a key."""
        return self.ring.partition(key)

    def is_own_key(self, key: bytes) -> bool:
        """Whether this device is a primary of the key."""
        return self.partition(key) in self.assigned

    def primaries(self, partition: int) -> list[Peer[N]]:
        """The other devices that are to hold the partition."""
        return [
            self._peer_of(device)
            for device in self.ring.primaries(partition)
            if device.id not in self._own
        ]

    def positions(self, partition: int) -> list[Peer[N] | None]:
        """Every device that is to hold the partition, in ring order; None: this one."""
        return [
            None if device.id in self._own else self._peer_of(device)
            for device in self.ring.primaries(partition)
        ]

    def own_index(self, partition: int) -> int | None:
        """This device's place in that order, if it has one."""
        if partition not in self.assigned:
            return None
        return self.positions(partition).index(None)

    def handoffs(self, partition: int) -> Iterator[Peer[N]]:
        """The devices that stand in for those, in that order."""
        for device in self.ring.handoffs(partition):
            if device.id not in self._own:
                yield self._peer_of(device)

    def peer(self, device_id: int) -> Peer[N] | None:
        """A device by its id; None for this one, and for one that is gone."""
        if device_id in self._own or not 0 <= device_id < len(self.ring.devices):
            return None
        device = self.ring.devices[device_id]
        return None if device is None else self._peer_of(device)

    def _peer_of(self, device: Device) -> Peer[N]:
        # One node for each device: it gathers marks to send in batches.
        peer = self._peers.get(device.id)
        if peer is None:
            peer = self._peers[device.id] = Peer(device.id, self._node(device))
        return peer


class FollowedPlaces(Generic[N]):
    """The places of the ring as it is now: the same value until the ring changes."""

    def __init__(
        self,
        ring: Callable[[], Ring],
        is_own: Callable[[Device], bool],
        node: Callable[[Device], N],
    ) -> None:
        self._ring = ring
        self._is_own = is_own
        self._node = node
        self._places: Places[N] | None = None

    def __call__(self) -> Places[N]:
        """The places now."""
        ring = self._ring()
        if self._places is None or self._places.ring is not ring:
            self._places = Places(ring, self._is_own, self._node)
        return self._places
