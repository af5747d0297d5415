"""What a device holds of one object, and the pure rule that changes it.

``Held`` is a row of the index: the object's state, which records of the log it
rests on, and its *shadows*: the segments that still contain older records of the
key.  The states merge by ``wire.merge``; here is what follows for the bytes:

* the body is that of the record whose data won; of two records with the same data
  the later in the log counts, so that a copy made by compaction takes over;
* a record that is no longer needed leaves a shadow in its segment.  A tombstone may
  only be dropped when its shadows are gone, or a rebuild would bring back the dead.

A row without a state is a *forgotten* object: a marker that keeps the records in
its shadows from coming back.  What is written over a marker says *since* when it
counts: records before that place are ignored, so it needs the marker no more.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

from objectstore.object.records.record import NEVER, pack_state
from objectstore.wire.merge import merge_states, normal
from objectstore.wire.nodes import BROUGHT_BYTES_MAX
from objectstore.wire.records import ObjectState

_DIGESTED = struct.Struct("<16sQQQQQ")


class Place(NamedTuple):
    """A record in the log."""

    segment: int
    offset: int
    length: int


NOWHERE = Place(0, 0, 0)


class Body(NamedTuple):
    """Where a body is: in its record, or (``serial`` > 0) in a file."""

    record: Place
    offset: int  # of the body in the segment
    crc: int  # crc32c of a body in its record
    serial: int


class Coming(NamedTuple):
    """A state on its way into the index, with what follows from it."""

    state: ObjectState  # in its normal form
    digest: int
    packed: bytes  # as it is in its record; empty: not at hand


class Held:
    """One row of the index.  Not changed once it is there."""

    __slots__ = ("body", "digest", "packed", "place", "shadows", "since", "state")

    def __init__(
        self,
        state: ObjectState | None,
        digest: int,
        place: Place,
        body: Body | None,
        shadows: tuple[int, ...],
        since: tuple[int, int] = NEVER,
        packed: bytes = b"",
    ) -> None:
        self.state = state
        self.packed = packed  # the state's bytes; empty: not at hand
        self.digest = digest  # 0: forgotten, or a reclaimed tombstone
        self.place = place  # of the record with the newest state
        self.body = body
        self.shadows = shadows
        self.since = since  # records of the key before this place do not count

    def is_before(self, known: tuple[int, int]) -> bool:
        """Whether all it rests on lies before that place in the log."""
        return all(place[:2] < known for place in self.places())

    def places(self) -> tuple[Place, ...]:
        """The records of the log that are needed for this row."""
        if self.body is None or self.body.record == self.place:
            return (self.place,)
        return (self.place, self.body.record)


def digest_of(key: bytes, state: ObjectState) -> int:
    """Eight bytes that differ when states do; never 0."""
    digested = hashlib.blake2b(
        _DIGESTED.pack(
            key,
            state.timestamp,
            state.size,
            state.metadata_timestamp,
            state.content_type_timestamp,
            state.deleted_timestamp,
        )
        + state.etag.encode(),
        digest_size=8,
    )
    return int.from_bytes(digested.digest(), "big") or 1


# What is put to three local devices comes three times in a row.
_last_coming: Coming | None = None


def coming_of(key: bytes, state: ObjectState) -> Coming:
    """What follows from a state in its normal form."""
    global _last_coming
    last = _last_coming
    if last is not None and last.state is state:
        return last
    coming = Coming(state, digest_of(key, state), pack_state(state))
    _last_coming = coming
    return coming


def is_same_data(one: ObjectState, other: ObjectState) -> bool:
    """Whether both have the data of one and the same write."""
    return one.timestamp == other.timestamp and one.etag == other.etag


def is_same_body(one: Held, other: Held) -> bool:
    """Whether both rows have their data in the very same place."""
    if one.state is None or other.state is None:
        return False
    if not is_same_data(one.state, other.state):
        return False
    if one.body is None or other.body is None or one.body.serial:
        serial = one.body.serial if one.body is not None else -1
        return serial == (other.body.serial if other.body is not None else -1)
    return one.body == other.body


def is_file(held: Held | None, timestamp: int, serial: int) -> bool:
    """Whether the row has its data in this very body file."""
    if held is None or held.state is None or held.body is None:
        return False
    return (held.state.timestamp, held.body.serial) == (timestamp, serial)


def is_brought_whole(held: Held) -> bool:
    """Whether the body, if there is one, is so small that it is not read in parts."""
    body, state = held.body, held.state
    assert state is not None
    return body is None or (not body.serial and state.size <= BROUGHT_BYTES_MAX)


def lacks_body(held: Held | None) -> bool:
    """Whether there is data, by its state, but no body for it."""
    if held is None or held.state is None:
        return True
    return held.state.exists and held.body is None


def is_part(coming: ObjectState, state: ObjectState) -> bool:
    """Whether what came is part of the state: nothing newer took its place, nor that of
    the metadata that came with data."""
    if coming.exists:
        is_described = coming.metadata_timestamp >= state.metadata_timestamp
        return is_described and is_same_data(coming, state)
    if coming.deleted_timestamp:
        return coming.deleted_timestamp == state.deleted_timestamp
    return coming.metadata_timestamp == state.metadata_timestamp or (
        0 < coming.content_type_timestamp == state.content_type_timestamp
    )


def supersedes(held: ObjectState | None, coming: ObjectState) -> ObjectState | None:
    """The state once ``coming`` is known, or None when that changes nothing."""
    if held is None:
        return normal(coming)
    merged = merge_states(held, coming)
    return None if merged == held else merged


def applied(
    key: bytes,
    held: Held | None,
    coming: Coming,
    place: Place,
    body: Body | None,
    since: tuple[int, int] = NEVER,
) -> tuple[Held, bool]:
    """The row after a record with the state that comes, at ``place``.

    Also whether the row's state is *mixed*: in no single record as a whole.  An
    UPDATE must then be written before any of its records may be dropped.
    """
    if held is not None and since != NEVER and held.is_before(since):
        held = forgotten(held, place)
    new, digest, packed = coming
    if held is None or held.state is None:
        own = body if new.exists else None
        shadows = () if held is None else _shadows(held, (place,))
        return Held(new, digest, place, own, shadows, since, packed), False
    old = held.state
    state = merge_states(old, new)
    chosen = None
    if state.exists:
        takes_over = body is not None and is_same_data(state, new)
        chosen = body if takes_over else held.body
        if not takes_over and not is_same_data(state, old):
            chosen = None  # data known from a record without its body
    state_place, mixed = held.place, state != old
    if state is new or state == new:
        state_place, mixed = place, False
    else:
        packed = b""
        digest = held.digest if state == old else digest_of(key, state)
    row = Held(state, digest, state_place, chosen, (), max(held.since, since), packed)
    row.shadows = _shadows(held, row.places(), place)
    return row, mixed


def forgotten(held: Held, place: Place) -> Held:
    """The marker that replaces the row, written at ``place``."""
    return Held(None, 0, place, None, _shadows(held, (place,)))


def _shadows(
    held: Held, needed: tuple[Place, ...], coming: Place = NOWHERE
) -> tuple[int, ...]:
    """Segments with records of the key that the row does not need."""
    left = set(held.shadows)
    left.update(place.segment for place in held.places() if place not in needed)
    if coming is not NOWHERE and coming not in needed:
        left.add(coming.segment)
    return tuple(sorted(left)) if len(left) != len(held.shadows) else held.shadows
