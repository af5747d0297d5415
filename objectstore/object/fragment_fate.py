"""What becomes of a fragment that its object's record here does not ask for: pure.

=========================================  =======================================
what the primaries hold of the object      the fragment
=========================================  =======================================
merged, a record that has this fragment    is *live*: it belongs to the primary of
                                           its index
a majority, something newer                is dropped, when readers that began
                                           before have had time to end
a minority, something newer                stays: that may be lost, and this be the
                                           newest that is left
all of them, nothing of its time           is dropped when it is so old that no
                                           upload, and no handoff, can still bring
                                           its record
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
    """In seconds: what readers, and what records under way, are given."""

    readers: float
    reclaim: float


def verdict(
    name: FragmentName,
    timestamp: int,
    answers: Sequence[ObjectState | None],
    silent: int,
    delays: Delays,
    now: float,
) -> Verdict:
    """Of a fragment written at ``timestamp``.  ``answers``: what primaries hold, None
    for nothing; ``silent``: how many of them did not say."""
    merged: ObjectState | None = None
    newer = []
    for state in answers:
        if state is None:
            continue
        merged = merge_states(merged, state)
        data = max(state.timestamp, state.deleted_timestamp)
        if data > timestamp:
            newer.append(data)
    layout = layout_of(merged)
    if layout is not None and layout.token == name.token:
        return Verdict(Fate.LIVE)
    if newer:
        if 2 * len(newer) <= len(answers) + silent:
            return Verdict(Fate.STAY)
        return _due(to_seconds(min(newer)) + delays.readers, now)
    if silent:
        return Verdict(Fate.STAY)
    return _due(to_seconds(timestamp) + delays.reclaim, now)


def _due(at: float, now: float) -> Verdict:
    return Verdict(Fate.DROP) if now >= at else Verdict(Fate.STAY, at)
