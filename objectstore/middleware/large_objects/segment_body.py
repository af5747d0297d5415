"""The bytes of many objects as one reply's body.

The first segment is opened before the reply's head goes out, so that what is wrong
with it can still be said (409); what is wrong with a later one breaks the reply
off: the client must not take half an object for the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import CONTEXT_KEY, Application, Environ
from objectstore.middleware.subrequest import (
    ask,
    close_body,
    discard,
    sub_environ,
)


class Part(NamedTuple):
    """Bytes [start, stop) of the object at ``path`` (``/v1/account/...``), which
    must have this ETag and size."""

    path: str
    etag: str
    size: int
    start: int
    stop: int


class SegmentChanged(Unavailable):
    """A segment is not what the manifest says, or not there."""


def open_part(app: Application, environ: Environ, part: Part) -> Iterable[bytes]:
    """The part's bytes; ``SegmentChanged`` when they are not to be had."""
    made = sub_environ(environ, "GET", part.path)
    context = made[CONTEXT_KEY]
    context.etag_is_at, context.whole_if = (), ()
    context.unconditional_if = ()
    # A reader's key is for the whole, never for a segment that has one of its own.
    context.opens_sealed = False
    is_part = part.stop - part.start != part.size
    if is_part:
        made["HTTP_RANGE"] = f"bytes={part.start}-{part.stop - 1}"
    reply = ask(app, made)
    if reply.status != (206 if is_part else 200):
        discard(reply)
        raise SegmentChanged(f"segment {part.path}: status {reply.status}")
    etag, size = unquoted(reply.header("Etag")), _whole_size(reply)
    if etag != part.etag or size != part.size:
        close_body(reply.body)
        raise SegmentChanged(
            f"segment {part.path} has changed: {etag} of {size} bytes instead of "
            f"{part.etag} of {part.size}"
        )
    return reply.body


def _whole_size(reply: Reply) -> int:
    """The size of the object that the reply is a part of; -1: not told."""
    text = reply.header("Content-Range").rpartition("/")[2]
    text = text or reply.header("Content-Length")
    return int(text) if text.isdigit() else -1


class SegmentBody:
    """An iterable of bytes out of parts and bytes that are at hand.

    ``parts`` is consumed as the reader goes on; ``open_one`` opens a part.
    """

    def __init__(
        self,
        parts: Iterator[Part | bytes],
        open_one: Callable[[Part], Iterable[bytes]],
    ) -> None:
        self._parts = parts
        self._open_one = open_one
        self._current: Iterable[bytes] = ()

    def open_first(self) -> None:
        """Open what comes first; Rejected 409 when it is not what it should be."""
        try:
            first = next(self._parts, None)
            if first is not None:
                self._current = self._opened(first)
        except (SegmentChanged, Rejected) as error:
            raise Rejected(409, str(error)) from None

    def single(self) -> Iterable[bytes]:
        """The body of the only part where there is only one: it may be a file."""
        second = next(self._parts, None)
        if second is None:
            return self._current
        rest, self._parts = self._parts, iter(())

        def again() -> Iterator[Part | bytes]:
            yield second
            yield from rest

        self._parts = again()
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from self._current
        self.close()
        for part in self._each_part():
            self._current = self._opened(part)
            yield from self._current
            self.close()

    def _each_part(self) -> Iterator[Part | bytes]:
        try:
            yield from self._parts
        except Rejected as error:
            # A nested manifest that is refused in mid-stream has no status to show.
            raise SegmentChanged(str(error)) from error

    def _opened(self, part: Part | bytes) -> Iterable[bytes]:
        if isinstance(part, bytes):
            return (part,)
        try:
            return self._open_one(part)
        except RingstackError as error:
            if isinstance(error, SegmentChanged):
                raise
            raise SegmentChanged(f"segment {part.path}: {error}") from error

    def close(self) -> None:
        """Release what the current part holds."""
        current, self._current = self._current, ()
        close_body(current)
