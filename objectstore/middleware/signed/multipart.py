"""multipart/form-data as a stream: parts one after the other, nothing buffered whole.

RFC 7578.  Memory is bounded by ``HEADER_BYTES_MAX`` and one piece.  The parts
must be taken in order; taking the next one skips what is left of the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

PIECE_BYTES = 64 * 1024
# A part's headers: a name, a file name, a content type.
HEADER_BYTES_MAX = 16 * 1024
BOUNDARY_CHARACTERS_MAX = 200

# The standard library's parser knows more than a form may have (RFC 7578 forbids
# continuations and other character sets), and fails on what anybody may send.
_PARAMETER = re.compile(
    r""";\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.?)*)(?:"|$)|([^;]*))""", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


class BadForm(ValueError):
    """The body is not what the boundary promised; the message says how."""


class Part:
    """One field or file of the form."""

    def __init__(self, headers: dict[str, str], pieces: Iterator[bytes]) -> None:
        self.headers = headers  # lower-case names
        self._pieces = pieces
        kind, parameters = parse_value(headers.get("content-disposition", ""))
        self.is_form_data = kind == "form-data"
        self.name = parameters.get("name", "")
        self.filename = parameters.get("filename", "")

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def text(self, limit: int) -> str:
        """A field's value, cut off after ``limit`` bytes."""
        value = b""
        for piece in self._pieces:
            value += piece[: limit - len(value)]
        return value.decode("utf-8", "replace")


def parts_of(read: Callable[[int], bytes], boundary: str) -> Iterator[Part]:
    """The parts of the body that ``read`` gives.  Raises ``BadForm``."""
    yield from _Reader(read, boundary.encode()).parts()


def parse_value(text: str) -> tuple[str, dict[str, str]]:
    """A header such as ``form-data; name="x"``: its value, and its parameters.

    Any text is one: what cannot be made sense of is passed over.
    """
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(text):
        name, quoted, plain = found.groups()
        value = plain.strip() if quoted is None else _ESCAPED.sub(r"\1", quoted)
        parameters.setdefault(name.lower(), value)
    return text.partition(";")[0].strip().lower(), parameters


class _Reader:
    def __init__(self, read: Callable[[int], bytes], boundary: bytes) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary
        # So that the first boundary, at the body's very start, looks like the rest.
        self._buffer = b"\r\n"

    def parts(self) -> Iterator[Part]:
        self._need(len(self._delimiter))
        if not self._buffer.startswith(self._delimiter):
            raise BadForm("invalid starting boundary")
        self._buffer = self._buffer[len(self._delimiter) :]
        while True:
            self._need(2)
            if self._buffer.startswith(b"--"):
                return
            headers = self._headers()
            pieces = self._pieces()
            yield Part(headers, pieces)
            for _ in pieces:
                pass

    def _headers(self) -> dict[str, str]:
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > HEADER_BYTES_MAX:
                raise BadForm("headers of a part are too long")
            self._more()
            end = self._buffer.find(b"\r\n\r\n")
        block, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        headers: dict[str, str] = {}
        for line in block.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if colon:
                text = value.strip().decode("utf-8", "replace")
                headers[name.strip().lower().decode("latin-1")] = text
        # What is left begins with the CRLF that ended the headers, so that an
        # empty part's delimiter is found too.
        return headers

    def _pieces(self) -> Iterator[bytes]:
        skip = 2
        keep = len(self._delimiter) - 1
        while True:
            at = self._buffer.find(self._delimiter)
            if at >= 0:
                piece = self._buffer[skip:at]
                self._buffer = self._buffer[at + len(self._delimiter) :]
                if piece:
                    yield piece
                return
            safe = len(self._buffer) - keep
            if safe > skip:
                piece = self._buffer[skip:safe]
                self._buffer = self._buffer[safe:]
                skip = 0
                yield piece
            self._more()

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            self._more()

    def _more(self) -> None:
        data = self._read(PIECE_BYTES)
        if not data:
            raise BadForm("the form ends too early")
        self._buffer += data
