"""A large object's reply: the whole, a range, several ranges, one part.

Takes the head that the manifest's own reply has and makes it the large object's;
where the bytes come from is the caller's business (``PartsOf``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from objectstore.kernel.byte_ranges import (
    Multipart,
    Slice,
    content_range,
    parse_range,
    resolve,
)
from objectstore.kernel.conditions import parse_date, range_still_holds
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Request
from objectstore.middleware.large_objects.segment_body import Part, SegmentBody

PartsOf = Callable[[int, int], Iterator[Part | bytes]]
"""What makes bytes [start, stop) of the large object, in order."""
OpenPart = Callable[[Part], Iterable[bytes]]


class Large:
    """A large object that is being read."""

    def __init__(
        self, etag: str, size: int, parts_of: PartsOf, open_part: OpenPart
    ) -> None:
        self.etag = etag
        self.size = size
        self._parts_of = parts_of
        self._open_part = open_part

    def answer(self, request: Request, reply: Reply) -> Reply:
        """``reply`` (a head) with the bytes that the request asks for."""
        slices = self._wanted(request, reply)
        if slices is None:
            reply.set_header("Content-Length", str(self.size))
            reply.body = self._body([(0, self.size)], self._parts_of(0, self.size))
            return reply
        return self.partial(reply, slices)

    def partial(self, reply: Reply, slices: list[Slice]) -> Reply:
        """206 with these slices of it; 416 without any."""
        if not slices:
            return unsatisfiable(reply, self.size)
        reply.status = 206
        if len(slices) == 1:
            start, stop = slices[0]
            reply.set_header("Content-Range", content_range(slices[0], self.size))
            reply.set_header("Content-Length", str(stop - start))
            reply.body = self._body(slices, self._parts_of(start, stop))
            return reply
        multipart = Multipart(
            slices, self.size, reply.header("Content-Type"), self._boundary(reply)
        )
        reply.set_header("Content-Type", multipart.content_type)
        reply.set_header("Content-Length", str(multipart.length))
        body = SegmentBody(self._framed(multipart), self._open_part)
        body.open_first()
        reply.body = body
        return reply

    def _body(
        self, slices: list[Slice], parts: Iterator[Part | bytes]
    ) -> Iterable[bytes]:
        body = SegmentBody(parts, self._open_part)
        body.open_first()
        return body.single()

    def _framed(self, multipart: Multipart) -> Iterator[Part | bytes]:
        for head, (start, stop) in zip(multipart.heads, multipart.slices, strict=True):
            yield head
            yield from self._parts_of(start, stop)
            yield b"\r\n"
        yield multipart.tail

    def _boundary(self, reply: Reply) -> str:
        """Made of the write's time, which nobody knew when the bytes were sent."""
        text = f"{self.etag} {reply.header('X-Timestamp')}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def _wanted(self, request: Request, reply: Reply) -> list[Slice] | None:
        """The slices that Range asks for; None: everything."""
        if "HTTP_RANGE" not in request.environ or reply.status != 200:
            return None
        specs = parse_range(request.environ["HTTP_RANGE"])
        modified = parse_date(reply.header("Last-Modified")) or 0
        if specs is None or not range_still_holds(
            request.header("If-Range"), self.etag, modified
        ):
            return None
        return resolve(specs, self.size)


def part_number(request: Request) -> int:
    """What ``?part-number=`` asks for; 0: nothing.  Rejected 400 for no number."""
    text = request.query.get("part-number")
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise Rejected(400, "Part number must be an integer greater than 0")
    if "HTTP_RANGE" in request.environ:
        raise Rejected(400, "Range requests are not supported with part number queries")
    return int(text)


def part_slice(lengths: Sequence[int], number: int) -> Slice | None:
    """Where the part lies in the whole; None when there is no such part."""
    if number > len(lengths):
        return None
    start = sum(lengths[: number - 1])
    return start, start + lengths[number - 1]


# What a 416 still tells of the object.
_KEPT = frozenset(
    {
        "Etag",
        "Last-Modified",
        "X-Timestamp",
        "Accept-Ranges",
        "X-Manifest-Etag",
        "X-Object-Version-Id",
        "X-Parts-Count",
        "X-Static-Large-Object",
    }
)


def unsatisfiable(reply: Reply, size: int, text: str = "") -> Reply:
    """416 for what the large object of ``reply`` does not have."""
    kept = [(name, value) for name, value in reply.headers if name in _KEPT]
    return text_reply(416, text, [("Content-Range", f"bytes */{size}"), *kept])
