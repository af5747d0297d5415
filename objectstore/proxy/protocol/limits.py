"""How long, large and many things may be: Swift's published limits, and checks.

Clients read the same numbers from ``/info``; they count UTF-8 bytes.
"""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.limits import HEADER_COUNT_MAX
from objectstore.kernel.metadata_limits import (
    METADATA_COUNT_MAX,
    METADATA_NAME_MAX,
    METADATA_OVERALL_MAX,
    METADATA_VALUE_MAX,
    utf8_length,
)

# Swift's defaults, which its clients and test suites expect.
OBJECT_BYTES_MAX = 5 * 1024**3 + 2
ACCOUNT_NAME_MAX = 256
CONTAINER_NAME_MAX = 256
OBJECT_NAME_MAX = 1024
HEADER_MAX = 8192
# Headers of a request beside those of metadata, as its clients reckon.
PLAIN_HEADER_COUNT = 36
# And what we take beyond that, unless the server's limit was changed.
EXTRA_HEADER_COUNT = HEADER_COUNT_MAX - METADATA_COUNT_MAX - PLAIN_HEADER_COUNT
LISTING_MAX = 10_000

# Names that begin with it are the house's own; it separates their parts.
RESERVED = "\0"
# What a reserved name may be longer than the client's name in it.
RESERVED_MORE = 64
# Sorts behind every reserved name and before all others.
RESERVED_END = "\0\U0010ffff"


def published() -> dict[str, int]:
    """The limits under the names that ``/info`` gives them."""
    return {
        "max_file_size": OBJECT_BYTES_MAX,
        "max_account_name_length": ACCOUNT_NAME_MAX,
        "max_container_name_length": CONTAINER_NAME_MAX,
        "max_object_name_length": OBJECT_NAME_MAX,
        "max_meta_name_length": METADATA_NAME_MAX,
        "max_meta_value_length": METADATA_VALUE_MAX,
        "max_meta_count": METADATA_COUNT_MAX,
        "max_meta_overall_size": METADATA_OVERALL_MAX,
        "max_header_size": HEADER_MAX,
        "extra_header_count": EXTRA_HEADER_COUNT,
        "account_listing_limit": LISTING_MAX,
        "container_listing_limit": LISTING_MAX,
    }


def check_account_name(name: str, *, allow_reserved: bool = False) -> None:
    """Rejected when the name is too long or holds a NUL that it must not."""
    _check_name("Account", name, ACCOUNT_NAME_MAX, allow_reserved)


def check_container_name(name: str, *, allow_reserved: bool = False) -> None:
    """Rejected when the name is too long or holds a NUL that it must not."""
    _check_name("Container", name, CONTAINER_NAME_MAX, allow_reserved)


def check_object_name(name: str, *, allow_reserved: bool = False) -> None:
    """Rejected when the name is too long or holds a NUL that it must not."""
    _check_name("Object", name, OBJECT_NAME_MAX, allow_reserved)


def _check_name(kind: str, name: str, length_max: int, allow_reserved: bool) -> None:
    # A character is at most 4 bytes: short names need no counting.
    if len(name) * 4 > length_max:
        length = utf8_length(name)
        if allow_reserved and name[0] == RESERVED:
            length_max += RESERVED_MORE
        if length > length_max:
            raise Rejected(
                400, f"{kind} name length of {length} longer than {length_max}"
            )
    if RESERVED in name and not allow_reserved:
        raise Rejected(412, "Invalid UTF8 or contains NULL")


def check_header(name: str, value: str) -> None:
    """Rejected 400 when a header that is kept is too long."""
    if len(value) > HEADER_MAX:
        raise Rejected(400, f"Header value too long: {name[:64]}")
