"""How long a message's body is, decided from its head alone: RFC 9112 section 6.

Pure.  Where the rules leave a choice, the stricter one is taken: two parties
that read one message's end at different places are how requests are smuggled.
"""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.http.limits import CHUNK_LINE_BYTES_MAX

Field = tuple[bytes, bytes]
"""A header line: name as sent, value without the space around it."""

CHUNKED = -1
"""The length of a body that says where it ends itself."""
UNTIL_CLOSE = -2
"""The length of a reply's body that ends with its connection."""

# More digits than any body has; also keeps int() off absurd inputs.
LENGTH_DIGITS_MAX = 18
CHUNK_DIGITS_MAX = 16
HEX_DIGITS = b"0123456789abcdefABCDEF"


class Malformed(ValueError):
    """A message that breaks the rules; ``status`` is what a server answers."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def parse_length(value: bytes) -> int:
    """A Content-Length: digits and nothing else."""
    if not value.isdigit() or len(value) > LENGTH_DIGITS_MAX:
        raise Malformed("Invalid Content-Length")
    return int(value)


def request_length(
    lengths: Sequence[bytes], encodings: Sequence[bytes], *, is_http_11: bool
) -> int:
    """The length of a request's body, or ``CHUNKED``.

    ``lengths`` and ``encodings`` are the values of all its Content-Length and
    Transfer-Encoding lines.
    """
    if not encodings:
        if not lengths:
            return 0
        if len(lengths) > 1:
            raise Malformed("More than one Content-Length")
        return parse_length(lengths[0])
    if lengths:
        raise Malformed("Content-Length with Transfer-Encoding")
    if not is_http_11:
        raise Malformed("Transfer-Encoding in HTTP/1.0")
    if len(encodings) > 1:
        raise Malformed("More than one Transfer-Encoding")
    if encodings[0].lower() != b"chunked":
        raise Malformed("Transfer-Encoding must be chunked", 501)
    return CHUNKED


def response_length(
    lengths: Sequence[bytes], encodings: Sequence[bytes], *, method: str, status: int
) -> int:
    """The length of a reply's body, or ``CHUNKED``, or ``UNTIL_CLOSE``."""
    if method == "HEAD" or status in (204, 304) or status < 200:
        return 0
    if encodings:
        if lengths or len(encodings) > 1 or encodings[0].lower() != b"chunked":
            raise Malformed("ambiguous framing")
        return CHUNKED
    if not lengths:
        return UNTIL_CLOSE
    if len(lengths) > 1:
        raise Malformed("more than one Content-Length")
    return parse_length(lengths[0])


def parse_chunk_line(line: bytes) -> int:
    """The size that a chunk's line announces; extensions are dropped."""
    digits, _, extension = line.partition(b";")
    digits = digits.rstrip(b" \t") if extension else digits
    if not digits or len(digits) > CHUNK_DIGITS_MAX:
        raise Malformed("Invalid chunk size")
    if digits.strip(HEX_DIGITS) or len(line) > CHUNK_LINE_BYTES_MAX:
        raise Malformed("Invalid chunk size")
    if b"\r" in extension or b"\0" in extension:
        raise Malformed("Invalid chunk extension")
    return int(digits, 16)
