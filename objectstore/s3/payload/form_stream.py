"""A ``multipart/form-data`` body: small fields, then one file, streamed.

The fields are read into memory within limits; the file's bytes are handed out as
a ``wsgi.input`` until the boundary that ends them.  Whatever follows the file is
ignored, as S3 does.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass, field
from typing import Any

from objectstore.s3.errors import S3Error
from objectstore.s3.payload.checksums import Expected, to_store

# AWS's limit for everything before the file.
FIELDS_BYTES_MAX = 20 * 1024
FIELDS_MAX = 100
BOUNDARY_LENGTH_MAX = 70  # RFC 2046
READ_BYTES = 64 * 1024
# How far a file that is too large is read on to tell its size.
COUNTED_BYTES_MAX = 1024 * 1024


@dataclass(slots=True)
class Form:
    """What stood before the file; names are lower case."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str = ""


class FormStream:
    """Reads the form; afterwards it is the file's bytes."""

    __slots__ = (
        "_buffer",
        "_delimiter",
        "_done",
        "_expected",
        "_least",
        "_most",
        "_size",
        "_source",
        "_summer",
        "failure",
    )

    def __init__(self, source: Any, content_type: str) -> None:
        self._source = source
        self._buffer = b"\r\n"
        self._delimiter = b"\r\n--" + _boundary(content_type)
        self._done = False
        self._size = 0
        self._least = 0
        # Why the file was refused while it was read.
        self.failure: S3Error | None = None
        self._most = -1
        self._expected: Expected | None = None
        self._summer: Any = None

    def read_form(self) -> Form:
        """All fields up to the file's first byte."""
        form = Form()
        self._until(self._delimiter)
        for _ in range(FIELDS_MAX):
            line = self._until(b"\r\n").strip()
            if line == b"--":  # the form's end
                raise S3Error("IncorrectNumberOfFilesInPostRequest")
            if line:
                raise S3Error("MalformedPOSTRequest")
            name, file_name = self._part_head()
            if name == "file":
                form.file_name = file_name
                return form
            value = self._until(self._delimiter)
            form.fields[name] = _text(value)
            if sum(map(len, form.fields.values())) > FIELDS_BYTES_MAX:
                raise S3Error("MaxPostPreDataLengthExceededError")
        raise S3Error("MaxPostPreDataLengthExceededError")

    def limit(self, least: int, most: int) -> None:
        """What ``content-length-range`` allows; judged while the file is read."""
        self._least, self._most = least, most

    def expect(self, expected: Expected | None) -> None:
        """The checksum that the file must have; judged at its end."""
        self._expected = expected
        if expected is not None:
            self._summer = expected.algorithm.make()

    def footers(self) -> dict[str, str]:
        """The file's checksum as system metadata, once it has been read."""
        expected = self._expected
        if expected is None:
            return {}
        return to_store(expected.algorithm.name, expected.value)

    @property
    def size(self) -> int:
        """How many bytes of the file have been read."""
        return self._size

    def read(self, size: int | None = -1) -> bytes:
        """The file's next bytes, ``b""`` at its end."""
        left = sys.maxsize if size is None or size < 0 else size
        pieces = []
        while left and (piece := self._file_piece(left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def readinto(self, view: Any) -> int:
        """Fill ``view``; fewer bytes only at the file's end."""
        target = memoryview(view).cast("B")
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)

    def _file_piece(self, most: int) -> bytes:
        if self._done:
            return b""
        while True:
            stop = self._buffer.find(self._delimiter)
            if stop == 0:
                self._done = True
                if self._size < self._least:
                    raise self._failed(
                        "EntityTooSmall",
                        ProposedSize=str(self._size),
                        MinSizeAllowed=str(self._least),
                    )
                self._check_sum()
                return b""
            # A delimiter may begin within the last bytes: keep those back.
            safe = stop if stop > 0 else len(self._buffer) - len(self._delimiter) + 1
            if safe > 0:
                piece = self._buffer[: min(safe, most)]
                self._buffer = self._buffer[len(piece) :]
                self._size += len(piece)
                if 0 <= self._most < self._size:
                    raise self._too_large()
                if self._summer is not None:
                    self._summer.update(piece)
                return piece
            self._fill()

    def _check_sum(self) -> None:
        expected = self._expected
        if expected is None:
            return
        found = base64.b64encode(self._summer.digest()).decode()
        if found != expected.value:
            raise self._failed("BadDigest")

    def _too_large(self) -> S3Error:
        """The error; it tells the size, unless that is far beyond the limit."""
        sizes = {"MaxSizeAllowed": str(self._most)}
        while self._size <= self._most + COUNTED_BYTES_MAX:
            stop = self._buffer.find(self._delimiter)
            if stop >= 0:
                sizes = {"ProposedSize": str(self._size + stop), **sizes}
                break
            passed = max(len(self._buffer) - len(self._delimiter) + 1, 0)
            self._size += passed
            self._buffer = self._buffer[passed:]
            self._fill()
        return self._failed("EntityTooLarge", **sizes)

    def _failed(self, code: str, **details: str) -> S3Error:
        self.failure = S3Error(code)
        self.failure.details |= details
        return self.failure

    def _part_head(self) -> tuple[str, str]:
        name = file_name = ""
        while line := self._until(b"\r\n"):
            header, _, value = _text(line).partition(":")
            if header.strip().lower() == "content-disposition":
                parameters = _parameters(value)
                name = parameters.get("name", "").lower()
                file_name = parameters.get("filename", "")
        if not name:
            raise S3Error("MalformedPOSTRequest")
        return name, file_name

    def _until(self, mark: bytes) -> bytes:
        while (stop := self._buffer.find(mark)) < 0:
            if len(self._buffer) > FIELDS_BYTES_MAX:
                raise S3Error("MaxPostPreDataLengthExceededError")
            self._fill()
        found, self._buffer = self._buffer[:stop], self._buffer[stop + len(mark) :]
        return found

    def _fill(self) -> None:
        read = getattr(self._source, "read1", None) or self._source.read
        data = read(READ_BYTES)
        if not data:
            raise self._failed("IncompleteBody")
        self._buffer += data


def _boundary(content_type: str) -> bytes:
    boundary = _parameters(content_type).get("boundary", "")
    if not 0 < len(boundary) <= BOUNDARY_LENGTH_MAX:
        raise S3Error("MalformedPOSTRequest")
    return boundary.encode("latin-1", "replace")


def _parameters(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in value.split(";")[1:]:
        name, equals, text = part.strip().partition("=")
        if equals:
            found[name.lower()] = text.strip('"')
    return found


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise S3Error("MalformedPOSTRequest") from None
