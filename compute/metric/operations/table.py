"""Many series side by side: one column each, a row for each moment that any has."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compute.metric.operations.arithmetic import NONE
from compute.metric.operations.effort import Effort

Key = tuple[str, ...]
"""What a column is of: (resource's id, metric's name, method), (metric's id, method) or
``("aggregated",)``."""
AGGREGATED: Key = ("aggregated",)


Carry = Callable[["array[float]"], "array[float]"]


def forward(column: array[float]) -> array[float]:
    """Where there is nothing, what was before."""
    found, last = array("d"), NONE
    for value in column:
        last = last if value != value else value
        found.append(last)
    return found


def backward(column: array[float]) -> array[float]:
    """Where there is nothing, what comes after."""
    return forward(column[::-1])[::-1]


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` are as long as ``times``; where a series has nothing is none."""

    granularity: int
    times: Sequence[int]
    columns: Sequence[tuple[Key, Sequence[float]]]


def table_of(
    granularity: int,
    series: Mapping[Key, tuple[Sequence[int], Sequence[float]]],
    effort: Effort,
    fill: float | None = None,
    carried: Sequence[Carry] = (),
) -> Table:
    """Side by side.  ``fill``: what stands where one has nothing; ``carried``: whence
    its other values are carried there."""
    times = sorted({at for moments, _ in series.values() for at in moments})
    effort.spend(len(times) * len(series))
    places = {at: place for place, at in enumerate(times)}
    columns = []
    for key, (moments, values) in series.items():
        column = array("d", [NONE]) * len(times)
        for at, value in zip(moments, values, strict=True):
            column[places[at]] = value
        if fill is not None:
            column = array("d", (fill if it != it else it for it in column))
        for carry in carried:
            column = carry(column)
        columns.append((key, column))
    return Table(granularity, times, columns)


def series_of(table: Table) -> dict[Key, list[tuple[int, float]]]:
    """Each column's points, where it has some."""
    return {
        key: [
            (at, value)
            for at, value in zip(table.times, column, strict=True)
            if value == value
        ]
        for key, column in table.columns
    }
