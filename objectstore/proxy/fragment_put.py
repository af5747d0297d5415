"""PUT of an object that is kept in fragments (decision 103).

Two steps: first the fragments, on enough devices that the next failure loses nothing;
then the object's record, which says how they lie, by the same rounds as that of any
object.  Until that is written the object is what it was before, and what was stored of
the fragments is garbage that the devices find by themselves.

A body of one segment goes out in one call to each device; a longer one streams.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.erasure.codes import best_code, codec
from objectstore.kernel.body_memory import client_piece_buffers
from objectstore.kernel.concurrency import Next, Promise, offload
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.policy.erasure import Erasure, fragments_needed
from objectstore.proxy.fragment_intake import Encoder, FragmentIntake, FragmentUpload
from objectstore.proxy.fragment_round import FragmentRound, Told
from objectstore.proxy.intake import Source
from objectstore.proxy.object_put import (
    Written,
    check_conditions,
    put_small,
    refuse_hidden_of,
    reservation_of,
    write_state,
)
from objectstore.proxy.object_target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.placement import Group
from objectstore.proxy.put_plan import PutPlan
from objectstore.wire.layouts import (
    Layout,
    folded,
    fragment_key,
    fragment_state,
    segment_bytes,
)
from objectstore.wire.nodes import ObjectNode, Upload
from objectstore.wire.records import ObjectState, Receipt

# Hashing and encoding less costs less than asking a native thread to do it.
OFFLOAD_BYTES_MIN = 64 * 1024


def put_fragments(parts: Parts, target: ObjectTarget, erasure: Erasure) -> Reply:
    """Store the request's body under the name."""
    plan = PutPlan(parts, target.request, target.name)
    buffer = client_piece_buffers()[0]
    # Where memory is out, segments are as small as what there is.
    wanted = min(erasure.segment_bytes, len(buffer))
    segment = buffer[: segment_bytes(wanted, erasure.data)]
    source = Source(target.request.body, plan.length)
    filled = source.fill(segment)
    if not filled:
        return put_small(parts, target, plan, b"")
    put = _FragmentPut(parts, target, plan, erasure, len(segment))
    if filled < len(segment) or filled == plan.length:
        return put.at_once(bytes(segment[:filled]))
    # Given again at once, so the buffer it lies in must be another.
    source.put_back(memoryview(bytes(segment)))
    return put.streamed(source, segment)


class _FragmentPut:
    """One such PUT."""

    def __init__(
        self,
        parts: Parts,
        target: ObjectTarget,
        plan: PutPlan,
        erasure: Erasure,
        segment: int,
    ) -> None:
        self._parts = parts
        self._target = target
        self._plan = plan
        self._erasure = erasure
        self._segment = segment
        self._code = best_code()
        self._needed = fragments_needed(erasure.data, erasure.parity)
        self._token = parts.new_token()
        self._group: Group[ObjectNode] = parts.placement.fragments(
            target.key, target.policy
        )
        if len(self._group.primaries) != erasure.fragments:
            raise Unavailable("the ring does not fit the storage policy")
        self._encoder = Encoder(
            codec(self._code, erasure.data, erasure.parity), erasure.fragments
        )

    def at_once(self, body: bytes) -> Reply:
        """One segment, in one call to each device."""
        encode = self._encoder.encode
        is_small = len(body) < OFFLOAD_BYTES_MIN
        pieces = encode(body) if is_small else offload(encode, body)

        def store(states: list[ObjectState]) -> FragmentRound[Receipt]:
            def call(index: int, node: ObjectNode) -> Promise[Receipt]:
                state, piece = states[index], pieces[index]
                return node.put(self._key(index), state, piece, row_owed=False)

            told = [
                Told(index, node, call(index, node))
                for index, node in enumerate(self._group.primaries)
            ]
            spares = self._spares()
            return FragmentRound(self._parts.rounds, told, self._needed, call, spares)

        return self._write(store, may_repeat=True)

    def streamed(self, source: Source, buffer: memoryview) -> Reply:
        """More, or who knows how much."""
        if self._plan.conditions is not None:
            self._check_early()
        uploads = self._begin()
        seconds = self._parts.rounds.node_seconds
        intake = FragmentIntake(uploads, self._encoder, self._needed, seconds, buffer)
        try:
            intake.run(source)

            def store(states: list[ObjectState]) -> FragmentRound[Receipt]:
                told = [
                    Told(
                        each.index,
                        each.node,
                        each.upload.commit(states[each.index], row_owed=False),
                    )
                    for each in intake.uploads
                ]
                return FragmentRound(self._parts.rounds, told, self._needed)

            return self._write(store, may_repeat=False)
        finally:
            # Harmless for those that are committed.
            for each in uploads:
                each.upload.abort()

    def _check_early(self) -> None:
        """Again when all is there: this one spares a long upload in vain."""
        reservation = reservation_of(self._parts, self._target)
        conditions = self._plan.conditions
        assert conditions is not None
        try:
            held = reservation.take()
            check_conditions(self._parts, self._target.request, conditions, held)
        finally:
            reservation.release()

    def _begin(self) -> list[FragmentUpload]:
        hint = None
        if self._plan.length is not None:
            hint = self._layout(self._plan.length, ()).fragment_size

        def call(index: int, node: ObjectNode) -> Promise[Upload]:
            return node.begin(self._key(index), hint)

        told = [
            Told(index, node, call(index, node))
            for index, node in enumerate(self._group.primaries)
        ]
        spares = self._spares()
        begun = FragmentRound(self._parts.rounds, told, self._needed, call, spares)
        uploads: dict[int, FragmentUpload] = {}
        try:
            begun.run()
        except RingstackError:
            for each in begun.told:
                each.promise.when_done(_give_up)
            raise
        for each in begun.told:
            if each.is_kept and each.index not in uploads:
                upload = each.promise.result()
                uploads[each.index] = FragmentUpload(each.index, each.node, upload)
            else:
                each.promise.when_done(_give_up)
        return list(uploads.values())

    def _write(
        self,
        store: Callable[[list[ObjectState]], FragmentRound[Receipt]],
        *,
        may_repeat: bool,
    ) -> Reply:
        """All is there: the fragments, and then the record."""
        size, etag = self._encoder.size, self._encoder.etag
        self._plan.check_etag(etag)
        checksums = self._encoder.checksums
        is_stored = False

        def write(state: ObjectState, then: Next | None) -> Written:
            nonlocal is_stored
            if is_stored and not may_repeat:
                raise Unavailable("the clock was behind: it has to be sent again")
            if is_stored:
                # Of another timestamp now.  Those of the one before stay: a record may
                # name them.
                self._token = self._parts.new_token()
            is_stored = True
            layout = self._layout(size, checksums)
            self._store(layout, state, store)
            return self._write_record(folded(state, layout), then)

        return write_state(
            self._parts,
            self._target,
            self._plan,
            write,
            size,
            etag,
            may_repeat=may_repeat,
        )

    def _store(
        self,
        layout: Layout,
        state: ObjectState,
        store: Callable[[list[ObjectState]], FragmentRound[Receipt]],
    ) -> None:
        key = self._target.key
        now = self._parts.timestamps.now()
        states = [
            fragment_state(state, key, layout, index, now)
            for index in range(layout.fragments)
        ]
        round_ = store(states)
        try:
            round_.run()
        except RingstackError:
            # Nobody can have read of them: there is no record.
            for each in round_.told:
                if each.is_kept:
                    newest = states[each.index].newest
                    each.node.forget(self._key(each.index), newest)
            raise

    def _write_record(self, record: ObjectState, then: Next | None) -> Written:
        target = self._target
        written = self._parts.rounds.write(
            target.group,
            lambda node: node.put(target.key, record, b""),
            primaries_only_count=self._plan.conditions is not None,
            key=target.key,
            then=then,
        )
        refuse_hidden_of(self._parts, target, written)
        return written

    def _layout(self, size: int, checksums: tuple[str, ...]) -> Layout:
        erasure = self._erasure
        return Layout(
            self._code,
            erasure.data,
            erasure.parity,
            self._segment,
            size,
            self._token,
            checksums,
        )

    def _key(self, index: int) -> bytes:
        return fragment_key(self._target.key, self._token, index)

    def _spares(self) -> list[ObjectNode]:
        return list(self._group.handoffs)


def _give_up(promise: Promise[Upload]) -> None:
    if promise.value is not None:
        promise.value.abort()
