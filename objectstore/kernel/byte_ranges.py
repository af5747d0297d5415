"""Range requests (RFC 9110, 14): what is asked for, and multipart/byteranges.

A Range header that is not understood is no Range header.  One that asks for
nothing that is there, or for very many or overlapping pieces, is answered 416:
a small request must not cost a large one (limits as Swift has them).
"""

from __future__ import annotations

from collections.abc import Sequence

RANGES_MAX = 50
OVERLAPS_MAX = 2
DESCENDING_MAX = 8

# (first, last) as written, inclusive; None where left out.
RangeSpec = tuple[int | None, int | None]
# [start, stop) in bytes of the body.
Slice = tuple[int, int]

# More digits say only "beyond the end of any object": they are not worth reading.
_DIGITS_MAX = 19
_BEYOND = 10**_DIGITS_MAX


def parse_range(header: str) -> list[RangeSpec] | None:
    """The ranges asked for; None when the header is malformed: ignore it."""
    unit, equals, rest = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    specs: list[RangeSpec] = []
    for item in rest.split(","):
        first_text, dash, last_text = item.strip().partition("-")
        first, last = _number(first_text), _number(last_text)
        if not dash or first == -1 or last == -1 or (first is None and last is None):
            return None
        if first is not None and last is not None and last < first:
            return None
        specs.append((first, last))
    return specs


def _number(text: str) -> int | None:
    """None for empty text, -1 for what is no number."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        return -1
    digits = text.lstrip("0")
    return int(digits or 0) if len(digits) <= _DIGITS_MAX else _BEYOND


def resolve(specs: Sequence[RangeSpec], size: int) -> list[Slice]:
    """The slices of a body of ``size`` bytes; empty: not satisfiable (416)."""
    if len(specs) > RANGES_MAX:
        return []
    slices: list[Slice] = []
    for first, last in specs:
        if first is None:
            assert last is not None
            start, stop = max(0, size - last), size
        else:
            start, stop = first, size if last is None else min(last + 1, size)
        if start < stop:
            slices.append((start, stop))
    return [] if _is_abuse(slices) else slices


def _is_abuse(slices: Sequence[Slice]) -> bool:
    overlaps = descending = 0
    for place, (start, stop) in enumerate(slices):
        if place and start < slices[place - 1][0]:
            descending += 1
        for other_start, other_stop in slices[:place]:
            if start < other_stop and other_start < stop:
                overlaps += 1
    return overlaps > OVERLAPS_MAX or descending > DESCENDING_MAX


def content_range(piece: Slice, size: int) -> str:
    """The Content-Range header of a slice."""
    return f"bytes {piece[0]}-{piece[1] - 1}/{size}"


class Multipart:
    """The framing of several slices in one multipart/byteranges reply."""

    def __init__(
        self, slices: Sequence[Slice], size: int, content_type: str, boundary: str
    ) -> None:
        self.slices = tuple(slices)
        self.boundary = boundary
        self.heads = [
            (
                f"--{boundary}\r\nContent-Type: {content_type}\r\n"
                f"Content-Range: {content_range(piece, size)}\r\n\r\n"
            ).encode()
            for piece in slices
        ]
        self.tail = f"--{boundary}--".encode()

    @property
    def content_type(self) -> str:
        """The content type of the whole reply."""
        return f"multipart/byteranges;boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Of the whole reply's body: heads, slices with their line ends, tail."""
        body = sum(stop - start + 2 for start, stop in self.slices)
        return body + sum(map(len, self.heads)) + len(self.tail)
