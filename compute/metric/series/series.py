"""One metric's series, and what new measures make of it.  Pure.

A series holds the measures of the window as they came (*raw*), with one more before
them that differences begin at; and for each granularity the periods that are closed
and not yet in an object of the ring (its *tail*).  Periods that are open are computed
from the raw measures whenever somebody looks.

What comes out depends only on which measures were taken, not on how they were split:
every period is aggregated from all of its measures at once, when it closes or is shown.
A measure of a moment that is known replaces the former value, so that a request which
is sent again changes nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compute.metric.series.columns import Columns, moments_of, values_of
from compute.metric.series.grouping import grouped
from compute.metric.series.plan import Definition, Plan

# Periods in one object of the ring: long enough that a week of minutes is ten
# objects, short enough that a tail is a few KiB of SQL.
CHUNK_POINTS = 1024


@dataclass(frozen=True, slots=True)
class Series:
    """See the module.  Never changed: ``absorbed`` gives another one."""

    times: array[int] = field(default_factory=moments_of)
    values: array[float] = field(default_factory=values_of)
    tails: Mapping[int, Columns] = field(default_factory=dict)

    @property
    def newest(self) -> int | None:
        """The moment of the newest measure."""
        return self.times[-1] if self.times else None

    def rows(self, plan: Plan, definition: Definition) -> Columns:
        """What is known without the ring's objects: closed periods, then open ones."""
        tail = self.tails.get(definition.granularity, Columns())
        newest = self.newest
        if newest is None:
            return tail
        begins = definition.begins(plan.window_begins(newest))
        opened = grouped(
            self.times,
            self.values,
            definition.granularity,
            plan.methods,
            max(begins, definition.kept_from(newest)),
        )
        return tail.followed_by(opened)


def absorbed(
    series: Series, times: Sequence[int], values: Sequence[float], plan: Plan
) -> Series:
    """With these measures, which came at once, in any order.  Those from before the
    window are not taken: their periods are closed."""
    newest = series.newest
    begins = None if newest is None else plan.window_begins(newest)
    taken = {
        at: value
        for at, value in zip(times, values, strict=True)
        if begins is None or at >= begins
    }
    if not taken:
        return series
    raw_times, raw_values = _merged(series, taken)
    after = plan.window_begins(raw_times[-1])
    if begins == after:
        return Series(raw_times, raw_values, series.tails)
    tails = {
        each.granularity: _closed(series, raw_times, raw_values, plan, each, begins)
        for each in plan.definitions
    }
    first = max(0, bisect_left(raw_times, plan.raw_from(raw_times[-1])) - 1)
    return Series(raw_times[first:], raw_values[first:], tails)


def _merged(
    series: Series, taken: Mapping[int, float]
) -> tuple[array[int], array[float]]:
    moments = sorted(taken)
    if not series.times or moments[0] > series.times[-1]:
        return (
            series.times + moments_of(moments),
            series.values + values_of(taken[at] for at in moments),
        )
    both = dict(zip(series.times, series.values, strict=True)) | dict(taken)
    moments = sorted(both)
    return moments_of(moments), values_of(both[at] for at in moments)


def _closed(
    series: Series,
    times: array[int],
    values: array[float],
    plan: Plan,
    definition: Definition,
    begins: int | None,
) -> Columns:
    """The tail with the periods that close now, without what is too old."""
    newest = times[-1]
    kept = definition.kept_from(newest)
    stop = definition.begins(plan.window_begins(newest))
    start = definition.begins(times[0] if begins is None else begins)
    tail = series.tails.get(definition.granularity, Columns())
    if start < stop:
        closing = grouped(
            times,
            values,
            definition.granularity,
            plan.methods,
            max(start, kept),
            stop,
        )
        tail = tail.followed_by(closing)
    return tail.since(kept)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Closed periods that should be an object of the ring."""

    granularity: int
    rows: Columns


def shipped(
    series: Series, chunk_points: int = CHUNK_POINTS
) -> tuple[Series, list[Chunk]]:
    """The series without what fills whole objects, and those."""
    chunks = []
    tails = dict(series.tails)
    for granularity, tail in series.tails.items():
        whole = len(tail) // chunk_points * chunk_points
        for first in range(0, whole, chunk_points):
            chunks.append(Chunk(granularity, tail.part(first, first + chunk_points)))
        tails[granularity] = tail.part(whole) if whole else tail
    return Series(series.times, series.values, tails), chunks
