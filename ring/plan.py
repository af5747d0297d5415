"""How much of the ring each failure domain should hold. Pure arithmetic.

Amounts are in *replicas per partition*: a zone with 1.5 holds, on average, one and a
half replicas of every partition. Three answers are computed, for every tier:

- *weighted*: in proportion to the devices' weights, no device above 1;
- *dispersed*: as unique as possible. Each tier's amount is split so evenly over its
  children that no partition has two replicas in one child while another has none,
  and in proportion to weight only within that;
- *target*: weighted, moved towards dispersed as far as the overload allows. Overload
  0.1 means: for dispersion's sake a device may hold 10 % more than its weight deserves.

A partition then holds the target rounded down or up in each tier; rounded up is the
tier's *cap*.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ring.device import Device, Tier
from ring.errors import Refused

# Amounts are sums of a few hundred floats; differences below this are rounding noise.
# It is still far below one partition's share of the largest ring (2^-32 is not, but no
# ring of that size can be built in memory).
EPSILON = 1e-9

# When rounding a target to a cap: a zone with 1.0000001 should hold one replica, and
# the few partitions that this costs it are within the rounding of its quota.
CAP_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Plan:
    """The amounts each tier should hold; tiers without weight are absent."""

    replicas: float
    weighted: Mapping[Tier, float]
    dispersed: Mapping[Tier, float]
    target: Mapping[Tier, float]
    required_overload: float
    children: Mapping[Tier, Sequence[Tier]]

    def cap(self, tier: Tier) -> int:
        """The most replicas of one partition this tier should hold, at least one."""
        return max(1, math.ceil(self.target.get(tier, 0.0) - CAP_TOLERANCE))


def make_plan(devices: Iterable[Device], replicas: float, overload: float) -> Plan:
    """Decide the amounts for devices, a replica count and an overload factor."""
    usable = [device for device in devices if device.weight > 0]
    if len(usable) < replicas:
        raise Refused(
            f"a replica count of {replicas:g} needs at least {math.ceil(replicas)} "
            f"devices with weight; there are {len(usable)}"
        )
    children = tree(usable)
    room = capacities(usable)
    weighted = _weighted(usable, replicas)
    dispersed: dict[Tier, float] = {(): replicas}
    _disperse((), children, room, weighted, dispersed)
    excesses = [dispersed[d.tiers[-1]] / weighted[d.tiers[-1]] - 1 for d in usable]
    required = max(0.0, *excesses)
    # Below the tolerance the two differ by noise only.
    share = 1.0 if required <= CAP_TOLERANCE else min(1.0, overload / required)
    target = {
        tier: amount + (dispersed[tier] - amount) * share
        for tier, amount in weighted.items()
    }
    return Plan(replicas, weighted, dispersed, target, required, children)


def tree(devices: Iterable[Device]) -> dict[Tier, list[Tier]]:
    """Each tier's children, sorted, the cluster `()` at the root."""
    children: dict[Tier, set[Tier]] = defaultdict(set)
    for device in devices:
        parent: Tier = ()
        for tier in device.tiers:
            children[parent].add(tier)
            parent = tier
    return {tier: sorted(below) for tier, below in children.items()}


def capacities(devices: Iterable[Device]) -> dict[Tier, int]:
    """How many replicas of one partition a tier can hold: one for each device."""
    room: dict[Tier, int] = defaultdict(int)
    for device in devices:
        for tier in ((), *device.tiers):
            room[tier] += 1
    return dict(room)


def ideal_caps(devices: Iterable[Device], replicas: float) -> dict[Tier, int]:
    """The most replicas per partition in each tier if only dispersion mattered.

    Dispersion is measured against these, so that the figure tells an operator what
    weights and overload have cost.
    """
    usable = [device for device in devices if device.weight > 0]
    children = tree(usable)
    room = capacities(usable)
    caps: dict[Tier, int] = {(): math.ceil(replicas)}
    pending: list[Tier] = [()]
    while pending:
        tier = pending.pop()
        below = children.get(tier, [])
        level = _level_above(caps[tier], [room[child] for child in below])
        for child in below:
            caps[child] = min(level, room[child])
        pending.extend(below)
    return caps


def _weighted(devices: Sequence[Device], replicas: float) -> dict[Tier, float]:
    weights = [device.weight for device in devices]
    none, whole = [0.0] * len(weights), [1.0] * len(weights)
    amounts = spread(replicas, weights, none, whole)
    weighted: dict[Tier, float] = defaultdict(float)
    for device, amount in zip(devices, amounts, strict=True):
        for tier in ((), *device.tiers):
            weighted[tier] += amount
    return dict(weighted)


def _disperse(
    tier: Tier,
    children: Mapping[Tier, Sequence[Tier]],
    room: Mapping[Tier, int],
    weighted: Mapping[Tier, float],
    dispersed: dict[Tier, float],
) -> None:
    """Split a tier's amount over its children, and theirs over theirs."""
    below = children.get(tier, ())
    if not below:
        return
    amount = dispersed[tier]
    rooms = [room[child] for child in below]
    low, high = _level_below(amount, rooms), _level_above(amount, rooms)
    amounts = spread(
        amount,
        [weighted[child] for child in below],
        [float(min(low, most)) for most in rooms],
        [float(min(high, most)) for most in rooms],
    )
    for child, part in zip(below, amounts, strict=True):
        dispersed[child] = part
        _disperse(child, children, room, weighted, dispersed)


def _level_above(amount: float, rooms: Sequence[int]) -> int:
    """The smallest whole number that, as everyone's limit, leaves room for all."""
    level = 0
    while level < max(rooms, default=0):
        if sum(min(level, room) for room in rooms) >= amount - EPSILON:
            break
        level += 1
    return level


def _level_below(amount: float, rooms: Sequence[int]) -> int:
    """The largest whole number that everyone with the room for it can be given."""
    level = 0
    while level < max(rooms, default=0):
        if sum(min(level + 1, room) for room in rooms) > amount + EPSILON:
            break
        level += 1
    return level


def spread(
    total: float, weights: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> list[float]:
    """Share a total in proportion to weights, each share kept between its bounds.

    The shares are `clamp(scale * weight)` for the one scale that makes them add up. The
    sum grows with the scale in straight pieces, which change only where a share meets a
    bound: find the piece, then solve it exactly.
    """

    def shares(scale: float) -> list[float]:
        return [
            min(most, max(least, scale * weight))
            for weight, least, most in zip(weights, low, high, strict=True)
        ]

    bends = sorted(
        bound / weight
        for bounds in (low, high)
        for weight, bound in zip(weights, bounds, strict=True)
    )
    piece = bisect_right(bends, total + EPSILON, key=lambda bend: sum(shares(bend)))
    if piece == 0:
        return list(low)
    scale = bends[piece - 1]
    if piece < len(bends):
        middle = (scale + bends[piece]) / 2
        moving = sum(
            weight
            for weight, least, most in zip(weights, low, high, strict=True)
            if least < middle * weight < most
        )
        if moving > 0:
            scale += (total - sum(shares(scale))) / moving
    return shares(scale)
