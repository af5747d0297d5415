"""Which checksum an object has, as its container's row tells it.  Pure.

A row's ETag carries it as its last parameter: ``ETAG; s3_checksum=CRC32`` of the whole
object, ``ETAG; s3_etag=...; s3_checksum=CRC32:COMPOSITE`` of its parts' checksums.
Today's SDKs send one with every upload, so nearly every row of a page has it: a page
is rewritten as a whole, by one replacement for each kind that it has.
"""

from __future__ import annotations

import re

from objectstore.s3.payload.checksums import (
    ALGORITHMS,
    COMPOSITE,
    FULL_OBJECT,
    LISTED,
)
from objectstore.s3.xml.write import text
from objectstore.wire.listing_forms import SIZE

# Begins a checksum's sign in a page: a byte that no UTF-8 has, none of the marks of
# ``wire.listing_forms``.  The letter after it tells which.
SIGN = b"\xf9"
_BEGINS = f"; {LISTED}=".encode()


def elements(value: str) -> str:
    """The elements that S3 shows for the parameter's value; "" of an unknown one."""
    algorithm, _, kind = value.partition(":")
    if algorithm not in ALGORITHMS or kind not in ("", COMPOSITE):
        return ""
    return text("ChecksumAlgorithm", algorithm) + text(
        "ChecksumType", kind or FULL_OBJECT
    )


_VALUES = tuple(
    value
    for algorithm in ALGORITHMS
    for value in (algorithm, f"{algorithm}:{COMPOSITE}")
)
_SIGNS = {
    value: SIGN + bytes((ord("A") + number,)) for number, value in enumerate(_VALUES)
}
_ELEMENTS = {sign: elements(value).encode() for value, sign in _SIGNS.items()}
# Only before the size: a name may hold the same text.
_LAST = re.compile(re.escape(_BEGINS) + b"([A-Z0-9:]+)" + SIZE)
_SIGNED = re.compile(SIGN + b".")


def sign_of(value: str) -> bytes:
    """What stands for the parameter's value in a page; nothing for an unknown one."""
    return _SIGNS.get(value, b"")


def with_signs(page: bytes) -> bytes:
    """A page of fields whose ETags have signs in the place of the parameter."""
    if _BEGINS in page:
        # Nearly always one kind.
        for value in set(_LAST.findall(page)):
            sign = _SIGNS.get(value.decode(), b"")
            page = page.replace(_BEGINS + value + SIZE, sign + SIZE)
    return page


def shown(page: bytes, before: bytes, after: bytes) -> bytes:
    """The page with elements where the signs were, and these around them in the place
    of SIZE."""
    for sign in set(_SIGNED.findall(page)):
        page = page.replace(sign + SIZE, before + _ELEMENTS[sign] + after)
    return page.replace(SIZE, before + after)
