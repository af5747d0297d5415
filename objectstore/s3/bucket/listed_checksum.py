"""Which checksum an object has, as its container's row tells it.  Pure.

A row's ETag carries it as its last parameter: ``ETAG; s3_checksum=CRC32`` of the whole
object, ``ETAG; s3_etag=...; s3_checksum=CRC32:COMPOSITE`` of its parts' checksums.
Today's SDKs send one with every upload, so nearly every row of a page has it: a page
is rewritten as a whole, by one replacement for each kind that there can be.
"""

from __future__ import annotations

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
_AS_SIGNS = tuple(
    (_BEGINS + value.encode() + SIZE, sign + SIZE) for value, sign in _SIGNS.items()
)
_AS_ELEMENTS = tuple((sign, elements(value).encode()) for value, sign in _SIGNS.items())


def sign_of(value: str) -> bytes:
    """What stands for the parameter's value in a page; nothing for an unknown one."""
    return _SIGNS.get(value, b"")


def with_signs(page: bytes) -> bytes:
    """A page of fields whose ETags have signs in the place of the parameter."""
    if _BEGINS in page:
        for parameter, sign in _AS_SIGNS:
            page = page.replace(parameter, sign)
    return page


def shown(page: bytes, after: bytes) -> bytes:
    """The page with elements where the signs were, each of them behind ``after``."""
    if SIGN in page:
        for sign, told in _AS_ELEMENTS:
            page = page.replace(sign + after, after + told)
    return page
