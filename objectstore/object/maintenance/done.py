"""The rows of tombstones and markers that go with the segment they rest on.  Pure."""

from __future__ import annotations

from objectstore.object.records.state import Held

Done = dict[bytes, Held]


def bytes_of(done: Done) -> int:
    """What these rows count for in their segment."""
    return sum(place.length for held in done.values() for place in held.places())


def is_same_row(current: Held, held: Held) -> bool:
    """Whether it is the same row, though perhaps read from SQLite again."""
    return current is held or (
        current.place == held.place
        and current.shadows == held.shadows
        and current.state == held.state
    )
