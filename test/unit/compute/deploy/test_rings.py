"""Rings follow the inventory a step at a time, and lose nothing."""

from __future__ import annotations

import pytest

from compute.deploy.rings import (
    RingRefused,
    empty,
    first_ring,
    next_step,
    step_weight,
)
from ring.builder import Builder
from ring.promises import check_promises
from test.unit.compute.deploy.inventories import Sections, inventory

NEW: Sections = {
    "host:delta": {
        "address": "10.0.0.4",
        "zone": "4",
        "roles": "store",
        "devices": "d1 100",
    }
}
HOUR = 3600


def held(builder: Builder, host: str) -> int:
    counts = builder.held()
    return sum(
        counts.get(device.id, 0)
        for device in builder.known_devices()
        if device.meta == host
    )


def test_the_first_ring_gives_each_host_its_share() -> None:
    builder = first_ring(inventory())
    check_promises(builder)
    assert [held(builder, name) for name in ("alpha", "beta", "gamma")] == [64] * 3


def test_a_settled_ring_stays_as_it_is() -> None:
    step = next_step(first_ring(inventory()), inventory(), HOUR)
    assert (step.done, step.left) == ((), ())


def test_a_new_host_joins_in_steps_that_rest_between() -> None:
    found, builder, now, weights = inventory(NEW), first_ring(inventory()), 0, []
    for _ in range(10):
        now += HOUR
        step = next_step(builder, found, now)
        moved = sum(
            len(set(before) - set(after)) > 1
            for before, after in zip(
                zip(*builder.rows, strict=True),
                zip(*step.builder.rows, strict=True),
                strict=True,
            )
        )
        assert moved == 0, "two replicas of a partition moved at once"
        if not step.done:
            break
        # Again at once: nothing may move yet.
        assert not next_step(step.builder, found, now + 1).done
        builder = step.builder
        weights += [d.weight for d in builder.known_devices() if d.meta == "delta"]
    assert weights[:4] == [25.0, 50.0, 75.0, 100.0]
    assert step.left == ()
    assert held(builder, "delta") > 0
    check_promises(builder)


def test_a_drained_host_gives_all_away_and_may_leave_then() -> None:
    before, now = inventory(NEW), 0
    builder = first_ring(before)
    drained = inventory(NEW | {"host:delta": {**NEW["host:delta"], "state": "drained"}})
    gone = inventory()
    with pytest.raises(RingRefused, match="drained"):
        next_step(builder, gone, HOUR)
    for _ in range(20):
        now += HOUR
        step = next_step(builder, drained, now)
        builder = step.builder
        if not step.left:
            break
    assert held(builder, "delta") == 0
    step = next_step(builder, gone, now + HOUR)
    assert step.done[0] == "-delta/d1"
    assert [d.meta for d in step.builder.known_devices()].count("delta") == 0


def test_a_drained_disk_gives_all_away_beside_one_that_stays() -> None:
    builder, now = first_ring(inventory()), 0
    drained = inventory({"host:alpha": {"devices": "d1 100, d2 100 drained"}})
    weights = []
    for _ in range(20):
        now += HOUR
        builder = (step := next_step(builder, drained, now)).builder
        weights += [d.weight for d in builder.known_devices() if d.device == "d2"][:1]
        if not step.left:
            break
        assert empty([builder], drained) == []
    assert weights[:4] == [75, 50, 25, 0]
    assert empty([builder], drained) == ["alpha/d2"]
    assert held(builder, "alpha") > 0
    replaced = inventory({"host:alpha": {"devices": "d1 100, d3 100"}})
    step = next_step(builder, replaced, now + HOUR)
    assert {"-alpha/d2", "+alpha/d3"} <= set(step.done)
    again = next_step(builder, inventory(), now + HOUR)
    assert "alpha/d2 weight 0 -> 25" in again.done


def test_a_host_lost_for_good_is_forgotten_when_told_so() -> None:
    found = inventory(without="host:alpha")
    step = next_step(first_ring(inventory()), found, HOUR, forget=["alpha"])
    assert step.done[:2] == ("-alpha/d1", "-alpha/d2")
    check_promises(step.builder)


def test_a_new_address_moves_nothing() -> None:
    builder = first_ring(inventory())
    step = next_step(builder, inventory({"host:alpha": {"address": "10.9.9.9"}}), HOUR)
    assert step.builder.rows == builder.rows
    assert {d.ip for d in step.builder.known_devices()} >= {"10.9.9.9"}


def test_part_power_is_for_ever() -> None:
    with pytest.raises(RingRefused, match="for ever"):
        next_step(first_ring(inventory()), inventory({"store": {"part_power": "7"}}), 0)


def test_weights_take_steps() -> None:
    assert step_weight(0, 100, 100, 25) == 25
    assert step_weight(90, 100, 100, 25) == 100
    assert step_weight(100, 0, 100, 40) == 60
    assert step_weight(7, 7, 100, 25) == 7


def test_a_mistyped_weight_is_reached_in_few_steps() -> None:
    assert step_weight(100, 1, 1, 25) == 75
    assert step_weight(100, 1000, 1000, 25) == 350


def test_replicas_are_given_up_one_at_a_time() -> None:
    """However few the inventory says: a typing error costs one copy, not two."""
    builder = first_ring(inventory())
    step = next_step(builder, inventory({"store": {"replicas": "1"}}), HOUR)
    assert step.builder.replicas == 2
    assert "replicas 3 -> 2" in step.done
    assert "replicas 2, not 1" in step.left


def test_two_zones_cannot_leave_by_mistake() -> None:
    found = inventory({"store": {"replicas": "2"}}, without="host:alpha")
    with pytest.raises(RingRefused, match="alpha/d1 is not in the inventory"):
        next_step(first_ring(inventory()), found, HOUR)
