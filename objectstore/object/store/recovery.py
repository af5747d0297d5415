"""Bringing the index up to the end of the log: the tail at each start, or the whole."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable

from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Corrupt, InsufficientStorage
from objectstore.kernel.journal import Damage, Found, Journal, Position
from objectstore.object.bodies.files import BodyFiles
from objectstore.object.index.database import DatabaseOpener
from objectstore.object.index.index import Index
from objectstore.object.records.record import (
    FORGET,
    OWED,
    PUT_FILE,
    PUT_INLINE,
    QUARANTINE,
    STATE_KINDS,
    ChangeMeta,
    decode_change,
    decode_note,
    decode_owed,
    unpack_state,
)
from objectstore.object.records.state import Body, Coming, Place, digest_of
from objectstore.object.store.view import View
from objectstore.wire.merge import normal

# Rows held in memory between transactions of a replay.
ROWS_PER_FLUSH = 5_000
# Checked in about a second.  SQLite survives crashes by itself, and a larger index
# that is damaged all the same is found out by the first row that cannot be read.
CHECKED_BYTES_MAX = 256 * 1024 * 1024
# Records applied without a rest: some 5 ms.
RECORDS_PER_TURN = 200

_log = logging.getLogger("objectstore.object")


def open_index(disk: Disk, path: str, opener: DatabaseOpener, end: Position) -> Index:
    """The index as it was left; begun anew when it is missing, damaged, or knows
    more than the log (which ends at ``end``)."""
    try:
        index = Index(path, opener)
        if index.applied <= end and _is_sound(disk, index):
            return index
        index.close()
        _log.warning("%s: not usable, made anew from the log", path)
    except Corrupt as error:
        _log.warning("%s: made anew from the log: %s", path, error)
    remove_index(disk, path)
    return Index(path, opener)


def _is_sound(disk: Disk, index: Index) -> bool:
    """SQLite's own check after a crash, where it does not take minutes."""
    if index.was_closed:
        return True
    with contextlib.suppress(FileMissing):
        if disk.facts(index.path).size > CHECKED_BYTES_MAX:
            return True
    return not index.problems()


def remove_index(disk: Disk, path: str) -> None:
    """Remove the index: the next opening makes it anew."""
    for name in (path, f"{path}-wal", f"{path}-shm"):
        try:
            disk.unlink(name)
        except FileMissing:
            continue


def replay(
    journal: Journal, view: View, rest: Callable[[], None] = lambda: None
) -> int:
    """Apply what the index does not know yet; returns the number of records.

    ``rest`` is called now and then, for others that want the hub's thread.
    """
    index = view.index
    view.segments = frozenset(number for number, _ in journal.segments())
    count, rows_max = 0, ROWS_PER_FLUSH
    for found in journal.replay(index.applied):
        if isinstance(found, Damage):
            _apply_damage(found, view)
            continue
        apply_record(found, view)
        count += 1
        if count % RECORDS_PER_TURN == 0:
            rest()
        if index.unflushed >= rows_max:
            _flush(index)
            # Those that there was no room for go again with as many more, not with
            # the next record: each try writes all of them.
            rows_max = max(ROWS_PER_FLUSH, 2 * index.unflushed)
    view.segments = None
    _flush(index)
    return count


def _flush(index: Index) -> None:
    """Into SQLite if it has room; a full device must still be read and emptied."""
    try:
        index.flush()
    except InsufficientStorage as error:
        _log.error("%s: stays in memory: %s", index.path, error)


def apply_record(found: Found, view: View) -> None:
    """One record of the log."""
    place = Place(found.segment, found.offset, found.length)
    if found.kind in STATE_KINDS:
        meta = decode_change(found.meta)
        body = None
        if found.kind in (PUT_INLINE, PUT_FILE):
            body = Body(place, found.body_offset, found.body_crc, meta.serial)
        _apply_change(meta, place, body, view)
    elif found.kind in (FORGET, QUARANTINE):
        key, known, fields = decode_note(found.meta)
        if view.forget(key, known, place) and found.kind == QUARANTINE:
            newest, when, why = fields
            view.index.quarantined.put(key, (newest, when, why))
    elif found.kind == OWED:
        view.owed_exactly(*decode_owed(found.meta), place)
    else:
        raise Corrupt(f"record of unknown kind {found.kind} at {found.position}")


def _apply_damage(damage: Damage, view: View) -> None:
    """A record with a good meta still tells its state; its body is bad, which
    ``settle_bodies``, or the first read, finds out."""
    _log.error(
        "log segment %d: bad bytes %d to %d",
        damage.segment,
        damage.start,
        damage.stop,
    )
    if damage.kind not in STATE_KINDS or damage.meta is None:
        return
    meta = decode_change(damage.meta)
    place = Place(damage.segment, damage.start, damage.stop - damage.start)
    _apply_change(meta, place, None, view)


def _apply_change(
    meta: ChangeMeta, place: Place, body: Body | None, view: View
) -> None:
    told = unpack_state(meta.packed_state)
    state = normal(told)
    packed = meta.packed_state if state is told else b""
    coming = Coming(state, digest_of(meta.key, state), packed)
    view.change(meta.key, coming, place, body, meta.row_owed, meta.since)


def rows_without_body(view: View, bodies: BodyFiles) -> list[tuple[bytes, str]]:
    """After a whole rebuild: (key, why) of rows whose body is not to be had."""
    missing: list[tuple[bytes, str]] = []
    for key, held in view.index.ranges.rows():
        if held.state is None or not held.state.exists:
            continue
        if held.body is None:
            missing.append((key, "no good record of the body"))
        elif held.body.serial:
            path = bodies.path(key, held.state.timestamp, held.body.serial)
            try:
                bodies.disk.facts(path)
            except FileMissing:
                missing.append((key, f"{os.path.basename(path)} is missing"))
    return missing
