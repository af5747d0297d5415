"""What an archive policy asks of a series: how fine, how long, how late.

The *window* is the time for which measures are still taken: it begins with the
coarsest period that the newest measure lies in, ``back_window`` such periods earlier.
A period is *closed* once no measure can fall into it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ENDLESS = 0
"""As a number of points: whatever there is, is kept."""


@dataclass(frozen=True, slots=True, order=True)
class Definition:
    """One granularity (in nanoseconds), and how many periods of it are kept;
    ``ENDLESS``: all."""

    granularity: int
    points: int

    def begins(self, at: int) -> int:
        """The beginning of the period that a moment lies in."""
        return at - at % self.granularity

    def kept_from(self, newest: int) -> int:
        """The oldest period that is kept when that is the newest measure."""
        if self.points == ENDLESS:
            return 0
        return self.begins(newest) - (self.points - 1) * self.granularity


@dataclass(frozen=True, slots=True)
class Plan:
    """An archive policy as the arithmetic sees it."""

    definitions: tuple[Definition, ...]
    back_window: int
    methods: tuple[str, ...]

    @property
    def coarsest(self) -> int:
        """The longest period."""
        return max(each.granularity for each in self.definitions)

    def window_begins(self, newest: int) -> int:
        """The oldest moment of which measures are still taken."""
        coarsest = self.coarsest
        return newest - newest % coarsest - self.back_window * coarsest

    def raw_from(self, newest: int) -> int:
        """Measures from then on are needed: some period that the window's beginning
        lies in may have begun before it."""
        begins = self.window_begins(newest)
        return min(each.begins(begins) for each in self.definitions)

    def definition(self, granularity: int) -> Definition | None:
        """The one of that granularity."""
        for each in self.definitions:
            if each.granularity == granularity:
                return each
        return None


def plan_of(
    definitions: Iterable[tuple[int, int]], back_window: int, methods: Iterable[str]
) -> Plan:
    """From (granularity, points), in any order."""
    found = sorted(Definition(each, points) for each, points in definitions)
    return Plan(tuple(found), back_window, tuple(methods))
