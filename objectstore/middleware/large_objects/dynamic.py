"""Dynamic large objects: what has a common prefix is read as one.

The segments are what a container lists when the object is read, in the order of
their names.  The listing is gone through once for the length and the ETag, and again
for the bytes, so that any number of segments needs the memory of one page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote, urlencode

import orjson

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Request
from objectstore.middleware.large_objects.segment_body import Part, SegmentChanged
from objectstore.middleware.subrequest import ask, discard, read_reply, sub_environ

LISTING_BYTES_MAX = 64 * 1024 * 1024
# A million segments with pages of ten thousand.
PAGES_MAX = 100


class Listed(NamedTuple):
    """One segment as the container lists it."""

    name: str
    etag: str
    size: int


class Segments:
    """The segments of one manifest, page after page."""

    def __init__(
        self, app: Application, request: Request, manifest: str, page: int
    ) -> None:
        """``manifest`` is ``container/prefix``, quoted, as the header has it."""
        self._app = app
        self._request = request
        container, _, self._prefix = unquote(manifest).partition("/")
        version, account, _, _ = request.split()
        self._path = f"/{version}/{account}/{container}"
        self._page = page
        self._first = self._fetch("")

    def _fetch(self, marker: str) -> list[Listed]:
        query = {
            "format": "json",
            "prefix": self._prefix,
            "limit": str(self._page),
            "marker": marker,
        }
        environ = sub_environ(
            self._request.environ, "GET", self._path, urlencode(query)
        )
        environ.pop("HTTP_ACCEPT", None)
        reply = ask(self._app, environ)
        if reply.status == 204:
            discard(reply)
            return []
        if reply.status != 200:
            raise Refused(reply)
        entries = orjson.loads(read_reply(reply, LISTING_BYTES_MAX))
        return [
            Listed(entry["name"], entry["hash"], entry["bytes"]) for entry in entries
        ]

    def __iter__(self) -> Iterator[Listed]:
        page = self._first
        for _ in range(PAGES_MAX):
            yield from page
            if len(page) < self._page:
                return
            page = self._fetch(page[-1].name)
        raise SegmentChanged("the object has too many segments")

    def measure(self) -> tuple[str, int]:
        """(ETag, size) of the whole: the MD5 of the segments' ETags, their bytes."""
        digest, size = hashlib.md5(usedforsecurity=False), 0
        for segment in self:
            digest.update(segment.etag.encode())
            size += segment.size
        return digest.hexdigest(), size

    def parts(self, start: int, stop: int) -> Iterator[Part | bytes]:
        """What makes bytes [start, stop), as far as there are any."""
        at = 0
        for segment in self:
            if at >= stop:
                return
            end = at + segment.size
            first, last = max(start, at) - at, min(stop, end) - at
            if first < last:
                path = f"{self._path}/{segment.name}"
                yield Part(path, segment.etag, segment.size, first, last)
            at = end


class Refused(SegmentChanged):
    """The container of the segments cannot be listed."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"segments cannot be listed: status {reply.status}")
        self.reply = reply


def check_manifest(value: str) -> None:
    """Rejected 400 unless it is ``container/prefix``, quoted."""
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError:
        text = ""
    container, slash, prefix = text.lstrip("/").partition("/")
    if not (container and slash and prefix) or "?" in value or "&" in value:
        raise Rejected(400, "X-Object-Manifest must be in the format container/prefix")
