"""Periods into longer ones."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from compute.metric.series.columns import moments_of, values_of
from compute.metric.series.methods import method_again


def resampled(
    times: Sequence[int],
    values: Sequence[float],
    begins: Callable[[int], int],
    name: str,
) -> tuple[array[int], array[float]]:
    """By the method that made them; what is absent counts for nothing.  ``begins``: the
    beginning of the longer period that a moment lies in."""
    aggregate = method_again(name)
    groups: dict[int, list[float]] = {}
    for at, value in zip(times, values, strict=True):
        if value == value:
            groups.setdefault(begins(at), []).append(value)
    moments = moments_of(sorted(groups))
    return moments, values_of(aggregate(groups[at]) for at in moments)


def period_of(granularity: int) -> Callable[[int], int]:
    """Periods of so many nanoseconds, from the epoch on."""
    return lambda at: at - at % granularity
