"""Forms with files (RFC 7578), read as they come: a file is never held whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from objectstore.kernel.errors import Rejected

PIECE_BYTES = 256 * 1024
HEAD_BYTES_MAX = 16 * 1024
BOUNDARY_CHARACTERS_MAX = 70
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))')
_PARAMETER = re.compile(r'\b(name|filename)="((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class Part:
    """One field; ``filename`` None: no file."""

    name: str
    filename: str | None
    content_type: str
    pieces: Iterator[bytes]


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts.  ``Rejected`` 400."""
    match = _BOUNDARY.search(content_type)
    text = (match[1] or match[2]) if match else ""
    if not text or len(text) > BOUNDARY_CHARACTERS_MAX or not text.isascii():
        raise Rejected(400, "The form has no boundary")
    return text.encode()


class Multipart:
    """The parts of one body, in their order."""

    def __init__(self, read: Callable[[int], bytes], boundary: bytes) -> None:
        """``read(n)``: up to n bytes, none at the end."""
        self._read = read
        # A line break before the first boundary too makes all of them alike.
        self._buffer = bytearray(b"\r\n")
        self._mark = b"\r\n--" + boundary

    def parts(self) -> Iterator[Part]:
        """Each is skipped to its end when the next is asked for."""
        for _ in self._until_mark():
            pass
        while self._goes_on():
            part = self._begin()
            yield part
            for _ in part.pieces:
                pass

    def _goes_on(self) -> bool:
        """After a mark: whether another part follows."""
        self._want(2)
        ending = bytes(self._buffer[:2])
        del self._buffer[:2]
        if ending == b"--":
            return False
        if ending != b"\r\n":
            raise Rejected(400, "The form is malformed")
        return True

    def _begin(self) -> Part:
        head = self._head()
        name, filename, kind = "", None, ""
        for line in head.split("\r\n"):
            field, _, value = line.partition(":")
            if field.strip().lower() == "content-disposition":
                found = {key: _plain(text) for key, text in _PARAMETER.findall(value)}
                name, filename = found.get("name", ""), found.get("filename")
            elif field.strip().lower() == "content-type":
                kind = value.strip()
        return Part(name, filename, kind, self._until_mark())

    def _head(self) -> str:
        # A part may have no head at all; then the blank line comes at once.
        while (end := (b"\r\n" + self._buffer).find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEAD_BYTES_MAX or not self._fill():
                raise Rejected(400, "The form is malformed")
        head = bytes(self._buffer[: max(end - 2, 0)])
        del self._buffer[: end + 2]
        return head.decode("utf-8", "replace")

    def _until_mark(self) -> Iterator[bytes]:
        while (end := self._buffer.find(self._mark)) < 0:
            # The end of what is here may be the begin of a mark.
            certain = len(self._buffer) - len(self._mark) + 1
            if certain > 0:
                piece = bytes(self._buffer[:certain])
                del self._buffer[:certain]
                yield piece
            if not self._fill():
                raise Rejected(400, "The form ends in the middle")
        piece = bytes(self._buffer[:end])
        del self._buffer[: end + len(self._mark)]
        if piece:
            yield piece

    def _want(self, count: int) -> None:
        while len(self._buffer) < count:
            if not self._fill():
                raise Rejected(400, "The form ends in the middle")

    def _fill(self) -> bool:
        piece = self._read(PIECE_BYTES)
        self._buffer += piece
        return bool(piece)


def _plain(text: str) -> str:
    """Browsers write quotes and line breaks with percents, others with backslashes."""
    text = re.sub(r"\\(.)", r"\1", text)
    for code, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, character)
    return text
