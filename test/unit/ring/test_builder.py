"""Changes to a builder: what is accepted, what is refused, what the figures say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ring.balance import BALANCE_MAX
from ring.builder import Builder
from ring.errors import Refused
from ring.promises import check_promises

from .clusters import builder, device, rebalanced


def test_ids_fill_the_gaps_that_removed_devices_leave():
    built = rebalanced(builder(zones=4, per_zone=2))
    built.remove(3)
    rebalanced(built)
    assert built.devices[3] is None
    assert built.add(device(90, 1)).id == 3
    assert built.add(device(91, 1)).id == 8
    assert built.add(replace(device(92, 1), id=12), keep_id=True).id == 12
    with pytest.raises(Refused, match="in use"):
        built.add(replace(device(93, 1), id=12), keep_id=True)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("weight", -1.0),
        ("weight", float("nan")),
        ("weight", float("inf")),
        ("port", 0),
        ("replication_port", 65536),
        ("zone", -1),
        ("device", ""),
        ("device", " sda"),
        ("device", ".."),
        ("device", "a/b"),
    ],
)
def test_a_device_that_cannot_work_is_refused(part, value):
    with pytest.raises(Refused):
        builder().add(replace(device(90, 1), **{part: value}))


def test_an_address_and_name_can_be_used_once():
    built = builder()
    with pytest.raises(Refused, match="device 0 already uses"):
        built.add(device(0, 0))
    with pytest.raises(Refused, match="already uses"):
        built.set_info(replace(built.device(0), id=1))


@pytest.mark.parametrize("arguments", [(33, 3, 1), (-1, 3, 1), (4, 0.5, 1), (4, 3, -1)])
def test_impossible_settings_are_refused(arguments):
    with pytest.raises(Refused):
        Builder(*arguments)


def test_unknown_and_departing_devices_are_refused():
    built = builder()
    with pytest.raises(Refused, match="no device 99"):
        built.set_weight(99, 1)
    built.remove(0)
    with pytest.raises(Refused, match="marked for removal"):
        built.set_weight(0, 1)


def test_the_last_device_stays():
    built = builder(zones=1, per_zone=2)
    built.remove(0)
    with pytest.raises(Refused, match="last device"):
        built.remove(1)


def test_every_change_makes_a_new_version():
    built = builder()
    versions = [built.version]
    built.set_weight(0, 5)
    versions.append(built.version)
    built.set_info(replace(built.device(0), meta="new"))
    versions.append(built.version)
    rebalanced(built)
    versions.append(built.version)
    assert versions == sorted(set(versions))


def test_balance_is_the_worst_distance_from_weight():
    built = rebalanced(builder(zones=4, per_zone=1, part_power=6, replicas=3))
    assert built.balance() == 0
    built.set_weight(0, 0)
    assert built.balance() == BALANCE_MAX
    built.set_weight(0, 200)
    assert built.balance_by_device()[0] == pytest.approx(-37.5)


def test_dispersion_counts_replicas_that_need_not_share():
    built = Builder(6, 2, 1)
    built.add(device(0, 1, 100))
    built.add(device(1, 2, 200))
    built.add(device(2, 2, 200))
    rebalanced(built)
    # Zone 2 has four fifths of the weight but could do with half of the replicas.
    assert built.dispersion == pytest.approx(30, abs=1.0)
    (zone,) = [r for r in built.tier_reports() if r.tier == (1, 2)]
    assert zone.cap == 1
    assert sum(zone.counts) == built.parts
    assert zone.counts[2] / built.parts == pytest.approx(0.6, abs=0.02)
    assert built.plan().required_overload == pytest.approx(2 / 3, abs=1)


def test_validate_finds_what_is_wrong():
    built = builder()
    with pytest.raises(Refused, match="no assignment"):
        check_promises(built)
    check_promises(rebalanced(built))
    built.rows[1][5] = built.rows[0][5]
    with pytest.raises(Refused, match="twice"):
        check_promises(built)
    rebalanced(built)
    built.set_replicas(2)
    with pytest.raises(Refused, match="run rebalance"):
        check_promises(built)


def test_a_builder_can_be_made_from_its_ring():
    ring = rebalanced(builder(replicas=2.5)).ring()
    built = Builder.from_ring(ring, 24)
    check_promises(built)
    assert built.ring().digest == ring.digest
    assert built.version == ring.version
