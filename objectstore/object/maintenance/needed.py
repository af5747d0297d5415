"""What of a closed segment is still needed, read piece by piece on native threads.

Heads and metas are read, the index is asked which of the records its rows rest on, and
only the bodies of those are read, and checked: of a segment that is dead little is
read, and the hub hears of nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from crc32c import crc32c

from objectstore.kernel.disk import Buffer
from objectstore.kernel.journal import Damage, Found, SegmentFacts
from objectstore.object.index.resting import KEYS_MAX
from objectstore.object.records.record import OWED, decode_key
from objectstore.object.records.state import Place
from objectstore.object.store.store import ObjectStore

# Looked at by one call to a native thread: it has the interpreter for less than a
# millisecond of that.
RECORDS_MAX = KEYS_MAX
# Bodies that are read by one call, if there are several: what compaction holds in
# memory, and what a writer's batch may have to wait behind.
BODIES_BYTES_MAX = 1024 * 1024


class Needed(NamedTuple):
    """A good record that a row of the index rests on."""

    key: bytes
    place: Place
    kind: int
    body: Buffer | None  # None: the row has its body elsewhere


class Piece(NamedTuple):
    """A part of a segment."""

    needed: list[Needed]
    is_damaged: bool  # there is something in it that cannot be read, and is missed
    next_offset: int | None  # None: the end of the segment


def read_piece(
    store: ObjectStore,
    facts: SegmentFacts,
    offset: int,
    window: memoryview,
    memory: memoryview | None,
) -> Piece:
    """Read on from ``offset``; SQLite must have all records of the segment.

    ``window`` is memory to read through, ``memory`` for bodies, which are valid as long
    as it is not used again.  Blocks.
    """
    seen: list[tuple[bytes, Found]] = []
    is_damaged = False
    following: int | None = None
    found_in = store.journal.reads.look_through(
        facts, offset, window, check_bodies=False
    )
    for count, found in enumerate(found_in, start=1):
        if isinstance(found, Damage):
            is_damaged = True
        elif found.kind != OWED:  # the next one, or the index, says the same and more
            seen.append((decode_key(found.meta), found))
        if count == RECORDS_MAX:
            following = found.stop if found.stop < facts.size else None
            break
    if not seen:
        return Piece([], is_damaged, following)
    rests = store.index.resting.among(facts.number, [key for key, _ in seen])
    needed: list[Needed] = []
    bodies = _Bodies(store, facts.number, memory)
    try:
        for key, found in seen:
            rest = rests.get(key)
            if rest is None or found.offset not in rest:
                continue
            body: Buffer | None = None
            if found.offset == rest.body_offset:
                if not bodies.have_room(found.body_length):
                    following = found.offset
                    break
                body = bodies.read(found)
                if crc32c(body) != found.body_crc:
                    is_damaged = True
                    continue
            place = Place(found.segment, found.offset, found.length)
            needed.append(Needed(key, place, found.kind, body))
    finally:
        bodies.close()
    return Piece(needed, is_damaged, following)


class _Bodies:
    """Bodies of one segment, one behind the other in memory."""

    def __init__(
        self, store: ObjectStore, number: int, memory: memoryview | None
    ) -> None:
        self._store = store
        self._number = number
        self._memory = memory
        self._descriptor: int | None = None
        self._bytes = 0

    def have_room(self, length: int) -> bool:
        """Whether one more may be read; the first always."""
        return not self._bytes or self._bytes + length <= BODIES_BYTES_MAX

    def read(self, found: Found) -> Buffer:
        """The body, unchecked; too short when the file is."""
        length = found.body_length
        if not length:
            return b""
        disk = self._store.disk
        if self._descriptor is None:
            self._descriptor = self._store.journal.reads.open(self._number)
        at, self._bytes = self._bytes, self._bytes + length
        if self._memory is None or self._bytes > len(self._memory):
            return disk.pread(self._descriptor, length, found.body_offset)
        body = self._memory[at : self._bytes]
        return body[: disk.pread_into(self._descriptor, body, found.body_offset)]

    def close(self) -> None:
        """Nothing more is read."""
        if self._descriptor is not None:
            self._store.disk.close(self._descriptor)
