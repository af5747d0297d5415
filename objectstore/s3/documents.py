"""Configuration documents as header values, and back.

Policies and XML configurations live in the container's system metadata, where
they are cached with everything else known of it.  A header's value is one line
of limited length, so documents are deflated, base64-encoded and cut into several
headers: ``...-Policy``, ``...-Policy-1`` ...
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping

from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error

# Below the 8 KiB that the store takes for one header.
PIECE_BYTES_MAX = 7 * 1024
# Together 28 KiB.  A policy of 20 KB, the most that AWS takes, needs about a
# fifth of it; a lifecycle of 1,000 rules about all.
PIECES_MAX = 4
# What unpacks to more was not packed by us.
UNPACKED_BYTES_MAX = 1024 * 1024


def pack(
    name: str, text: str, error: str = "MaxMessageLengthExceeded"
) -> dict[str, str]:
    """The headers that set a container's document; "" removes it."""
    packed = base64.b64encode(zlib.compress(text.encode(), 6)).decode() if text else ""
    if len(packed) > PIECE_BYTES_MAX * PIECES_MAX:
        raise S3Error(error)
    return {
        _piece_name(name, number): packed[
            number * PIECE_BYTES_MAX : (number + 1) * PIECE_BYTES_MAX
        ]
        for number in range(PIECES_MAX)
    }


def pack_new(name: str, text: str) -> dict[str, str]:
    """The same for a container that does not exist yet: nothing to remove."""
    return {key: value for key, value in pack(name, text).items() if value}


def unpack(name: str, metadata: Mapping[str, str]) -> str:
    """The document in a container's (lower-case) headers; "" without."""
    pieces = []
    for number in range(PIECES_MAX):
        piece = metadata.get(_piece_name(name, number), "")
        if not piece:
            break
        pieces.append(piece)
    if not pieces:
        return ""
    return (
        zlib.decompressobj()
        .decompress(base64.b64decode("".join(pieces)), UNPACKED_BYTES_MAX)
        .decode()
    )


def _piece_name(name: str, number: int) -> str:
    return sysmeta.CONTAINER + (f"{name}-{number}" if number else name)
