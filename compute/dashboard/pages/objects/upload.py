"""Files into a container: each as one object, a large one in segments.

The store takes objects of some GiB; what is larger is cut here as it comes, for forms
with and without scripts alike, and a manifest (of a *static large object*) puts it
together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import orjson

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects import store
from objectstore.kernel.errors import Rejected, Unavailable

NAME_BYTES_MAX = 1024
SEGMENT_BYTES = 1 << 30
# As many as a manifest may name: 1000 GiB a file.
SEGMENTS_MAX = 1000
# What other clients call the container beside.
SEGMENTS_SUFFIX = "_segments"
_UNKNOWN = "application/octet-stream"


class Cut:
    """A stream, some bytes at a time.  Pure."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._carried = b""

    def take(self, count: int) -> Iterator[bytes]:
        """The next ``count`` bytes, fewer at the end."""
        left = count
        while left and self.goes_on():
            piece, self._carried = self._carried[:left], self._carried[left:]
            left -= len(piece)
            yield piece

    def goes_on(self) -> bool:
        """Whether there is more."""
        while not self._carried:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._carried = piece
        return True


Put = Callable[[str, Iterator[bytes]], str]
"""Stores a segment of that name; its ETag."""


def put_segments(
    put: Put, base: str, pieces: Iterator[bytes], size: int = SEGMENT_BYTES
) -> list[dict[str, Any]]:
    """Cut, and store each; what the manifest names.  ``Rejected`` 413."""
    cut = Cut(pieces)
    found: list[dict[str, Any]] = []
    for number in itertools.count():
        if number and not cut.goes_on():
            return found
        if number == SEGMENTS_MAX:
            raise Rejected(413, "The file is too large.")
        counted = _Counted(cut.take(size))
        name = f"{base}/{number:08d}"
        etag = put(name, counted)
        found.append({"name": name, "etag": etag, "size_bytes": counted.count})
    raise AssertionError


class _Counted:
    """Pieces, and how many bytes they were."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self.count += len(piece)
        return piece


def folder_path(visit: Visit, prefix: str) -> str:
    """Where a folder is shown."""
    return at("objects", "c", visit["container"], prefix=prefix)


def upload_form(visit: Visit) -> Form:
    """Which files, and into which folder."""
    prefix = visit.query("prefix")
    return Form(
        "Upload files",
        [
            Field(
                "prefix",
                "Into the folder",
                values=[prefix],
                longest=NAME_BYTES_MAX,
                placeholder="photos/2026/",
                help="Left empty: into none.",
            ),
            Field("files", "Files", "upload", many=True, is_required=True),
        ],
        "Upload",
        folder_path(visit, prefix),
        "objects",
        upload_to=at("objects", "c", visit["container"], "upload"),
    )


def upload(visit: Visit, values: Values) -> Redirect:
    """Each file goes on as it comes."""
    prefix = values["prefix"].strip().lstrip("/")
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    length = int(visit.request.environ.get("CONTENT_LENGTH") or SEGMENT_BYTES + 1)
    count = 0
    for file in visit.submitted.files:
        name = prefix + (file.filename or "").replace("\\", "/").rpartition("/")[2]
        if not name or name.endswith("/") or len(name.encode()) > NAME_BYTES_MAX:
            raise BadForm({"files": "That file's name is empty or too long."})
        kind = plain_type(file.content_type)
        if length <= SEGMENT_BYTES:
            headers = {"Content-Type": kind}
            store.change(
                visit,
                "PUT",
                visit["container"],
                name,
                headers=headers,
                body=file.pieces,
            )
        else:
            _upload_in_segments(visit, name, kind, file.pieces)
        count += 1
    if not count:
        raise BadForm({"files": "Choose a file."})
    text = f"{formats.counted(count, 'file')} uploaded."
    return Redirect(folder_path(visit, prefix), Notice(text))


def _upload_in_segments(
    visit: Visit, name: str, kind: str, pieces: Iterator[bytes]
) -> None:
    """Segments first, then the manifest; of what is refused nothing is left."""
    beside = f"{visit['container']}{SEGMENTS_SUFFIX}"
    store.change(visit, "PUT", beside)
    made: list[str] = []

    def put(segment: str, some: Iterator[bytes]) -> str:
        made.append(segment)
        return store.put(visit, beside, segment, some)

    def drop() -> None:
        for segment in made:
            with suppress(Rejected, Unavailable):
                store.change(visit, "DELETE", beside, segment)

    try:
        segments = put_segments(put, f"{name}/{visit.now:.6f}", pieces)
    except (Rejected, Unavailable, OSError):
        drop()
        raise
    try:
        _put_manifest(visit, name, kind, beside, segments)
    except Rejected:
        drop()
        raise
    # Where no answer came, the manifest may be there: its segments are the file.


def _put_manifest(
    visit: Visit, name: str, kind: str, beside: str, segments: list[dict[str, Any]]
) -> None:
    manifest = [{"path": f"/{beside}/{each.pop('name')}", **each} for each in segments]
    # In pieces, for it is answered as late as a large body: each segment is looked at.
    store.change(
        visit,
        "PUT",
        visit["container"],
        name,
        headers={"Content-Type": kind},
        body=iter([orjson.dumps(manifest)]),
        query={"multipart-manifest": "put"},
    )


def plain_type(text: str) -> str:
    """A media type as it was told, when it is one."""
    is_plain = text.isascii() and text.isprintable() and "/" in text
    return text if is_plain and len(text) < 200 else _UNKNOWN


ROUTES = [form("objects/c/{container}/upload", upload_form, upload, uploads="files")]
