"""How many replicas each device should hold, in whole numbers.

The plan speaks in fractions; the ring has a whole number of slots to give away. Each
tier's share is its target rounded down or up, and so are its children's, so a zone that
should hold one replica of every partition gets exactly that. Among the ways to round,
the one nearest to what is held now is taken: rounding alone never moves data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ring.device import Tier
from ring.plan import EPSILON, Plan


def make_quotas(plan: Plan, slots: int, held: Mapping[Tier, int]) -> dict[int, int]:
    """Return the slots each device should have; they add up to `slots`."""
    scale = slots / plan.replicas
    quotas: dict[int, int] = {}
    pending: list[tuple[Tier, int]] = [((), slots)]
    while pending:
        tier, quota = pending.pop()
        if len(tier) == 4:
            assert isinstance(tier[3], int)
            quotas[tier[3]] = quota
            continue
        below = plan.children[tier]
        shares = apportion(
            quota,
            [plan.target[child] * scale for child in below],
            [held.get(child, 0) for child in below],
        )
        pending.extend(zip(below, shares, strict=True))
    return quotas


def apportion(total: int, ideals: Sequence[float], held: Sequence[int]) -> list[int]:
    """Round ideals to whole shares that add up, staying near what is held.

    Each share is an ideal rounded down or up. Only when the total cannot be met that
    way, because it was itself rounded, one share goes a step further.
    """
    tolerance = EPSILON * max(1.0, *ideals)
    low = [math.floor(ideal + tolerance) for ideal in ideals]
    high = [math.ceil(ideal - tolerance) for ideal in ideals]
    shares = [
        min(most, max(least, now))
        for now, least, most in zip(held, low, high, strict=True)
    ]
    while (missing := total - sum(shares)) != 0:
        step = 1 if missing > 0 else -1
        bounds = high if step > 0 else low
        order = sorted(
            range(len(shares)),
            key=lambda i: (shares[i] == bounds[i], step * (shares[i] - ideals[i]), i),
        )
        for i in order[: abs(missing)]:
            shares[i] += step
    return shares
