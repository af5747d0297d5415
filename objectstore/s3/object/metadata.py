"""User metadata between ``x-amz-meta-*`` and ``X-Object-Meta-*``.

The same items are seen through both faces.  Two things differ: S3 clients may
send RFC 2047 words where Swift has plain UTF-8; and S3 takes values longer than
Swift's 256 bytes, which are kept in system metadata and seen through S3 only.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header

from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation

METADATA_BYTES_MAX = 2048  # AWS's limit for all names and values together
SWIFT_VALUE_BYTES_MAX = 256
SWIFT_NAME_BYTES_MAX = 128
SWIFT_PREFIX = "x-object-meta-"
LONG_PREFIX = sysmeta.TRANSIENT + "meta-"
_ENVIRON_PREFIX = "HTTP_X_AMZ_META_"


def from_request(operation: Operation) -> dict[str, str]:
    """The request's items by name (lower case), decoded."""
    items: dict[str, str] = {}
    size = 0
    environ = operation.environ
    for key in operation.extras:
        if key[:16] == _ENVIRON_PREFIX:
            name = key[16:].lower().replace("_", "-")
            raw = environ[key]
            if name and len(name) <= SWIFT_NAME_BYTES_MAX:
                value = decode(raw)
                size += len(name) + len(value.encode())
                items[name] = value
            else:
                raise S3Error("InvalidArgument", "Invalid metadata name")
    if size > METADATA_BYTES_MAX:
        raise S3Error(
            "MetadataTooLarge",
            Size=str(size),
            MaxSizeAllowed=str(METADATA_BYTES_MAX),
        )
    return items


def to_inner(items: dict[str, str]) -> dict[str, str]:
    """The inner headers that store the items."""
    return {
        (LONG_PREFIX if _is_long(value) else SWIFT_PREFIX) + name: value
        for name, value in items.items()
    }


def _is_long(value: str) -> bool:
    # Empty values would remove the item; Swift keeps no empty metadata.
    return not value or len(value.encode()) > SWIFT_VALUE_BYTES_MAX


def of_answer(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(name, value) of each item in an inner answer's headers."""
    for name, value in headers.items():
        if name.startswith(SWIFT_PREFIX):
            yield name[len(SWIFT_PREFIX) :], value
        elif name.startswith(LONG_PREFIX):
            yield name[len(LONG_PREFIX) :], value


def decode(raw: str) -> str:
    """A header's value (latin-1-carried) as text, RFC 2047 words decoded."""
    try:
        value = raw if raw.isascii() else raw.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        # Some clients send latin-1 itself.
        value = raw
    if "=?" not in value:
        return value
    try:
        pieces = [
            piece.decode(charset or "ascii") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value)
        ]
    except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
        return value
    return "".join(pieces)


def encode(value: str) -> str:
    """Text as AWS puts it into a header: ASCII, or one RFC 2047 word."""
    if value.isascii():
        return value
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="
