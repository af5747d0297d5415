"""Places: the ring as one device sees it."""

from __future__ import annotations

import random

from objectstore.replication.places import FollowedPlaces, Places
from ring.builder import Builder
from ring.device import Device


def builder(devices: int = 5) -> Builder:
    made = Builder(4, 3, 0)
    for number in range(devices):
        made.add(Device(number, 1, number, "127.0.0.1", 6000, f"d{number}", 1.0))
    made.rebalance(random.Random(1), 0)
    return made


def test_places_are_the_ring_from_one_device() -> None:
    ring = builder().ring()
    places = Places(ring, lambda device: device.device == "d1", lambda device: device)
    for partition in range(16):
        ids = [device.id for device in ring.primaries(partition)]
        peers = places.primaries(partition)
        assert [peer.id for peer in peers] == [each for each in ids if each != 1]
        assert (partition in places.assigned) == (1 in ids)
        assert all(peer.node.id == peer.id for peer in peers)
    assert places.peer(1) is None
    assert places.peer(99) is None
    assert places.peer(-1) is None
    assert places.peer(2) is places.peer(2)
    assert places.is_own_key(bytes(16)) == (0 in places.assigned)


def test_places_follow_the_ring_and_outlive_the_device_in_it() -> None:
    made = builder()
    ring = made.ring()
    current = [ring]
    followed = FollowedPlaces(
        lambda: current[0], lambda device: device.device == "d1", lambda device: device
    )
    first = followed()
    assert followed() is first
    made.remove(1)
    made.rebalance(random.Random(1), 10)
    current[0] = made.ring()
    assert followed() is not first
    assert followed().assigned == frozenset()
    assert len(followed().primaries(0)) == 3
