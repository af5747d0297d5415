"""Segments as they are stored, and which bytes of which make a range.  Pure.

What is stored is a JSON list with Swift's keys: ``name``, ``hash``, ``bytes``,
``content_type``, ``last_modified``; ``range`` (``first-last``) where only that part
counts; ``sub_slo`` where the segment is a manifest itself (``bytes`` and ``hash``
are then those of the whole that it stands for); or ``data`` in base64.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from objectstore.kernel.errors import Corrupt


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: bytes [start, stop) of the object at ``path``, or ``data``."""

    path: str = ""
    etag: str = ""
    size: int = 0  # of the whole object at ``path``
    start: int = 0
    stop: int = 0
    is_manifest: bool = False
    content_type: str = ""
    last_modified: str = ""
    data: bytes = b""

    @property
    def length(self) -> int:
        """How many bytes of the large object it makes."""
        return len(self.data) or self.stop - self.start

    @property
    def is_part(self) -> bool:
        """Whether less than the object at ``path`` counts."""
        return self.stop - self.start != self.size


class Piece(NamedTuple):
    """Bytes [start, stop) of a segment's object, or of its data."""

    segment: Segment
    start: int
    stop: int


def large_etag(segments: Iterable[Segment]) -> str:
    """The ETag of the whole: the MD5 of the segments' ETags."""
    digest = hashlib.md5(usedforsecurity=False)
    for segment in segments:
        if segment.data:
            etag = hashlib.md5(segment.data, usedforsecurity=False).hexdigest()
        elif segment.is_part:
            etag = f"{segment.etag}:{segment.start}-{segment.stop - 1};"
        else:
            etag = segment.etag
        digest.update(etag.encode())
    return digest.hexdigest()


def encode(segments: Iterable[Segment]) -> bytes:
    """What is stored."""
    return orjson.dumps([_stored(segment) for segment in segments])


def _stored(segment: Segment) -> dict[str, Any]:
    if segment.data:
        return {"data": base64.b64encode(segment.data).decode()}
    entry: dict[str, Any] = {
        "name": segment.path,
        "bytes": segment.size,
        "hash": segment.etag,
        "content_type": segment.content_type,
        "last_modified": segment.last_modified,
    }
    if segment.is_part:
        entry["range"] = f"{segment.start}-{segment.stop - 1}"
    if segment.is_manifest:
        entry["sub_slo"] = True
    return entry


def decode(body: bytes) -> list[Segment]:
    """What ``encode`` stored.  Raises ``Corrupt`` when it is not that."""
    try:
        return [_loaded(entry) for entry in orjson.loads(body)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Corrupt("a manifest cannot be read") from error


def _loaded(entry: dict[str, Any]) -> Segment:
    if "data" in entry:
        return Segment(data=base64.b64decode(entry["data"], validate=True))
    size = int(entry["bytes"])
    start, stop = 0, size
    if "range" in entry:
        first, _, last = entry["range"].partition("-")
        start, stop = int(first), int(last) + 1
    return Segment(
        entry["name"],
        entry["hash"],
        size,
        start,
        stop,
        bool(entry.get("sub_slo")),
        entry.get("content_type", ""),
        entry.get("last_modified", ""),
    )


def as_sent(segments: Iterable[Segment]) -> bytes:
    """The manifest in the form in which clients send it."""
    return orjson.dumps(
        [_sent(segment) for segment in segments], option=orjson.OPT_SORT_KEYS
    )


def _sent(segment: Segment) -> dict[str, Any]:
    if segment.data:
        return {"data": base64.b64encode(segment.data).decode()}
    entry = {"path": segment.path, "etag": segment.etag, "size_bytes": segment.size}
    if segment.is_part:
        entry["range"] = f"{segment.start}-{segment.stop - 1}"
    return entry


def pieces_of(segments: Sequence[Segment], start: int, stop: int) -> Iterator[Piece]:
    """The pieces that make bytes [start, stop) of the whole, in order."""
    at = 0
    for segment in segments:
        if at >= stop:
            return
        end = at + segment.length
        if end > start:
            offset = segment.start - at
            first = max(start, at) + offset
            last = min(stop, end) + offset
            if first < last:
                yield Piece(segment, first, last)
        at = end
