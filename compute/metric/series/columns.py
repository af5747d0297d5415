"""Rows of a series side by side: a column of moments, and one of values for each
method."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


def moments_of(found: Iterable[int] = ()) -> array[int]:
    """A column of moments."""
    return array("q", found)


def values_of(found: Iterable[float] = ()) -> array[float]:
    """A column of values."""
    return array("d", found)


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows in the order of their moments; columns are as long as ``times``."""

    times: array[int] = field(default_factory=moments_of)
    values: Mapping[str, array[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    def part(self, first: int, last: int | None = None) -> Columns:
        """The rows of these numbers, as of a list's slice."""
        return Columns(
            self.times[first:last],
            {name: each[first:last] for name, each in self.values.items()},
        )

    def since(self, at: int) -> Columns:
        """The rows from a moment on."""
        first = bisect_left(self.times, at)
        return self.part(first) if first else self

    def between(self, start: int | None, stop: int | None) -> Columns:
        """The rows from ``start`` on, before ``stop``."""
        first = 0 if start is None else bisect_left(self.times, start)
        last = len(self) if stop is None else bisect_left(self.times, stop)
        if first == 0 and last == len(self):
            return self
        return self.part(first, max(first, last))

    def followed_by(self, later: Columns) -> Columns:
        """These rows, and then those."""
        if not len(self):
            return later
        if not len(later):
            return self
        return Columns(
            self.times + later.times,
            {name: each + later.values[name] for name, each in self.values.items()},
        )
