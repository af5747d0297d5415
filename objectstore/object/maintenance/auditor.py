"""The auditor: reads everything that a device holds of its objects, again and again.

A round goes through the log, segment by segment, then through the index in key order
with the body files it points to.  What is damaged is put aside, so that replication
brings it back; damage of the log or of the index as such is left to those who can
repair it (compaction, ``object.maintenance.index_repair``), who are told.

One step reads at most about a mebibyte, on a native thread, and forgets it from the
page cache; between steps the rates rule.  The place is kept on the device.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from objectstore.kernel.audit import AuditMark, AuditRounds
from objectstore.kernel.body_memory import body_memory
from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import FileMissing
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import SegmentFacts, scan_memory
from objectstore.kernel.loop import Progress
from objectstore.object.bodies.reader import SPAN_BYTES, FileBody
from objectstore.object.maintenance import log_audit
from objectstore.object.records.state import Held, digest_of, is_file
from objectstore.object.store.store import ObjectStore

PHASE_LOG, PHASE_ROWS = 0, 1
# Rows compared by one step: under a millisecond of the hub's thread.
ROWS_PER_STEP = 64
REST_SECONDS = 60.0
MARK_NAME = "audit"

_log = logging.getLogger("objectstore.audit")


@dataclass(frozen=True, slots=True)
class BodyPlace:
    """A body file under way, and how far it has been read."""

    key: bytes
    timestamp: int
    serial: int
    size: int
    offset: int = 0


class ObjectAuditor:
    """A ``kernel.loop.Step`` over one store."""

    def __init__(
        self,
        store: ObjectStore,
        clock: Clock,
        bytes_rate: float,
        files_rate: float,
        rest_seconds: float = 0.0,
    ) -> None:
        """Rates and rest as in ``kernel.audit.AuditRounds``."""
        self.name = "object-audit"
        path = os.path.join(store.directory, MARK_NAME)
        self._rounds = AuditRounds(
            store.disk, path, clock, bytes_rate, files_rate, rest_seconds
        )
        self._store = store
        self._bodies: list[BodyPlace] = []

    @property
    def mark(self) -> AuditMark:
        """How far it is."""
        return self._rounds.mark

    def start_over(self) -> None:
        """Let the round under way be, and begin a new one."""
        self._bodies.clear()
        self._rounds.start_over()

    def step(self) -> Progress:
        """See ``kernel.loop.Step``; ``DONE`` at the end of a round."""
        if (waiting := self._rounds.waiting()) is not None:
            return waiting
        mark = self.mark
        if mark.phase == PHASE_LOG:
            self._read_log(mark)
        elif self._bodies:
            self._read_body(self._bodies.pop())
        elif not self._compare_rows(mark):
            return self._rounds.ended()
        return self._rounds.went_on()

    # ---- the log ------------------------------------------------------------

    def _read_log(self, mark: AuditMark) -> None:
        facts = self._segment(mark)
        if facts is None:
            mark.phase = PHASE_ROWS
            return
        store = self._store
        try:
            memory = body_memory(log_audit.PART_BYTES) or scan_memory()
            part = store.disk.offload(
                log_audit.read_part, store, facts, mark.offset, memory
            )
        except FileMissing:
            mark.segment, mark.offset = facts.number + 1, 0  # compacted meanwhile
            return
        self._verified(part.size, len(part.notes))
        for damage in part.damage:
            self._found(f"log: bad bytes {damage.start} to {damage.stop}", facts.number)
        for text in part.strange:
            self._found(f"log: {text}", facts.number)
        if part.damage:
            self._have_rewritten(facts.number)
        for problem in log_audit.problems(store, part):
            self._put_aside(problem.key, store.held(problem.key), problem.what)
        if part.next_offset is None:
            mark.segment, mark.offset = facts.number + 1, 0
        else:
            mark.offset = part.next_offset

    def _segment(self, mark: AuditMark) -> SegmentFacts | None:
        """The first segment that is not through; what is written later is for the
        next round."""
        for facts in self._store.journal.segments():
            if facts.number > mark.segment:
                mark.segment, mark.offset = facts.number, 0
            if facts.number == mark.segment and mark.offset < facts.size:
                return facts
        return None

    def _found(self, what: str, segment: int) -> None:
        self.mark.problems += 1
        _log.error("%s: segment %d: %s", self._store.directory, segment, what)

    def _have_rewritten(self, number: int) -> None:
        """Compaction saves what is good in the segment and puts the rest aside; the
        newest segment has to be closed first."""
        self._store.damaged_segments.add(number)
        self._store.end_segment(number)

    # ---- the index and the body files -----------------------------------------

    def _compare_rows(self, mark: AuditMark) -> bool:
        """The next page of the index; whether there was one."""
        store = self._store
        if not mark.key:
            store.disk.offload(self._check_index)
        page = store.index.ranges.page(mark.key, ROWS_PER_STEP)
        for key, held in page:
            if held.state is not None and held.state.exists:
                self._compare(key, held)
        self._verified(0, len(page))
        if page:
            mark.key = page[-1][0]
        return bool(page)

    def _check_index(self) -> None:
        """SQLite's own look at the whole file.  Blocks."""
        for text in self._store.index.check():
            self.mark.problems += 1
            _log.error("%s: index: %s", self._store.directory, text)

    def _compare(self, key: bytes, held: Held) -> None:
        state, body = held.state, held.body
        assert state is not None
        if body is None:
            self._put_aside(key, held, "no good record of the body")
        elif held.digest != digest_of(key, state):
            self._put_aside(key, held, "the index contradicts itself")
        elif body.serial:
            place = BodyPlace(key, state.timestamp, body.serial, state.size)
            self._bodies.append(place)

    def _read_body(self, place: BodyPlace) -> None:
        self._rounds.files.take(0 if place.offset else 1)
        try:
            offset = self._store.disk.offload(self._verify_span, place)
        except (Corrupt, FileMissing) as error:
            self._put_aside(place.key, self._still(place), str(error))
            return
        except RingstackError as error:
            # Perhaps the device, not the body: the next round looks again.
            _log.warning("%s: not verified: %s", place.key.hex(), error)
            return
        self._verified(offset - place.offset, offset >= place.size)
        if offset < place.size:
            key, timestamp, serial = place.key, place.timestamp, place.serial
            self._bodies.append(BodyPlace(key, timestamp, serial, place.size, offset))

    def _verify_span(self, place: BodyPlace) -> int:
        """Read on in the file; where to go on.  Blocks."""
        disk, bodies = self._store.disk, self._store.bodies
        descriptor = bodies.open(place.key, place.timestamp, place.serial)
        stop = min(place.offset + SPAN_BYTES, place.size)
        reader = FileBody(disk, descriptor, place.offset, stop, lambda error: None)
        try:
            reader.verify_trailer(place.key, place.timestamp, place.size)
            for _ in reader.spans():
                pass
            disk.forget_cached(descriptor, place.offset, stop - place.offset)
        finally:
            reader.close()
        return stop

    def _still(self, place: BodyPlace) -> Held | None:
        """The row, if it still is about this very file."""
        held = self._store.held(place.key)
        return held if is_file(held, place.timestamp, place.serial) else None

    # ---- results ----------------------------------------------------------------

    def _put_aside(self, key: bytes, held: Held | None, why: str) -> None:
        if held is not None:
            self.mark.problems += 1
            self._store.drops.quarantine(key, held, f"audit: {why}")

    def _verified(self, size: int, items: int) -> None:
        self.mark.bytes_verified += size
        self.mark.items_verified += items
        self._rounds.bytes.take(size)
