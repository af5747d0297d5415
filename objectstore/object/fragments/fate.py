"""What becomes of a fragment that its object's record here does not ask for: pure.

=========================================  =======================================
what the primaries hold of the object      the fragment
=========================================  =======================================
a record that has this fragment, and no    is *live*: it belongs to the primary of
something newer                            its index
a majority, something newer                is dropped, when readers that began
                                           before have had time to end
a minority, something newer                stays: that may be lost, and this be the
                                           newest that is left
all of them, nothing of its time           is dropped when it has lain here so long
                                           that no upload, no handoff and no new ring
                                           can still bring its record
some do not say                            stays
=========================================  =======================================
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from objectstore.kernel.timestamps import to_seconds
from objectstore.wire.layouts import FragmentName, layout_of
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectState


class Fate(enum.Enum):
    """See the module."""

    LIVE = "live"
    DROP = "drop"
    STAY = "stay"


class Verdict(NamedTuple):
    """A fate, and when to look again (seconds since the epoch; 0: in the next
    round)."""

    fate: Fate
    look_at: float = 0.0


class Delays(NamedTuple):
    """In seconds: what readers, and what records under way, are given.

    ``moving``: what records are given to follow a new ring.
    """

    readers: float
    reclaim: float
    moving: float


def verdict(
    name: FragmentName,
    fragment: ObjectState,
    answers: Sequence[ObjectState | None],
    silent: int,
    delays: Delays,
    now: float,
    ring_since: float,
) -> Verdict:
    """Of a fragment with that record.  ``answers``: what primaries hold of the object,
    None for nothing; ``silent``: how many of them did not say."""
    known = [state for state in answers if state is not None]
    merged: ObjectState | None = None
    for state in known:
        merged = merge_states(merged, state)
    if merged is not None and merged.exists:
        for state in known:
            # Not only that which wins: two uploads of one moment and the same bytes
            # differ in their layouts alone, and either may be what a reader meets.
            if state.timestamp == merged.timestamp and _names(state, name):
                return Verdict(Fate.LIVE)
    newer = [
        data
        for state in known
        if (data := max(state.timestamp, state.deleted_timestamp)) > fragment.timestamp
    ]
    if newer:
        if 2 * len(newer) <= len(answers) + silent:
            return Verdict(Fate.STAY)
        return _due(to_seconds(min(newer)) + delays.readers, now)
    if silent:
        return Verdict(Fate.STAY)
    # Its own timestamp may be that of another cluster's write, long ago; and primaries
    # by a new ring know nothing yet.
    stored = to_seconds(fragment.modified)
    return _due(max(stored + delays.reclaim, ring_since + delays.moving), now)


def _names(state: ObjectState, name: FragmentName) -> bool:
    layout = layout_of(state)
    return layout is not None and layout.token == name.token


def _due(at: float, now: float) -> Verdict:
    return Verdict(Fate.DROP) if now >= at else Verdict(Fate.STAY, at)
