"""What a backup consists of: pure.

A volume is cut into *pieces* of equal size.  A backup names for each piece its SHA-256
and the backup that holds it: itself, or for an incremental one an ancestor.  Pieces of
zeroes are named by "" and held by nobody.  The names stand in *sheets* of a bounded
number of pieces, the sheets' own hashes in the *head*, and the head's hash in the
database: what is read back is checked from there down to the last byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.errors import Corrupt

VERSION = 1
PIECES_IN_A_SHEET = 4096
"""A sheet is some 300 KiB, and a volume of 64 TiB has two thousand of them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece; ``sha256`` "" for zeroes."""

    sha256: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The list of sheets."""

    size_bytes: int
    piece_bytes: int
    sheets: tuple[str, ...]


def sha256_of(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_head(head: Head) -> bytes:
    """To be stored."""
    return orjson.dumps(
        {
            "version": VERSION,
            "size_bytes": head.size_bytes,
            "piece_bytes": head.piece_bytes,
            "sheets": head.sheets,
        }
    )


def read_head(raw: bytes, sha256: str) -> Head:
    """``Corrupt`` when it is not the one with that hash, or of no version of ours."""
    found = _checked(raw, sha256, "head")
    if found.get("version") != VERSION:
        raise Corrupt(f"a backup of version {found.get('version')} is not known")
    return Head(found["size_bytes"], found["piece_bytes"], tuple(found["sheets"]))


def write_sheet(pieces: Sequence[Piece]) -> bytes:
    """To be stored."""
    holders = sorted({piece.holder for piece in pieces if piece.sha256})
    numbers = {holder: number for number, holder in enumerate(holders)}
    named = [
        [piece.sha256, numbers[piece.holder]] if piece.sha256 else 0 for piece in pieces
    ]
    return orjson.dumps({"holders": holders, "pieces": named})


def read_sheet(raw: bytes, sha256: str) -> list[Piece]:
    """``Corrupt`` when it is not the one with that hash."""
    found = _checked(raw, sha256, "sheet")
    holders = found["holders"]
    return [
        Piece(each[0], holders[each[1]]) if each else Piece()
        for each in found["pieces"]
    ]


def _checked(raw: bytes, sha256: str, what: str) -> Any:
    if sha256_of(raw) != sha256:
        raise Corrupt(f"a backup's {what} does not match its hash")
    return orjson.loads(raw)
