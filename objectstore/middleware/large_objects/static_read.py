"""Reading static large objects: from a manifest to the bytes of its segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.conditions import unquoted
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import CONTEXT_KEY, Application, Request
from objectstore.middleware.large_objects.ranged_reply import (
    Large,
    part_number,
    part_slice,
    unsatisfiable,
)
from objectstore.middleware.large_objects.segment_body import (
    Part,
    SegmentChanged,
    open_part,
)
from objectstore.middleware.large_objects.segments import (
    Segment,
    decode,
    pieces_of,
)
from objectstore.middleware.subrequest import ask, discard, read_reply, sub_environ

SLO_ETAG = "X-Object-Sysmeta-Slo-Etag"
SLO_SIZE = "X-Object-Sysmeta-Slo-Size"
# Manifests in manifests: deeper ones are refused when they are read.
DEPTH_MAX = 10
# Nested manifests kept while one reply is made: several ranges may need them
# again, and a tree of them must not fill the memory.
NESTED_KEPT_MAX = 20
NO_PART = "The requested part number is not satisfiable"


class Pace(NamedTuple):
    """How fast small segments may follow each other; ``per_second`` 0: freely."""

    per_second: float
    after: int
    under_bytes: int


class StaticRead:
    """One GET or HEAD of a static large object."""

    def __init__(
        self,
        app: Application,
        request: Request,
        manifest_bytes_max: int,
        pace: Pace,
        clock: Clock,
    ) -> None:
        self._app = app
        self._request = request
        self._bytes_max = manifest_bytes_max
        self._pace = pace
        self._clock = clock
        version, account, _, _ = request.split()
        self._root = f"/{version}/{account}"
        self._nested: dict[str, list[Segment]] = {}

    def answer(self, reply: Reply) -> Reply:
        """The large object's reply, out of that of its manifest."""
        etag, size = reply.header(SLO_ETAG), int(reply.header(SLO_SIZE))
        reply.set_header("X-Manifest-Etag", unquoted(reply.header("Etag")))
        reply.set_header("Etag", f'"{etag}"')
        reply.set_header("X-Static-Large-Object", "True")
        if reply.status != 200:
            return reply  # 304
        number = part_number(self._request)
        if self._request.method == "HEAD":
            reply.set_header("Content-Length", str(size))
            if number:
                discard(reply)
                segments = self._fetch(self._request.path, "")
                return _head_of_part(reply, segments, number, size)
            return reply
        segments = decode(read_reply(reply, self._bytes_max))
        large = Large(etag, size, self._parts_of(segments), self._open)
        if number:
            reply.set_header("X-Parts-Count", str(len(segments)))
            found = part_slice([segment.length for segment in segments], number)
            if found is None:
                return unsatisfiable(reply, size, NO_PART)
            return large.partial(reply, [found])
        return large.answer(self._request, reply)

    def _open(self, part: Part) -> Iterable[bytes]:
        return open_part(self._app, self._request.environ, part)

    def _parts_of(
        self, segments: Sequence[Segment]
    ) -> Callable[[int, int], Iterator[Part | bytes]]:
        def parts(start: int, stop: int) -> Iterator[Part | bytes]:
            return self._paced(self._walk(segments, start, stop, 1))

        return parts

    def _walk(
        self, segments: Sequence[Segment], start: int, stop: int, depth: int
    ) -> Iterator[Part | bytes]:
        for segment, first, last in pieces_of(segments, start, stop):
            if segment.data:
                yield segment.data[first:last]
            elif not segment.is_manifest:
                path = self._root + segment.path
                yield Part(path, segment.etag, segment.size, first, last)
            elif depth >= DEPTH_MAX:
                raise SegmentChanged("manifests are nested too deeply")
            else:
                nested = self._nested_segments(segment)
                yield from self._walk(nested, first, last, depth + 1)

    def _nested_segments(self, segment: Segment) -> list[Segment]:
        path = self._root + segment.path
        found = self._nested.get(path)
        if found is None:
            found = self._fetch(path, segment.etag)
            if len(self._nested) >= NESTED_KEPT_MAX:
                self._nested.clear()
            self._nested[path] = found
        return found

    def _fetch(self, path: str, etag: str) -> list[Segment]:
        """The manifest at ``path``, which must have the large ``etag`` (or any)."""
        query = "" if etag else self._request.environ.get("QUERY_STRING", "")
        environ = sub_environ(self._request.environ, "GET", path, query)
        environ[CONTEXT_KEY].etag_is_at = ()
        reply = ask(self._app, environ)
        if reply.status != 200 or reply.header(SLO_ETAG) != (
            etag or reply.header(SLO_ETAG, "-")
        ):
            discard(reply)
            raise SegmentChanged(f"manifest {path}: status {reply.status} or changed")
        return decode(read_reply(reply, self._bytes_max))

    def _paced(self, parts: Iterator[Part | bytes]) -> Iterator[Part | bytes]:
        """Wait between small segments, so that a manifest of a thousand tiny ones
        does not take more than its share."""
        per_second, after, under = self._pace
        if not per_second:
            yield from parts
            return
        count, due = 0, 0.0
        for part in parts:
            if isinstance(part, Part) and part.stop - part.start < under:
                count += 1
                if count > after:
                    now = self._clock.monotonic()
                    if now < due:
                        sleep(due - now)
                    due = max(now, due) + 1 / per_second
            yield part


def _head_of_part(
    reply: Reply, segments: list[Segment], number: int, size: int
) -> Reply:
    """What HEAD of one part says: 206, as GET would."""
    found = part_slice([segment.length for segment in segments], number)
    reply.set_header("X-Parts-Count", str(len(segments)))
    reply.body = ()
    if found is None:
        reply.status = 416
        reply.set_header("Content-Range", f"bytes */{size}")
        reply.set_header("Content-Length", "0")
        return reply
    reply.status = 206
    reply.set_header("Content-Range", f"bytes {found[0]}-{found[1] - 1}/{size}")
    reply.set_header("Content-Length", str(found[1] - found[0]))
    return reply
