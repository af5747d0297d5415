"""The head of a reply, in bytes.  Pure.

Knows which of the application's headers decide framing and connection, adds
what is missing, and refuses what would split the head.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from typing import NamedTuple

HeaderPairs = Iterable[tuple[str, str]]

# What a header's name means here.
ORDINARY, LENGTH, DATE, HOP_BY_HOP = range(4)
_KINDS: dict[str, int] = {}
_KINDS_MAX = 2000
_SPECIAL = {
    "content-length": LENGTH,
    "date": DATE,
    "connection": HOP_BY_HOP,
    "keep-alive": HOP_BY_HOP,
    "transfer-encoding": HOP_BY_HOP,
}
TOKEN_SIGNS = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


class BadReply(ValueError):
    """The application's status or headers cannot be sent."""


class HeadFacts(NamedTuple):
    """What the application's head says of its body and of the connection."""

    lines: list[str]
    length: int | None  # its Content-Length
    has_date: bool
    closes: bool  # it asked for Connection: close


def read_head(status: str, headers: HeaderPairs) -> HeadFacts:
    """Check the application's head and start the lines of ours."""
    lines = [f"HTTP/1.1 {status}\r\n"]
    length: int | None = None
    has_date = closes = False
    for name, value in headers:
        kind = _KINDS.get(name)
        if kind is None:
            kind = _kind_of(name)
        if kind == ORDINARY:
            lines.append(f"{name}: {value}\r\n")
        elif kind == LENGTH:
            if length is not None or not (value.isascii() and value.isdigit()):
                raise BadReply(f"bad Content-Length {value!r}")
            length = int(value)
        elif kind == DATE:
            has_date = True
            lines.append(f"{name}: {value}\r\n")
        elif value.lower() == "close":
            closes = True
    return HeadFacts(lines, length, has_date, closes)


def encode_head(lines: list[str]) -> bytes:
    """The head's bytes.  A line end inside a value would make two of one."""
    text = "".join(lines)
    count = len(lines)
    if text.count("\n") != count or text.count("\r") != count or "\0" in text:
        raise BadReply("a line end or NUL in the status or in a header's value")
    try:
        return text.encode("latin-1") + b"\r\n"
    except UnicodeEncodeError:
        raise BadReply("a header's value is not latin-1") from None


def _kind_of(name: str) -> int:
    if not name or not TOKEN_SIGNS.issuperset(name):
        raise BadReply(f"bad header name {name!r}")
    kind = _SPECIAL.get(name.lower(), ORDINARY)
    if len(_KINDS) < _KINDS_MAX:
        _KINDS[name] = kind
    return kind


class DateLine:
    """The Date header's line, made once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._line = ""

    def at(self, now: float) -> str:
        """The line for the wall time ``now``."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n"
        return self._line
