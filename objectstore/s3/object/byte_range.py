"""One byte range of a body of known size.  Pure."""

from __future__ import annotations


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """[start, stop) of ``bytes=a-b``, ``a-`` or ``-n``; None when it is no single
    range (it is ignored then).  An unsatisfiable one is ``(0, 0)``."""
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash:
        return None
    if not all(
        text.isascii() and (text.isdigit() or not text) for text in (first, last)
    ):
        return None
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        return (size - length, size) if length else (0, 0)
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return (start, stop) if start < size else (0, 0)
