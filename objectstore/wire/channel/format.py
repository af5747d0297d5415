"""The bytes of calls and answers, and of the pieces that they travel in.

A piece is ``[u8 kind][u32 number][u32 length][payload]``.  A message is the payloads of
the pieces with its number, the last of which is ``LAST``; pieces of several messages
may be mixed, so that a long one does not hold up the others.  Integers are big-endian.

A call is ``[u16 length][method target transaction][body]``, an answer
``[u8 outcome][body]``.  ``LEAVING`` has no payload: its sender takes no more calls.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from objectstore.wire.codec import Malformed
from objectstore.wire.frames import FRAMED_BYTES_MAX, MESSAGE_BYTES_MAX

PATH = "/v1/channel"
PROTOCOL = "ringstack-calls-1"

LAST = 0
MORE = 1
LEAVING = 2

# What an answer brings: the value, the node's error (``wire.errors``), or in plain
# words why the node was not asked.
VALUE = 0
NODE_ERROR = 1
REFUSED = 2

# Some 2 ms of a gigabit: so long does a small message wait for a long one.
PIECE_BYTES_MAX = 256 * 1024
# The body of a call: an object that fits in a log, with its head.
CALL_BYTES_MAX = FRAMED_BYTES_MAX
# Method, target and transaction of a call.
CALL_HEAD_BYTES_MAX = 4096
# All messages of one connection whose end has not come yet.
UNFINISHED_BYTES_MAX = 2 * MESSAGE_BYTES_MAX
# Then whoever reads or sends gives the rest of the process its turn.
BYTES_IN_A_ROW = 1024 * 1024

PIECE_HEAD = struct.Struct(">BII")
_CALL_HEAD_LENGTH = struct.Struct(">H")
_OUTCOMES = tuple(bytes([outcome]) for outcome in (VALUE, NODE_ERROR, REFUSED))


class Call(NamedTuple):
    """What one side asks of the other."""

    method: str
    target: str
    transaction: str
    body: bytes


def call_head(method: str, target: str, transaction: str) -> bytes:
    """The beginning of a call's message; its body goes behind it."""
    head = f"{method} {target} {transaction}".encode("ascii", "replace")
    return _CALL_HEAD_LENGTH.pack(len(head)) + head


def parse_call(message: memoryview) -> Call:
    """The call of a message.  Raises ``Malformed``."""
    if len(message) < _CALL_HEAD_LENGTH.size:
        raise Malformed("shorter than a call's head")
    (length,) = _CALL_HEAD_LENGTH.unpack_from(message)
    body_at = _CALL_HEAD_LENGTH.size + length
    if length > CALL_HEAD_BYTES_MAX or body_at > len(message):
        raise Malformed("a call's head is longer than it may be")
    if len(message) - body_at > CALL_BYTES_MAX:
        raise Malformed("a call is longer than it may be")
    try:
        head = str(message[_CALL_HEAD_LENGTH.size : body_at], "ascii")
        method, target, transaction = head.split(" ")
    except ValueError:
        raise Malformed("a call's head is no method, target and transaction") from None
    return Call(method, target, transaction, bytes(message[body_at:]))


def answer_head(outcome: int) -> bytes:
    """The beginning of an answer's message."""
    return _OUTCOMES[outcome]


def parse_answer(message: memoryview) -> tuple[int, bytes]:
    """Outcome and body of an answer.  Raises ``Malformed``."""
    if not message or message[0] > REFUSED:
        raise Malformed("an unknown outcome")
    return message[0], bytes(message[1:])


def piece_head(number: int, length: int) -> bytes:
    """Goes before a message that is one piece."""
    return PIECE_HEAD.pack(LAST, number, length)


def pieces(number: int, message: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Head and payload of each piece of a message that takes several."""
    whole = memoryview(message)
    for start in range(0, len(whole), PIECE_BYTES_MAX):
        payload = whole[start : start + PIECE_BYTES_MAX]
        kind = LAST if start + PIECE_BYTES_MAX >= len(whole) else MORE
        yield PIECE_HEAD.pack(kind, number, len(payload)), payload


class Assembler:
    """Puts the messages of a connection together again."""

    __slots__ = ("_ahead", "_missing", "_unfinished", "_unfinished_bytes", "is_leaving")

    def __init__(self) -> None:
        self.is_leaving = False  # the other side takes no more calls
        self._ahead: list[bytes] = []  # the beginning of a piece
        self._missing = 0  # bytes without which it need not be looked at again
        self._unfinished: dict[int, list[memoryview]] = {}
        self._unfinished_bytes = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
        """The messages, with their numbers, that these bytes complete.  Raises
        ``Malformed``; nothing that follows can be understood then."""
        if self._ahead:
            self._ahead.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._ahead)
            self._ahead = []
        view, at, end = memoryview(data), 0, len(data)
        stop = PIECE_HEAD.size
        while end - at >= PIECE_HEAD.size:
            kind, number, length = PIECE_HEAD.unpack_from(data, at)
            if kind > LEAVING or length > PIECE_BYTES_MAX:
                raise Malformed("an unknown or oversized piece")
            stop = at + PIECE_HEAD.size + length
            if stop > end:
                break
            payload = view[at + PIECE_HEAD.size : stop]
            at = stop
            if kind == LEAVING:
                self.is_leaving = True
            elif kind == MORE:
                self._keep(number, payload)
            elif number in self._unfinished:
                yield number, self._finish(number, payload)
            else:
                yield number, payload
            stop = at + PIECE_HEAD.size
        if at < end:
            self._ahead = [data[at:]]
            self._missing = stop - end

    def _keep(self, number: int, payload: memoryview) -> None:
        self._unfinished_bytes += len(payload)
        if self._unfinished_bytes > UNFINISHED_BYTES_MAX or not payload:
            raise Malformed("too much that does not end")
        self._unfinished.setdefault(number, []).append(payload)

    def _finish(self, number: int, payload: memoryview) -> memoryview:
        parts = self._unfinished.pop(number)
        self._unfinished_bytes -= sum(map(len, parts))
        return memoryview(b"".join((*parts, payload)))
