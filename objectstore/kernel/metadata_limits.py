"""How much metadata clients may give to one thing: Swift's published limits.

Clients read the same numbers from ``/info``; they count UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.kernel.errors import Rejected

METADATA_NAME_MAX = 128
METADATA_VALUE_MAX = 256
METADATA_COUNT_MAX = 90
METADATA_OVERALL_MAX = 4096


def utf8_length(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def check_metadata(items: Iterable[tuple[str, str]]) -> None:
    """Rejected 400 when user metadata breaks a limit.

    ``items`` are (name without its prefix, value).
    """
    count = overall = 0
    for name, value in items:
        name_length, value_length = utf8_length(name), utf8_length(value)
        count += 1
        overall += name_length + value_length
        if not name:
            raise Rejected(400, "Metadata name cannot be empty")
        if "\0" in value:
            raise Rejected(400, "Metadata must be valid UTF-8")
        if name_length > METADATA_NAME_MAX:
            raise Rejected(400, f"Metadata name too long: {name_length}")
        if value_length > METADATA_VALUE_MAX:
            raise Rejected(
                400, f"Metadata value longer than {METADATA_VALUE_MAX}: {name}"
            )
    if count > METADATA_COUNT_MAX:
        raise Rejected(400, f"Too many metadata items; max {METADATA_COUNT_MAX}")
    if overall > METADATA_OVERALL_MAX:
        raise Rejected(400, f"Total metadata too large; max {METADATA_OVERALL_MAX}")
