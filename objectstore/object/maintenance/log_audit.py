"""Auditing the log: every record's checksums, and whether the index fits it.

A native thread reads and checks a part of a segment and notes what each record is;
the hub's thread then compares the notes with the index as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objectstore.kernel.errors import Corrupt
from objectstore.kernel.journal import Damage, Found, SegmentFacts
from objectstore.object.records.record import STATE_KINDS, decode_change, unpack_state
from objectstore.object.records.state import Place, digest_of
from objectstore.object.store.store import ObjectStore

# Read and checked by one call to a native thread: some milliseconds of a disk, and of
# small records one or two of the interpreter, on that thread and on the hub's.
PART_BYTES = 1024 * 1024
PART_RECORDS = 64


class Note(NamedTuple):
    """A good record with a state."""

    key: bytes
    place: Place
    digest: int
    body_offset: int
    body_crc: int


class Part(NamedTuple):
    """What a part of a segment holds."""

    notes: list[Note]
    damage: list[Damage]
    strange: list[str]  # good records that say nothing we understand
    size: int  # bytes read
    next_offset: int | None  # None: the end of the segment


class Problem(NamedTuple):
    """A row of the index that does not fit the log."""

    key: bytes
    what: str


def read_part(
    store: ObjectStore, facts: SegmentFacts, offset: int, memory: memoryview
) -> Part:
    """Read on from ``offset``, through ``memory`` (``scan_memory``).  Blocks."""
    notes: list[Note] = []
    damage: list[Damage] = []
    strange: list[str] = []
    following: int | None = None
    found_in = store.journal.reads.look_through(facts, offset, memory)
    for count, found in enumerate(found_in, start=1):
        if isinstance(found, Damage):
            damage.append(found)
        elif found.kind in STATE_KINDS:
            try:
                notes.append(_note(found))
            except Corrupt as error:
                strange.append(f"{found.position}: {error}")
        if count == PART_RECORDS or found.stop - offset >= PART_BYTES:
            following = found.stop if found.stop < facts.size else None
            break
    end = facts.size if following is None else following
    return Part(notes, damage, strange, end - offset, following)


def _note(found: Found) -> Note:
    key, *_, packed = decode_change(found.meta)
    place = Place(found.segment, found.offset, found.length)
    digest = digest_of(key, unpack_state(packed))
    return Note(key, place, digest, found.body_offset, found.body_crc)


def problems(store: ObjectStore, part: Part) -> Iterator[Problem]:
    """Rows that rest on one of these records and say something else.  Raises
    ``Corrupt`` when the index itself cannot be read."""
    for note in part.notes:
        held = store.index.get(note.key)
        if held is None or held.state is None:
            continue
        if held.place == note.place and held.digest not in (0, note.digest):
            yield Problem(note.key, "the index tells another state than the log")
        body = held.body
        if body is None or body.serial or body.record != note.place:
            continue
        if (body.offset, body.crc) != (note.body_offset, note.body_crc):
            yield Problem(note.key, "the index tells another body than the log")
