"""PUT of an object: the bytes on a majority of devices, then its row.

Order of events: everything that can be refused by looking at the head is
refused before a byte is read; the write takes its timestamp when all bytes are
there, under the reservation if it is conditional; nothing is visible before
the commit, so a wrong ETag or a client that leaves early leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.kernel.body_memory import client_piece_buffers
from objectstore.kernel.concurrency import Next, Promise
from objectstore.kernel.conditions import Conditions
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.kernel.hash_process import md5_of
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Request
from objectstore.proxy.objects.get import conditional_etag
from objectstore.proxy.objects.intake import Intake, Source, read_to_end, read_whole
from objectstore.proxy.objects.overtaken import (
    CLOCKS_DIFFER,
    follow,
    follows_the_clock,
    is_superseded,
)
from objectstore.proxy.objects.put_plan import PutPlan
from objectstore.proxy.objects.reservation import Reservation
from objectstore.proxy.objects.row_step import RowOutcome, RowStep
from objectstore.proxy.objects.taken_back import take_back
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.dates import http_date, whole_seconds
from objectstore.proxy.protocol.expiry import has_expired
from objectstore.proxy.protocol.headers import OWED
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.hidden import refuse_hidden
from objectstore.wire.nodes import INLINE_BYTES_MAX, ObjectNode, Upload
from objectstore.wire.records import ObjectState, Receipt
from objectstore.wire.rows import row_of

Written = Asked[ObjectNode, Receipt]
Store = Callable[[ObjectState, Next | None], Written]
"""Stores under that state; and what follows when all went well."""


def put_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Store the request's body under the name."""
    request = target.request
    plan = PutPlan(parts, request, target.name)
    length = plan.length
    body = None
    if length is not None and length <= INLINE_BYTES_MAX:
        body = read_whole(request.body, length)
    if body is None:
        source = Source(request.body, length)
        if length is None:
            body = read_to_end(source)
        if body is None:
            return _put_large(parts, target, plan, source)
    return put_small(parts, target, plan, body)


def put_small(
    parts: Parts, target: ObjectTarget, plan: PutPlan, body: bytes | memoryview
) -> Reply:
    """Store what is there as a whole."""
    etag = md5_of(body)
    plan.check_etag(etag)
    group, key = target.group, target.key

    def store(state: ObjectState, then: Next | None) -> Written:
        written = parts.rounds.write(
            group,
            lambda node: node.put(key, state, body),
            primaries_only_count=plan.conditions is not None,
            key=key,
            then=then,
        )
        refuse_hidden_of(parts, target, written)
        return written

    return write_state(parts, target, plan, store, len(body), etag)


def _put_large(
    parts: Parts, target: ObjectTarget, plan: PutPlan, source: Source
) -> Reply:
    """In pieces: what is large, or what there is no memory for as a whole."""
    group, key = target.group, target.key
    if plan.conditions is not None:
        check_early(parts, target, plan.conditions)
    buffers = client_piece_buffers()
    # Devices collect in memory what is announced as smaller.
    hint = max(plan.length or 0, INLINE_BYTES_MAX + 1)
    begun = parts.rounds.write(group, lambda node: node.begin(key, hint))
    uploads = _open_uploads(begun)
    intake = Intake(uploads, group.majority, parts.rounds.node_seconds, buffers)
    try:
        refuse_hidden_of(parts, target, begun)
        size, etag = intake.run(source)
        plan.check_etag(etag)
        is_committed = False

        def commit(state: ObjectState, then: Next | None) -> Written:
            nonlocal is_committed
            if is_committed:
                raise Unavailable("the clock was behind: it has to be sent again")
            is_committed, voters = True, None
            if plan.conditions is not None:
                places = {id(node) for node in group.primaries}
                voters = sum(id(node) in places for node, _ in intake.uploads)
            asked = [(node, upload.commit(state)) for node, upload in intake.uploads]
            written = parts.rounds.settle(group, key, asked, voters, then)
            refuse_hidden_of(parts, target, _with_the_lost(group, begun, written))
            return written

        return write_state(parts, target, plan, commit, size, etag)
    finally:
        # Harmless for those that are committed.
        for _, upload in uploads:
            upload.abort()


def check_early(parts: Parts, target: ObjectTarget, conditions: Conditions) -> None:
    """Again when all is there: this one spares a long upload in vain, also for want of
    primaries, which a reservation waits for."""
    reservation = reservation_of(parts, target)
    try:
        check_conditions(parts, target.request, conditions, reservation.take())
    finally:
        reservation.release()


def refuse_hidden_of(
    parts: Parts, target: ObjectTarget, asked: Asked[ObjectNode, Any]
) -> None:
    """``InsufficientStorage`` where reads would not meet the write (``hidden``)."""
    refuse_hidden(
        parts.rounds,
        target.group,
        asked,
        lambda node: node.lookup(target.key, want_body=False),
    )


def _with_the_lost(
    group: Group[ObjectNode], begun: Asked[ObjectNode, Upload], written: Written
) -> Asked[ObjectNode, Any]:
    """What became of the upload at each primary: some had no room for its beginning,
    and some for more of it, before there was anything to commit."""
    committed = {id(node): promise for node, promise in written}
    lost: Promise[Any] = Promise.failed(InsufficientStorage("no room for all of it"))
    return [
        (node, committed.get(id(node), lost if promise.error is None else promise))
        for node, promise in begun[: len(group.primaries)]
    ]


def _open_uploads(
    begun: Asked[ObjectNode, Upload],
) -> list[tuple[ObjectNode, Upload]]:
    """The uploads that have begun, primaries first; late ones are given up."""
    uploads = []
    for node, promise in begun:
        if promise.done:
            if promise.error is None:
                uploads.append((node, promise.result()))
        else:
            promise.when_done(_give_up)
    return uploads


def _give_up(promise: Promise[Upload]) -> None:
    if promise.value is not None:
        promise.value.abort()


def write_state(
    parts: Parts,
    target: ObjectTarget,
    plan: PutPlan,
    store: Store,
    size: int,
    etag: str,
    *,
    may_repeat: bool = True,
) -> Reply:
    """Store under a fresh timestamp, guarded if conditional; then the row."""
    if plan.conditions is None:
        state = plan.state(target, plan.timestamp or parts.timestamps.now(), size, etag)
        row = RowStep(parts, target.container, row_of(state))
        written = _stored(parts, target, state, store, row.begin)
        # A large body was given away: of two at once the newer stays.
        differ = CLOCKS_DIFFER if may_repeat and size <= INLINE_BYTES_MAX else 0
        if not plan.timestamp and follows_the_clock(
            parts, target, written, state.timestamp, differ
        ):
            state = plan.state(target, parts.timestamps.now(), size, etag)
            row = RowStep(parts, target.container, row_of(state))
            written = _stored(parts, target, state, store, row.begin)
        return _record(parts, target, state, written, row)
    reservation = reservation_of(parts, target)
    try:
        held = reservation.take()
        check_conditions(parts, target.request, plan.conditions, held)
        if held is not None:
            # The write must be newer than what it replaces, whatever the clocks.
            follow(parts, held.newest)
        state = plan.state(target, parts.timestamps.now(), size, etag)
        # The row when the name is free again.
        written = _stored(parts, target, state, store, None)
    finally:
        reservation.release()
    row = RowStep(parts, target.container, row_of(state))
    return _record(parts, target, state, written, row)


def reservation_of(parts: Parts, target: ObjectTarget) -> Reservation:
    """The object's name, for a conditional write; not taken yet."""
    seconds = parts.settings.reserve_seconds
    token = parts.new_token()
    return Reservation(parts.rounds, target.group, target.key, token, seconds)


def _stored(
    parts: Parts,
    target: ObjectTarget,
    state: ObjectState,
    store: Store,
    then: Next | None,
) -> Written:
    """``store``, undone where a full store refuses it."""
    try:
        return store(state, then)
    except InsufficientStorage:
        take_back(parts, target, state)
        raise


def _record(
    parts: Parts,
    target: ObjectTarget,
    state: ObjectState,
    written: Written,
    row: RowStep,
) -> Reply:
    outcome = row.record(target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        _undo(parts, target, state)
        raise Rejected(404)
    headers: HeaderList = [
        ("Etag", state.etag),
        ("Last-Modified", http_date(state.timestamp)),
    ]
    if outcome is RowOutcome.OWED:
        headers.append(OWED)
    status = 202 if is_superseded(target.group, written) else 201
    return Reply(status, b"", headers, "text/html; charset=UTF-8")


def _undo(parts: Parts, target: ObjectTarget, state: ObjectState) -> None:
    """The container went away while the object was written: so does the object."""
    parts.facts.forget_container(target.account, target.container_name)
    tombstone = ObjectState(state.name, deleted_timestamp=parts.timestamps.now())
    parts.rounds.write(
        target.group,
        lambda node: node.delete(target.key, tombstone, row_owed=False),
        key=target.key,
    )


def check_conditions(
    parts: Parts, request: Request, conditions: Conditions, held: ObjectState | None
) -> None:
    """Rejected 412 when the object, as it is now, forbids the write."""
    exists = (
        held is not None and held.exists and not has_expired(held, parts.clock.time())
    )
    if not exists:
        if conditions.if_match:
            raise Rejected(412)
        return
    assert held is not None
    if conditions.if_none_match:
        raise Rejected(412)
    etag = conditional_etag(request, held)
    if conditions.refuses(etag, whole_seconds(held.modified)):
        raise Rejected(412)
