"""How large a group becomes, and who goes.  Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

BY, TO, PERCENT = (
    "change_in_capacity",
    "exact_capacity",
    "percent_change_in_capacity",
)
ADJUSTMENTS = (BY, TO, PERCENT)


def adjusted(
    now: int, kind: str, adjustment: float, least: int, most: int, step: int | None
) -> int:
    """The new size.  ``step``: by how many it changes at least, where the change is a
    share of what there is."""
    if kind == TO:
        wanted = int(adjustment)
    elif kind == BY:
        wanted = now + int(adjustment)
    else:
        share = now * adjustment / 100
        # Away from nothing: a tenth of three is one.
        change = math.ceil(abs(share)) if abs(share) < 1 else int(abs(share))
        change = max(change, step or 0)
        wanted = now + (change if adjustment > 0 else -change)
    return max(least, min(most, wanted))


def resized(members: Sequence[str], size: int, counter: int) -> tuple[list[str], int]:
    """The names of a group of that size: the oldest go, new ones get numbers that
    nobody had before.  Names, and the next number."""
    kept = list(members[max(0, len(members) - size) :]) if size else []
    while len(kept) < size:
        kept.append(f"member-{counter}")
        counter += 1
    return kept, counter


def next_batch(done: int, size: int, batch: int, least_in_service: int) -> int:
    """How many members are renewed when ``done`` are: a batch more, and never so many
    at once that fewer than ``least_in_service`` stay."""
    room = max(1, min(batch, size - least_in_service))
    return min(size, done + room)
