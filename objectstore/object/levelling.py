"""What two replicas of one object have to tell each other: pure.

Both merge what they hear (``wire.merge``), so it is enough that each side gets what
the merged state has and it has not.
"""

from __future__ import annotations

from typing import NamedTuple

from objectstore.wire.merge import merge_states, normal
from objectstore.wire.records import ObjectState


class Plan(NamedTuple):
    """Who needs the other's state, and whether with its body."""

    push: bool = False
    push_body: bool = False
    pull: bool = False
    pull_body: bool = False


def plan_exchange(
    mine: ObjectState | None, theirs: ObjectState | None, reclaim_before: int
) -> Plan:
    """What to send, each way.

    Tombstones from before ``reclaim_before`` are not told to somebody who holds
    nothing: every replica lets go of those in its own time, and telling each other
    would keep them alive for ever.
    """
    push = mine is not None and _is_news(mine, theirs, reclaim_before)
    pull = theirs is not None and _is_news(theirs, mine, reclaim_before)
    return Plan(
        push,
        push and mine is not None and _brings_data(mine, theirs),
        pull,
        pull and theirs is not None and _brings_data(theirs, mine),
    )


def is_covered(state: ObjectState, other: ObjectState | None) -> bool:
    """Whether whoever holds ``other`` knows everything that ``state`` says."""
    return other is not None and merge_states(other, state) == normal(other)


def _is_news(
    state: ObjectState, other: ObjectState | None, reclaim_before: int
) -> bool:
    if other is None:
        return not is_old_tombstone(state, reclaim_before)
    return not is_covered(state, other)


def is_old_tombstone(state: ObjectState, reclaim_before: int) -> bool:
    """Whether it is nothing but a tombstone that every replica has had time to
    learn of."""
    if state.exists or state.newest != state.deleted_timestamp:
        return False
    return state.deleted_timestamp <= reclaim_before


def _brings_data(state: ObjectState, other: ObjectState | None) -> bool:
    """Whether the receiver needs the body along with the state."""
    if not state.exists:
        return False
    if other is None:
        return True
    merged = merge_states(other, state)
    if not merged.exists or _data(merged) != _data(state):
        return False  # what it holds itself is newer
    return _data(other) != _data(state)


def _data(state: ObjectState) -> tuple[int, str]:
    return state.timestamp, state.etag
