"""Lookups: primaries, handoffs and the reverse, as the servers use them."""

from __future__ import annotations

import itertools
from array import array
from collections import Counter

import pytest
from hypothesis import given, settings

from ring.device import Device
from ring.errors import Damaged
from ring.ring import Ring

from .clusters import builder, builders, rebalanced, seeds


def test_the_partition_is_the_top_bits_of_the_key():
    ring = Ring(4, [], [])
    assert ring.partition(bytes.fromhex("00000000ff")) == 0
    assert ring.partition(bytes.fromhex("f0000000")) == 15
    assert ring.partition(bytes.fromhex("1fffffff")) == 1
    assert Ring(0, [], []).partition(b"\xff\xff\xff\xff") == 0


def test_primaries_follow_the_rows_and_are_remembered():
    ring = rebalanced(builder(part_power=4, replicas=2.5)).ring()
    for partition in range(16):
        expected = [row[partition] for row in ring.rows if partition < len(row)]
        first = ring.primaries(partition)
        assert [device.id for device in first] == expected
        assert ring.primaries(partition) is first
    assert len(ring.primaries(0)) == 3
    assert len(ring.primaries(15)) == 2


def test_a_partition_outside_the_ring_is_an_error():
    ring = rebalanced(builder(part_power=4)).ring()
    for partition in (-1, 16):
        with pytest.raises(IndexError):
            ring.primaries(partition)


def test_a_device_twice_in_a_foreign_ring_appears_once():
    devices = [Device(0, 1, 1, "a", 1, "d", 1)]
    ring = Ring(0, devices, [array("H", [0]), array("H", [0])])
    assert ring.primaries(0) == (devices[0],)


@pytest.mark.parametrize(
    "rows",
    [
        [array("H", [1])],
        [array("H", [0, 0])],
        [array("H", []), array("H", [0])],
    ],
)
def test_an_impossible_table_is_refused(rows):
    with pytest.raises(Damaged):
        Ring(0, [Device(0, 1, 1, "a", 1, "d", 1)], rows)


def test_a_ring_without_an_assignment_has_only_handoffs():
    ring = builder(zones=2, per_zone=2).ring()
    assert ring.primaries(3) == ()
    assert len(list(ring.handoffs(3))) == 4


@settings(max_examples=60, deadline=None)
@given(builders(), seeds)
def test_handoffs_are_every_other_device_once(built, seed):
    ring = rebalanced(built, seed).ring()
    for partition in range(0, ring.partition_count, 5):
        primaries = [device.id for device in ring.primaries(partition)]
        handoffs = [device.id for device in ring.handoffs(partition)]
        assert sorted(primaries + handoffs) == sorted(
            d.id for d in built.known_devices()
        )
        assert handoffs == [device.id for device in ring.handoffs(partition)]


@settings(max_examples=60, deadline=None)
@given(builders(), seeds)
def test_handoffs_share_as_little_as_possible(built, seed):
    """While a wider domain is unused, the next handoff is in such a one."""
    ring = rebalanced(built, seed).ring()
    scopes = (
        lambda d: d.region,
        lambda d: (d.region, d.zone),
        lambda d: (d.region, d.zone, d.ip),
        lambda d: (d.region, d.zone, d.ip, d.port),
    )
    for partition in range(0, ring.partition_count, 11):
        seen = list(ring.primaries(partition))
        for handoff in ring.handoffs(partition):
            for scope in scopes:
                used = {scope(device) for device in seen}
                if used != {scope(device) for device in built.known_devices()}:
                    assert scope(handoff) not in used
                    break
            seen.append(handoff)


def test_partitions_of_a_device_share_their_first_handoff_with_few():
    ring = rebalanced(builder(zones=3, per_zone=10, part_power=9)).ring()
    first = Counter(
        next(ring.handoffs(partition)).id for partition, _ in ring.partitions_of(0)
    )
    assert len(first) > 15
    assert max(first.values()) < sum(first.values()) / 4


def test_devices_without_weight_are_the_last_handoffs():
    built = builder(zones=3, per_zone=2)
    built.set_weight(0, 0)
    built.set_region(0, 9)
    ring = rebalanced(built).ring()
    assert all(list(ring.handoffs(partition))[-1].id == 0 for partition in range(20))


def test_most_handoffs_survive_a_small_change():
    built = rebalanced(builder(zones=4, per_zone=8, part_power=8))
    before = built.ring()
    built.pretend_min_part_hours_passed()
    built.set_weight(3, 110)
    after = rebalanced(built).ring()
    same = sum(
        next(before.handoffs(partition)).id == next(after.handoffs(partition)).id
        for partition in range(256)
    )
    assert same > 256 * 0.8


def test_partitions_of_is_the_inverse_of_primaries():
    ring = rebalanced(builder(replicas=2.5)).ring()
    found = {
        (partition, replica, device.id)
        for device in ring.devices
        if device is not None
        for partition, replica in ring.partitions_of(device.id)
    }
    expected = {
        (partition, replica, device.id)
        for partition in range(ring.partition_count)
        for replica, device in enumerate(ring.primaries(partition))
    }
    assert found == expected
    assert list(itertools.islice(ring.partitions_of(9999), 1)) == []


def test_the_digest_tells_rings_apart_by_what_they_place():
    built = rebalanced(builder())
    ring = built.ring()
    wide = Ring(
        ring.part_power, ring.devices, [array("I", row) for row in ring.rows], 77
    )
    assert wide.digest == ring.digest
    built.set_weight(0, 101)
    assert built.ring().digest != ring.digest
