"""Copying one object from node to node: small ones in one call, large ones streamed.

Memory is constant whatever the size: one piece at a time is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from objectstore.kernel.errors import Unavailable
from objectstore.wire.nodes import (
    INLINE_BYTES_MAX,
    WRITE_BYTES_MAX,
    ObjectNode,
)
from objectstore.wire.records import ObjectState, Receipt

Meter = Callable[[int], None]
"""Told of bytes before they are sent; waits when they come too fast."""


def copy_object(
    key: bytes,
    state: ObjectState,
    source: ObjectNode,
    target: ObjectNode,
    *,
    with_body: bool,
    meter: Meter,
    seconds: float,
) -> int:
    """Bring ``state`` from ``source`` to ``target``; the bytes of the body sent.

    Raises what the nodes raise; ``Unavailable`` when the object changed meanwhile.
    Each wait takes ``seconds`` at most.
    """
    if not with_body:
        meter(0)
        target.merge(key, state, None).wait(seconds)
        return 0
    if state.size <= INLINE_BYTES_MAX:
        return _copy_small(key, state, source, target, meter, seconds)
    pieces = source.read(key, state.timestamp, 0, state.size).wait(seconds)
    try:
        return _stream(key, state, pieces, target, meter, seconds)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def _copy_small(
    key: bytes,
    state: ObjectState,
    source: ObjectNode,
    target: ObjectNode,
    meter: Meter,
    seconds: float,
) -> int:
    meter(state.size)
    found = source.lookup(key, want_body=True).wait(seconds)
    if found.state is None or found.state.timestamp != state.timestamp:
        raise Unavailable("the object changed while it was copied")
    body = found.body
    if body is None:
        # A small body in a file of its own.
        pieces = source.read(key, state.timestamp, 0, state.size).wait(seconds)
        body = b"".join(pieces)
    target.merge(key, found.state, body).wait(seconds)
    return len(body)


def _stream(
    key: bytes,
    state: ObjectState,
    pieces: Iterable[bytes],
    target: ObjectNode,
    meter: Meter,
    seconds: float,
) -> int:
    upload = target.begin(key, state.size).wait(seconds)
    sent = 0
    try:
        for piece in pieces:
            for at in range(0, len(piece), WRITE_BYTES_MAX):
                part = memoryview(piece)[at : at + WRITE_BYTES_MAX]
                meter(len(part))
                upload.write(part).wait(seconds)
                sent += len(part)
        if sent != state.size:
            raise Unavailable("the body ended early")
        receipt: Receipt = upload.commit(state, row_owed=False).wait(seconds)
        assert receipt is not None
    finally:
        upload.abort()  # harmless when it is committed
    return sent
