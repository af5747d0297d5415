"""Verifying a store: log, body files and index are read through and compared.

Works on the files of a store that is not open.  Every disagreement is one problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import Damage
from objectstore.object.bodies.log_reads import checked
from objectstore.object.bodies.reader import FileBody
from objectstore.object.index.digests import Digests
from objectstore.object.records.state import Held
from objectstore.object.store.store import ObjectStore


class Problem(NamedTuple):
    """Something that is not as it should be."""

    where: str  # log, index, body
    subject: str
    what: str


class Report(NamedTuple):
    """What a verification saw."""

    objects: int
    tombstones: int
    body_files: int
    segments: int
    log_bytes: int
    problems: list[Problem]


def verify(store: ObjectStore) -> Report:
    """Read everything; changes nothing (but what opening the store repaired)."""
    problems = list(_log_problems(store))
    problems += [Problem("index", "file", text) for text in store.index.problems()]
    objects = tombstones = files = 0
    digests = Digests()
    live: dict[int, int] = {}
    for key, held in store.index.ranges.rows():
        for place in held.places():
            live[place.segment] = live.get(place.segment, 0) + place.length
        if held.state is None:
            continue
        digests.change(key, 0, held.digest)
        if not held.state.exists:
            tombstones += 1
            continue
        objects += 1
        files += held.body is not None and held.body.serial > 0
        problems += _body_problems(store, key, held)
    if digests.to_bytes() != store.index.digests.to_bytes():
        problems.append(Problem("index", "digests", "do not fit the rows"))
    counted = {
        number: count for number, count in store.index.live.items.items() if count
    }
    if counted != live:
        problems.append(Problem("index", "live bytes", "do not fit the rows"))
    problems += _stray_files(store)
    segments = store.journal.segments()
    size = sum(facts.size for facts in segments)
    return Report(objects, tombstones, files, len(segments), size, problems)


def _log_problems(store: ObjectStore) -> Iterator[Problem]:
    for found in store.journal.replay():
        if isinstance(found, Damage):
            yield Problem(
                "log",
                f"segment {found.segment}",
                f"bad bytes {found.start} to {found.stop}",
            )


def _body_problems(store: ObjectStore, key: bytes, held: Held) -> Iterator[Problem]:
    state, body = held.state, held.body
    assert state is not None
    try:
        if body is None:
            raise Corrupt("no good record of the body")
        if not body.serial:
            segment = body.record.segment
            data = store.journal.reads.at(segment, body.offset, state.size)
            checked(data, body, state.size)
            return
        descriptor = store.bodies.open(key, state.timestamp, body.serial)
        reader = FileBody(store.disk, descriptor, 0, state.size, lambda error: None)
        try:
            reader.verify_trailer(key, state.timestamp, state.size)
            for _ in reader.spans():
                pass
        finally:
            reader.close()
    except RingstackError as error:
        name = state.name
        subject = f"{key.hex()} /{name.account}/{name.container}/{name.object}"
        yield Problem("body", subject, str(error))


def _stray_files(store: ObjectStore) -> Iterator[Problem]:
    for path, key, timestamp, serial in store.bodies.walk():
        held = store.held(key)
        state = held.state if held is not None else None
        body = held.body if held is not None else None
        if state is None or body is None:
            needed = False
        else:
            needed = (state.timestamp, body.serial) == (timestamp, serial)
        if not needed:
            yield Problem("body", path, "nothing points to this file")
