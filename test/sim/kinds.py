"""What the cluster of a seed is like: copies or fragments, filters or bare proxies."""

from __future__ import annotations

from test.sim.machine import Plant
from test.sim.settings import CODED


class Healthy(Plant):
    """No bug either; objects may be kept in fragments, and filters be in front."""

    def __init__(self, *, is_coded: bool, has_filters: bool) -> None:
        self.policies = CODED if is_coded else ""
        self.has_filters = has_filters


# Every so many clusters keep fragments, and so many have filters.
CODED_EVERY = 5
FILTERED_EVERY = 4


def healthy(seed: int) -> Plant:
    """What the cluster of a seed is like."""
    return Healthy(
        is_coded=seed % CODED_EVERY == CODED_EVERY - 1,
        has_filters=seed % FILTERED_EVERY == FILTERED_EVERY - 1,
    )
