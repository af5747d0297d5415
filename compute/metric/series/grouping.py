"""From measures to periods: each period's value by each method."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from compute.metric.series.columns import Columns, moments_of, values_of
from compute.metric.series.methods import is_rate, method


def grouped(
    times: Sequence[int],
    values: array[float],
    granularity: int,
    methods: Sequence[str],
    start: int,
    stop: int | None = None,
) -> Columns:
    """The periods from ``start`` on, before ``stop`` (both beginnings of periods) that
    have measures.  Measures before ``start`` count for differences only."""
    first = bisect_left(times, start)
    last = len(times) if stop is None else bisect_left(times, stop)
    plain = [(name, method(name)) for name in methods if not is_rate(name)]
    rates = [(name, method(name)) for name in methods if is_rate(name)]
    moments = moments_of()
    columns = {name: values_of() for name in methods}
    absent = float("nan")
    for begins, begin, end in _periods(times, granularity, first, last):
        moments.append(begins)
        inside = values[begin:end]
        for name, aggregate in plain:
            columns[name].append(aggregate(inside))
        if not rates:
            continue
        differences = [
            values[place] - values[place - 1] for place in range(max(begin, 1), end)
        ]
        for name, aggregate in rates:
            columns[name].append(aggregate(differences) if differences else absent)
    return Columns(moments, columns)


def _periods(
    times: Sequence[int], granularity: int, first: int, last: int
) -> Iterator[tuple[int, int, int]]:
    """(beginning of a period, its first measure, the one after its last)."""
    while first < last:
        begins = times[first] - times[first] % granularity
        end = bisect_left(times, begins + granularity, first, last)
        yield begins, first, end
        first = end
