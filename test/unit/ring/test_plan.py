"""The arithmetic of placement: weights, dispersion, overload, quotas."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings, strategies

from ring.errors import Refused
from ring.plan import ideal_caps, make_plan, spread
from ring.quota import apportion, make_quotas

from .clusters import builders, device

amounts = strategies.floats(0.01, 1000)


@settings(max_examples=60, deadline=None)
@given(
    strategies.lists(
        strategies.tuples(
            amounts, strategies.integers(0, 3), strategies.integers(0, 3)
        ),
        min_size=1,
        max_size=12,
    ),
    strategies.floats(0, 1),
)
def test_spread_keeps_bounds_adds_up_and_follows_weights(shares, position):
    weights = [weight for weight, _, _ in shares]
    low = [float(least) for _, least, _ in shares]
    high = [float(least + more) for _, least, more in shares]
    total = sum(low) + position * (sum(high) - sum(low))
    result = spread(total, weights, low, high)
    assert math.isclose(sum(result), total, abs_tol=1e-6)
    free = []
    for share, weight, least, most in zip(result, weights, low, high, strict=True):
        assert least - 1e-9 <= share <= most + 1e-9
        if least + 1e-6 < share < most - 1e-6:
            free.append(share / weight)
    assert not free or math.isclose(min(free), max(free), rel_tol=1e-4)


@settings(max_examples=100, deadline=None)
@given(builders())
def test_every_level_of_a_plan_adds_up(built):
    plan = built.plan()
    for amounts in (plan.weighted, plan.dispersed, plan.target):
        for level in range(5):
            total = sum(
                amount for tier, amount in amounts.items() if len(tier) == level
            )
            assert math.isclose(total, built.replicas, abs_tol=1e-6)
        for tier, below in plan.children.items():
            total = sum(amounts[child] for child in below)
            assert math.isclose(total, amounts[tier], abs_tol=1e-6)


@settings(max_examples=100, deadline=None)
@given(builders())
def test_no_device_is_asked_for_more_than_the_overload_allows(built):
    plan = built.plan()
    for tier, amount in plan.target.items():
        if len(tier) == 4:
            assert amount <= plan.weighted[tier] * (1 + built.overload) + 1e-6
            assert amount <= 1 + 1e-6


def test_weights_win_without_overload_and_dispersion_wins_with_enough():
    devices = [device(0, 1, 100), device(1, 2, 100), device(2, 3, 200)]
    devices.append(device(3, 3, 200))
    for number, one in enumerate(devices):
        object.__setattr__(one, "id", number)
    plan = make_plan(devices, 3, overload=0)
    assert plan.target[(1, 3)] == pytest.approx(2)
    assert plan.cap((1, 3)) == 2
    assert plan.required_overload == pytest.approx(1)
    plan = make_plan(devices, 3, overload=1)
    assert plan.target[(1, 3)] == pytest.approx(1)
    assert plan.cap((1, 3)) == 1
    plan = make_plan(devices, 3, overload=0.5)
    assert plan.target[(1, 3)] == pytest.approx(1.5)


def test_too_few_devices_are_refused():
    with pytest.raises(Refused, match="at least 3 devices"):
        make_plan([device(0, 1), device(1, 1, weight=0)], 2.5, 0)


def test_ideal_caps_know_that_small_domains_are_full():
    devices = [device(n, zone) for n, zone in enumerate([1, 2, 3, 3, 3, 3])]
    for number, one in enumerate(devices):
        object.__setattr__(one, "id", number)
    caps = ideal_caps(devices, 6)
    assert [caps[(1, zone)] for zone in (1, 2, 3)] == [1, 1, 4]


@settings(max_examples=60, deadline=None)
@given(
    strategies.lists(strategies.floats(0, 50), min_size=1, max_size=10),
    strategies.data(),
)
def test_shares_are_ideals_rounded_near_what_is_held(ideals, data):
    total = math.floor(sum(ideals) + 0.5)
    assume(total > 0)
    held = [data.draw(strategies.integers(0, 60)) for _ in ideals]
    shares = apportion(total, ideals, held)
    assert sum(shares) == total
    for share, ideal in zip(shares, ideals, strict=True):
        assert math.floor(ideal) - 1 <= share <= math.ceil(ideal) + 1


def test_a_share_that_is_held_already_stays():
    assert apportion(7, [3.5, 3.5], [4, 3]) == [4, 3]
    assert apportion(7, [3.5, 3.5], [3, 4]) == [3, 4]


@settings(max_examples=30, deadline=None)
@given(builders())
def test_quotas_use_every_slot(built):
    plan = built.plan()
    slots = int(built.parts * built.replicas)
    quotas = make_quotas(plan, slots, {})
    assert sum(quotas.values()) == slots
    assert max(quotas.values()) <= built.parts
