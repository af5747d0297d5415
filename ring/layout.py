"""The first assignment of an empty ring, drawn in one go.

Picture all devices side by side on a line, each as long as its target, in an order that
keeps every failure domain in one piece. Pick a point, then the points one, two, ...
replicas further along: those devices hold one partition. A domain of length 1.5 is met
once or twice, one of length 1 exactly once, so dispersion is right by construction and
nothing is searched for.

With one line for the whole ring, a device would share partitions with its few opposites
only, and its loss would load only them. The partitions are therefore dealt to many
*hands*, each with its own random order of the line.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence

from ring.device import Tier
from ring.plan import Plan

# In each hand a device meets about two others per replica. Four hands per device let it
# meet every other device several times, and cost 0.2 ms per 100 devices and hand.
HANDS_PER_DEVICE = 4
HAND_PARTITIONS_MIN = 64


def lay_out(
    plan: Plan, row_lengths: Sequence[int], rng: random.Random
) -> list[array[int]]:
    """Return complete rows of the given lengths; device amounts follow the plan.

    The counts per device are right to within a few partitions; the rebalancer's
    balance pass evens out the rest.
    """
    parts = row_lengths[0]
    rows = [array("I", bytes(4 * length)) for length in row_lengths]
    # Partitions with one replica more than the others, because the last row is short.
    longer = row_lengths[-1] if row_lengths[-1] < parts else 0
    device_count = sum(len(tier) == 4 for tier in plan.target)
    hands = max(1, min(HANDS_PER_DEVICE * device_count, parts // HAND_PARTITIONS_MIN))
    for hand in range(hands):
        # Each hand gets its share of both kinds of partition, the longer ones first:
        # they are the points that still fit on the line one replica later.
        first = range(longer * hand // hands, longer * (hand + 1) // hands)
        rest = parts - longer
        second = range(
            longer + rest * hand // hands, longer + rest * (hand + 1) // hands
        )
        size = len(first) + len(second)
        full_rows = len(rows) - (1 if longer else 0)
        line = _line(plan, size * full_rows + len(first), rng)
        for replica in range(full_rows):
            start, middle = size * replica, size * replica + len(first)
            rows[replica][first.start : first.stop] = line[start:middle]
            rows[replica][second.start : second.stop] = line[middle : start + size]
        if longer:
            rows[-1][first.start : first.stop] = line[size * full_rows :]
    return rows


def _line(plan: Plan, slots: int, rng: random.Random) -> array[int]:
    """The device at each of the line's slots, for one random order of the domains."""
    order: list[int] = []
    _shuffle((), plan.children, rng, order)
    target: Mapping[int, float] = {
        tier[3]: amount  # type: ignore[misc]
        for tier, amount in plan.target.items()
        if len(tier) == 4
    }
    scale = slots / plan.replicas
    line = array("I")
    reached = rng.random()
    for device_id in order:
        reached += target[device_id] * scale
        count = min(slots, int(reached)) - len(line)
        line.extend([device_id] * count)
    line.extend([order[-1]] * (slots - len(line)))
    return line


def _shuffle(
    tier: Tier,
    children: Mapping[Tier, Sequence[Tier]],
    rng: random.Random,
    order: list[int],
) -> None:
    """List the devices below a tier, every domain in one piece, in random order."""
    if len(tier) == 4:
        assert isinstance(tier[3], int)
        order.append(tier[3])
        return
    below = list(children[tier])
    rng.shuffle(below)
    for child in below:
        _shuffle(child, children, rng, order)
