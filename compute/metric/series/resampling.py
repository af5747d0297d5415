"""Periods into longer ones."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from compute.metric.series.columns import moments_of, values_of
from compute.metric.series.methods import method_again


def resampled(
    times: Sequence[int], values: Sequence[float], granularity: int, name: str
) -> tuple[array[int], array[float]]:
    """By the method that made them; what is absent counts for nothing."""
    aggregate = method_again(name)
    groups: dict[int, list[float]] = {}
    for at, value in zip(times, values, strict=True):
        if value == value:
            groups.setdefault(at - at % granularity, []).append(value)
    moments = moments_of(sorted(groups))
    return moments, values_of(aggregate(groups[at]) for at in moments)
