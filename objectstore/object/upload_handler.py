"""Receiving a large body: frames in, one commit or nothing.

The device's upload is begun *before* the first byte is asked for, so a full or
missing device says so while the sender still has everything (its
``Expect: 100-continue`` is answered by the first read).  Two buffers: while the
device writes one piece, the next one comes in.  Whatever ends the stream other
than a commit frame with a clean end behind it aborts the upload.
"""

from __future__ import annotations

from typing import Any

from objectstore.kernel.body_memory import piece_buffers
from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, frames
from objectstore.wire.codec import Malformed
from objectstore.wire.nodes import ObjectNode, Upload
from objectstore.wire.serving import RequestCall

UNKNOWN_SIZE = "-"


def receive_upload(node: ObjectNode, call: RequestCall) -> bytes:
    """The handler of ``PUT .../upload/<size hint>``."""
    unknown = call.rest == [UNKNOWN_SIZE]
    hint = None if unknown else call.number(0)
    upload = node.begin(call.key, hint).wait(call.wait_seconds)
    committed = False
    try:
        message = _write_pieces(upload, call)
        raw, row_owed = codec.fields(codec.unpack(message), list, bool)
        state = codec.decode_state(raw)
        if call.input.read(1):
            raise Malformed("something follows the commit")
        promise = upload.commit(state, row_owed=row_owed)
        receipt = promise.wait(call.wait_seconds)
        committed = True
        return codec.pack_receipt(receipt)
    finally:
        if not committed:
            upload.abort()


def _write_pieces(upload: Upload, call: RequestCall) -> bytes:
    """Write every data frame; the payload of the commit frame."""
    buffers = piece_buffers()
    writing: Promise[None] | None = None
    turn = 0
    try:
        while True:
            head = _read_exactly(call.input, frames.FRAME_HEAD.size)
            kind, length = frames.parse_frame_head(head)
            if kind == frames.COMMIT:
                return _read_exactly(call.input, length)
            while length:
                piece = buffers[turn][:length]
                _read_into(call.input, piece)
                if writing is not None:
                    writing.wait(call.wait_seconds)
                writing = upload.write(piece)
                length -= len(piece)
                turn = 1 - turn
    finally:
        # The buffers must outlive the write, and a failed write fails the upload.
        if writing is not None:
            writing.wait(call.wait_seconds)


def _read_exactly(source: Any, length: int) -> bytes:
    data: bytes = source.read(length)
    while len(data) < length:
        piece = source.read(length - len(data))
        if not piece:
            raise Malformed("the upload was cut")
        data += piece
    return data


def _read_into(source: Any, view: memoryview) -> None:
    at = 0
    while at < len(view):
        count = source.readinto(view[at:])
        if not count:
            raise Malformed("the upload was cut")
        at += count
