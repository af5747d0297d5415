"""PUT of an object that is kept in fragments (decision 103).

Two steps: first the fragments, on enough devices that the next failure loses nothing;
then the object's record, which says how they lie, by the same rounds as that of any
object.  Until that is written the object is what it was before, and what was stored of
the fragments is garbage that the devices find by themselves.

A body of one segment goes out in one call to each device; a longer one streams.  The
smallest are kept whole, in the record itself (decision 108).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from objectstore.erasure.codes import best_code, codec
from objectstore.kernel.body_memory import BUFFER_BYTES, client_piece_buffers
from objectstore.kernel.concurrency import Next, Promise, offload
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.timestamps import from_seconds
from objectstore.policy.erasure import WHOLE_BYTES_MAX, Erasure, fragments_needed
from objectstore.proxy.objects.fragment_intake import Encoder, FragmentIntake
from objectstore.proxy.objects.fragment_uploads import FragmentUpload, begin_uploads
from objectstore.proxy.objects.intake import Source
from objectstore.proxy.objects.put import (
    Written,
    check_early,
    put_small,
    refuse_hidden_of,
    write_state,
)
from objectstore.proxy.objects.put_plan import PutPlan
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.rounds.fragment_round import FragmentRound, Told, run_round
from objectstore.proxy.rounds.group import Group
from objectstore.wire.layouts import (
    Layout,
    folded,
    fragment_key,
    fragment_state,
    segment_bytes,
)
from objectstore.wire.nodes import INLINE_BYTES_MAX, ObjectNode, Upload
from objectstore.wire.records import ObjectState, Receipt

T = TypeVar("T")

# Of one upload: one fills, those before it are hashed and encoded.  No more, for who
# gets none has small segments for ever.
BUFFERS_AT_ONCE = 2
# Hashing and encoding less costs less than asking a native thread to do it.
OFFLOAD_BYTES_MIN = 64 * 1024
# Fragments of an upload that devices may collect in memory, to keep them in their logs;
# of larger ones a file costs no more.
COLLECTED_BYTES_MAX = 256 * 1024
# Of the time that a conditional write holds the name: the rest is for the record to
# arrive.  One device that hangs fits into it, as the settings are by default.
FRAGMENTS_SHARE = 0.75


def put_fragments(parts: Parts, target: ObjectTarget, erasure: Erasure) -> Reply:
    """Store the request's body under the name."""
    plan = PutPlan(parts, target.request, target.name)
    buffers = client_piece_buffers()[:BUFFERS_AT_ONCE]
    # Where memory is out, segments are as small as what there is.
    wanted = min(erasure.segment_bytes, len(buffers[0]))
    segments = [buffer[: segment_bytes(wanted, erasure.data)] for buffer in buffers]
    is_roomy = len(buffers[0]) == BUFFER_BYTES
    segment = segments[0]
    source = Source(target.request.body, plan.length)
    filled = source.fill(segment)
    is_all = filled < len(segment) or filled == plan.length
    if is_all and filled <= WHOLE_BYTES_MAX:
        return put_small(parts, target, plan, bytes(segment[:filled]))
    put = _FragmentPut(parts, target, plan, erasure, len(segment))
    if is_all:
        return put.at_once(bytes(segment[:filled]))
    return put.streamed(source, segments, is_roomy=is_roomy)


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

        def encode() -> list[bytes]:
            self._encoder.hash(body)
            return self._encoder.encode(body)

        is_small = len(body) < OFFLOAD_BYTES_MIN
        pieces = encode() if is_small else offload(encode)

        def store(states: list[ObjectState]) -> FragmentRound[Receipt]:
            def call(index: int, node: ObjectNode) -> Promise[Receipt]:
                state, piece = states[index], pieces[index]
                return node.put(self._key(index), state, piece, row_owed=False)

            return self._round_of(call)

        return self._write(store, may_repeat=True)

    def streamed(
        self, source: Source, segments: Sequence[memoryview], *, is_roomy: bool
    ) -> Reply:
        """More, or who knows how much; the first segment has come.  ``is_roomy``: there
        is memory for a few more such uploads."""
        if self._plan.conditions is not None:
            check_early(self._parts, self._target, self._plan.conditions)
        uploads = self._begin(is_roomy)
        seconds = self._parts.rounds.node_seconds
        intake = FragmentIntake(uploads, self._encoder, self._needed, seconds, segments)
        try:
            intake.run(source, len(segments[0]))

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

    def _hint(self, is_roomy: bool) -> int:
        """How long a fragment will be, for devices: they collect in memory what is
        announced as small, which only few uploads at once may have them do."""
        length, large = self._plan.length, INLINE_BYTES_MAX + 1
        if length is None:
            return large
        size = self._layout(length, ()).fragment_size
        is_small = is_roomy and size <= COLLECTED_BYTES_MAX
        return size if is_small else max(size, large)

    def _begin(self, is_roomy: bool) -> list[FragmentUpload]:
        hint = self._hint(is_roomy)

        def call(index: int, node: ObjectNode) -> Promise[Upload]:
            return node.begin(self._key(index), hint)

        return begin_uploads(self._parts.rounds, lambda: self._round_of(call))

    def _round_of(
        self, call: Callable[[int, ObjectNode], Promise[T]]
    ) -> FragmentRound[T]:
        """To all primaries, handoffs standing in."""
        told = [
            Told(index, node, call(index, node))
            for index, node in enumerate(self._group.primaries)
        ]
        rounds = self._parts.rounds
        spares = rounds.in_order(self._group.handoffs)
        return FragmentRound(rounds, told, self._needed, call, spares)

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
            self._store(layout, state, store, may_repeat)
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
        may_repeat: bool,
    ) -> None:
        key = self._target.key
        now = from_seconds(self._parts.clock.time())
        states = [
            fragment_state(state, key, layout, index, now)
            for index in range(layout.fragments)
        ]
        made: list[FragmentRound[Receipt]] = []

        def make() -> FragmentRound[Receipt]:
            made.append(store(states))
            return made[-1]

        clock = self._parts.rounds.clock
        began = clock.monotonic()
        try:
            run_round(self._parts.rounds, make, may_repeat=may_repeat)
            self._check_hold(clock.monotonic() - began)
        except RingstackError:
            # Nobody can have read of them: there is no record.
            for each in (told for one in made for told in one.told):
                if each.is_kept:
                    newest = states[each.index].newest
                    each.node.forget(self._key(each.index), newest)
            raise

    def _check_hold(self, seconds: float) -> None:
        """``Unavailable`` when another writer may have the name by now."""
        held = self._parts.settings.reserve_seconds
        if self._plan.conditions is not None and seconds > FRAGMENTS_SHARE * held:
            raise Unavailable("storing took longer than the name can be held")

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
