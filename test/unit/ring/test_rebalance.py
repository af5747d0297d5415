"""What a rebalance promises, whatever the cluster: the properties operators rely on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings, strategies

from ring.builder import SECONDS_PER_HOUR, Builder
from ring.errors import Refused
from ring.promises import check_promises
from ring.resize import row_lengths

from .clusters import (
    HOUR,
    NOW,
    builder,
    builders,
    copy_rows,
    crowded_count,
    device,
    holders,
    rebalanced,
    seeds,
)


def gained(before, after, partition: int) -> set[int]:
    return set(holders(after, partition)) - set(holders(before, partition))


def assert_complete(built: Builder) -> None:
    """Every partition has its replicas, all on different, known devices."""
    lengths = row_lengths(built.parts, built.replicas)
    assert [len(row) for row in built.rows] == lengths
    known = {one.id for one in built.known_devices()}
    for partition in range(built.parts):
        held = holders(built.rows, partition)
        assert len(set(held)) == len(held)
        assert known.issuperset(held)


@settings(max_examples=100, deadline=None)
@given(builders(), seeds)
def test_a_new_ring_is_complete_balanced_and_dispersed(built, seed):
    rebalanced(built, seed)
    assert_complete(built)
    check_promises(built)
    plan = built.plan()
    held = built.held()
    for one in built.known_devices():
        # Within the overload, to the rounding of one partition per tier.
        most = plan.weighted[one.tiers[-1]] * (1 + built.overload) * built.parts
        assert held.get(one.id, 0) <= most + 2
        wanted = plan.target[one.tiers[-1]] * built.parts
        assert abs(held.get(one.id, 0) - wanted) <= 2
    assert crowded_count(built) == 0


@settings(max_examples=60, deadline=None)
@given(builders(), seeds)
def test_no_zone_holds_a_partition_twice_while_zones_suffice(built, seed):
    built.set_overload(built.plan().required_overload)
    rebalanced(built, seed)
    regions = {one.region for one in built.known_devices()}
    zones = {(one.region, one.zone) for one in built.known_devices()}
    for partition in range(built.parts):
        held = [built.device(i) for i in holders(built.rows, partition)]
        used_regions = {one.region for one in held}
        assert len(used_regions) == min(len(held), len(regions))
        used_zones = {(one.region, one.zone) for one in held}
        if len(regions) == 1:
            assert len(used_zones) == min(len(held), len(zones))


@settings(max_examples=100, deadline=None)
@given(builders(), seeds, strategies.lists(strategies.sampled_from("arwn"), max_size=4))
def test_changes_keep_the_ring_complete(built, seed, changes):
    rng = random.Random(seed)
    rebalanced(built, seed)
    for step, change in enumerate(changes):
        usable = [one for one in built.known_devices() if one.weight > 0]
        one = rng.choice(usable)
        if change == "a":
            built.add(device(100 + step, rng.randint(1, 4)))
        elif change == "r" and len(usable) > built.replicas + 1:
            built.remove(one.id)
        elif change == "w":
            built.set_weight(one.id, rng.choice([50, 300]))
        elif change == "n":
            built.set_replicas(rng.choice([1, 2, 2.75, min(4, len(usable))]))
            built.set_replicas(min(built.replicas, len(usable)))
        rebalanced(built, seed, NOW + (step + 1) * 2 * HOUR)
        assert_complete(built)


@settings(max_examples=200, deadline=None)
@given(builders(), seeds, strategies.sampled_from([0, 50, 300]))
def test_one_replica_of_a_partition_moves_at_a_time(built, seed, weight):
    built.add(device(200, 1))
    built.add(device(201, 2))
    rebalanced(built, seed)
    before = copy_rows(built)
    built.set_weight(0, weight)
    rebalanced(built, seed, NOW + 2 * HOUR)
    assert all(len(gained(before, built.rows, p)) <= 1 for p in range(built.parts))


@settings(max_examples=60, deadline=None)
@given(builders(), seeds)
def test_a_partition_rests_unless_its_device_is_removed(built, seed):
    built.add(device(200, 1))
    rebalanced(built, seed)
    before = copy_rows(built)
    built.set_weight(1, 1000)
    rebalanced(built, seed, NOW + HOUR - 1)
    assert built.rows == before
    built.remove(0)
    rebalanced(built, seed, NOW + HOUR - 1)
    for partition in range(built.parts):
        lost = 0 in holders(before, partition)
        assert len(gained(before, built.rows, partition)) <= lost


@pytest.mark.parametrize("seed", range(3))
def test_adding_a_device_moves_its_share_and_little_else(seed):
    built = rebalanced(builder(zones=4, per_zone=5, part_power=9), seed)
    before = copy_rows(built)
    new = built.add(device(50, 2))
    result = built.rebalance(random.Random(seed), NOW + 2 * HOUR)
    share = built.parts * built.replicas / 21
    assert abs(built.held()[new.id] - share) <= 1
    assert result.moved <= share * 1.2 + 21
    assert crowded_count(built) == 0
    arrived = sum(new.id in gained(before, built.rows, p) for p in range(built.parts))
    assert arrived == built.held()[new.id]


@pytest.mark.parametrize("seed", range(3))
def test_removing_a_device_moves_what_it_held_and_little_else(seed):
    built = rebalanced(builder(zones=4, per_zone=5, part_power=9), seed)
    lost = built.held()[7]
    built.remove(7)
    result = built.rebalance(random.Random(seed), NOW + 2 * HOUR)
    assert result.removed == 1
    assert lost <= result.moved <= lost * 1.2 + 21
    assert 7 not in built.held()
    assert crowded_count(built) == 0


@pytest.mark.parametrize(("weight", "bound"), [(110, 0.02), (50, 0.05), (0, 0.1)])
def test_reweighting_moves_the_difference(weight, bound):
    built = rebalanced(builder(zones=4, per_zone=5, part_power=9))
    built.set_weight(7, weight)
    result = built.rebalance(random.Random(2), NOW + 2 * HOUR)
    assert 0 < result.moved <= built.parts * built.replicas * bound
    assert result.balance < 5


def test_an_unchanged_ring_does_not_move():
    built = rebalanced(builder())
    before = copy_rows(built)
    assert built.rebalance(random.Random(9), NOW + 2 * HOUR).moved == 0
    assert built.rows == before


def test_a_new_zone_gets_one_replica_of_every_partition():
    built = rebalanced(builder(zones=2, per_zone=4, part_power=8))
    for number in range(4):
        built.add(device(50 + number, 7))
    built.rebalance(random.Random(1), NOW + 2 * HOUR)
    assert built.dispersion == 0
    assert crowded_count(built) == 0


def test_a_device_without_weight_is_emptied():
    built = rebalanced(builder(zones=3, per_zone=4))
    built.set_weight(0, 0)
    rebalanced(built, 1, NOW + 2 * HOUR)
    assert 0 not in built.held()
    assert built.balance() < 10


def test_replicas_can_grow_and_shrink_by_fractions():
    built = rebalanced(builder(zones=5, per_zone=4, part_power=8))
    for step, replicas in enumerate([3.25, 4, 3.5, 3, 1, 2.75]):
        before = built.held()
        built.set_replicas(replicas)
        now = NOW + (step + 1) * 2 * HOUR
        result = built.rebalance(random.Random(step), now)
        assert_complete(built)
        assert sum(built.held().values()) == int(built.parts * replicas)
        growth = max(0, int(built.parts * replicas) - sum(before.values()))
        # Dropped replicas do not count as moves; they cost nothing.
        assert result.moved <= growth + built.parts * 0.1
        assert crowded_count(built) == 0


def test_a_fraction_gives_the_first_partitions_one_more():
    built = rebalanced(builder(zones=5, part_power=8, replicas=3.25))
    ring = built.ring()
    assert ring.replica_count == 3.25
    counts = [len(ring.primaries(partition)) for partition in range(256)]
    assert counts == [4] * 64 + [3] * 192


@settings(max_examples=30, deadline=None)
@given(builders(), seeds)
def test_the_same_seed_gives_the_same_ring(built, seed):
    again = Builder(built.part_power, built.replicas, built.min_part_hours)
    again.set_overload(built.overload)
    for one in built.known_devices():
        again.add(one)
    assert (
        rebalanced(built, seed).ring().digest == rebalanced(again, seed).ring().digest
    )


def test_devices_share_partitions_with_many_others():
    """When one device fails, many should help to rebuild what it held."""
    for zones in (1, 4, 30):
        built = rebalanced(builder(zones=zones, per_zone=60 // zones, part_power=10))
        partners = {
            other
            for partition in range(built.parts)
            if 0 in holders(built.rows, partition)
            for other in holders(built.rows, partition)
        }
        assert len(partners) > 25


def test_too_few_devices_are_refused_and_nothing_changes():
    built = builder(zones=1, per_zone=2)
    with pytest.raises(Refused, match="needs at least 3 devices"):
        rebalanced(built)
    assert built.rows == []


def test_the_seconds_left_count_from_the_last_move():
    built = rebalanced(builder())
    assert built.min_part_seconds_left(NOW + 600) == SECONDS_PER_HOUR - 600
    assert built.min_part_seconds_left(NOW + HOUR) == 0
    built.pretend_min_part_hours_passed()
    assert built.min_part_seconds_left(NOW) == 0
