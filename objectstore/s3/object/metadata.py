"""User metadata between ``x-amz-meta-*`` and ``X-Object-Meta-*``.

The same items are seen through both faces.  Three things differ: S3 clients may
send RFC 2047 words where Swift has plain UTF-8; S3 takes values longer than
Swift's 256 bytes, which are kept in system metadata and seen through S3 only; and
names with underscores, which Swift shows with dashes, S3 gives back as they came.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
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
_FIELD_PREFIX = b"x-amz-meta-"
# An encoded word may hold what no reply could ever say again.
_NEVER_IN_VALUES = frozenset("\r\n\0")
# The header lines as they came, from the edge.
_FIELDS_KEY = "ringstack.header_fields"


def from_request(operation: Operation) -> dict[str, str]:
    """The request's items by name (lower case), decoded."""
    items: dict[str, str] = {}
    spelled: Mapping[str, str] | None = None
    size = 0
    environ = operation.environ
    for key in operation.extras:
        if key[:16] == _ENVIRON_PREFIX:
            if spelled is None:
                spelled = _spelled(environ.get(_FIELDS_KEY, ()))
            name = key[16:].lower().replace("_", "-")
            name = spelled.get(name, name)
            raw = environ[key]
            if name and len(name) <= SWIFT_NAME_BYTES_MAX:
                value = decode(raw)
                if not _NEVER_IN_VALUES.isdisjoint(value):
                    raise S3Error("InvalidArgument", "Invalid metadata value")
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


def _spelled(fields: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Dashed names to those with underscores that they came as.

    Of twins the one with dashes is what the environ has.
    """
    found: dict[str, str] = {}
    dashed = set()
    for raw, _ in fields:
        if raw[:11].lower() == _FIELD_PREFIX:
            name = raw[11:].decode("latin-1").lower()
            if "_" in name:
                found[name.replace("_", "-")] = name
            else:
                dashed.add(name)
    return {name: spelling for name, spelling in found.items() if name not in dashed}


def to_inner(items: dict[str, str]) -> dict[str, str]:
    """The inner headers that store the items."""
    headers = {
        (LONG_PREFIX if _is_long(value) else SWIFT_PREFIX)
        + name.replace("_", "-"): value
        for name, value in items.items()
    }
    spelled = [name for name in items if "_" in name]
    if spelled:
        headers[sysmeta.SPELLING] = ",".join(spelled)
    return headers


def spellings(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Of an inner answer: dashed names to how the client spelt them."""
    stored = headers.get(sysmeta.SPELLING, "")
    return {name.replace("_", "-"): name for name in stored.split(",")}


def _is_long(value: str) -> bool:
    # Empty values would remove the item; Swift keeps no empty metadata.
    return not value or len(value.encode()) > SWIFT_VALUE_BYTES_MAX


def of_answer(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(name, value) of each item in an inner answer's headers."""
    spelled = spellings(headers)
    for header, value in headers.items():
        for prefix in (SWIFT_PREFIX, LONG_PREFIX):
            if header.startswith(prefix):
                name = header[len(prefix) :]
                yield spelled.get(name, name), value


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
