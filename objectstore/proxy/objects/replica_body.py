"""A body read from one replica, and on from the next where that one fails.

Bytes [start, stop) of one version of an object.  The first replica is opened
before the reply begins, so that its head can still say 503; when a piece
cannot be had later (a checksum does not match, a connection is gone, a disk hangs)
another replica continues at the very byte.  Nothing that was handed out is repeated.
A replica that let the reader wait in vain is a suspect (``proxy.rounds.patience``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from objectstore.kernel.errors import Corrupt, DeadlineExceeded, Rejected, Unavailable
from objectstore.proxy.rounds.patience import Patience
from objectstore.wire.nodes import ObjectNode, Span, Spans

# What makes one replica fail and another worth asking.  ``Rejected``: this
# version is not there (any more).
_FAILURES = (Unavailable, Corrupt, Rejected)


class _Opener:
    """Opens the rest of the bytes at one replica after the other."""

    __slots__ = ("_key", "_node", "_patience", "_sources", "_timestamp")

    def __init__(
        self,
        sources: Iterator[ObjectNode],
        key: bytes,
        timestamp: int,
        patience: Patience,
    ) -> None:
        self._sources = sources
        self._key = key
        self._timestamp = timestamp
        self._patience = patience
        self._node: ObjectNode | None = None  # that was opened last

    def open(self, start: int, stop: int) -> Iterable[bytes]:
        """Bytes [start, stop) from the next replica that has them."""
        for node in self._sources:
            self._node = node
            promise = node.read(self._key, self._timestamp, start, stop)
            try:
                return promise.wait(self._patience.node_seconds)
            except DeadlineExceeded:
                self._patience.suspect(node)
                promise.when_done(lambda late: _close(late.value))
            except _FAILURES:
                continue
        raise Unavailable("no replica can give the object's bytes")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While bytes of what was opened last are taken: what fails ends the block, and
        the next replica is to go on."""
        try:
            yield
        except DeadlineExceeded:
            self._patience.suspect(self._node)
        except _FAILURES:
            pass


class ReplicaBody:
    """The bytes as an iterable; see the module."""

    def __init__(
        self, opener: _Opener, body: Iterable[bytes], start: int, stop: int
    ) -> None:
        self._opener = opener
        self._body = body
        self._at = start
        self._stop = stop

    def _reopen(self) -> None:
        _close(self._body)
        self._body = self._opener.open(self._at, self._stop)

    def __iter__(self) -> Iterator[bytes]:
        while self._at < self._stop:
            with self._opener.reading():
                for piece in self._body:
                    self._at += len(piece)
                    yield piece
            if self._at < self._stop:
                # A replica that ends early is as bad as one that says so.
                self._reopen()

    def close(self) -> None:
        """Release what the replica holds for us."""
        _close(self._body)
        self._body = ()


class ReplicaSpans(ReplicaBody):
    """The same with spans: when the first replica is near.  One that continues and is
    not near gives memory."""

    def spans(self) -> Iterator[Span]:
        """As ``wire.nodes.Spans``."""
        while self._at < self._stop:
            with self._opener.reading():
                for span in self._spans_of(self._body):
                    self._at += span[2] if isinstance(span, tuple) else len(span)
                    yield span
            if self._at < self._stop:
                self._reopen()

    def _spans_of(self, body: Iterable[bytes]) -> Iterator[Span]:
        if isinstance(body, Spans):
            return body.spans()
        return map(memoryview, body)


def read_body(
    sources: Iterator[ObjectNode],
    key: bytes,
    timestamp: int,
    piece: tuple[int, int],
    patience: Patience,
) -> ReplicaBody:
    """Open bytes [start, stop) at the first replica that gives them.

    Raises ``Unavailable`` when none does.
    """
    start, stop = piece
    opener = _Opener(sources, key, timestamp, patience)
    body = opener.open(start, stop)
    # Two classes, because one would promise spans that a far replica has not.
    kind = ReplicaSpans if isinstance(body, Spans) else ReplicaBody
    return kind(opener, body, start, stop)


def _close(body: object) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
