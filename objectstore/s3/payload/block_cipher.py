"""Encryption with a client's key: AES-256-GCM over blocks of 64 KiB.  Pure.

Each body has a random salt; the key that encrypts it is derived from the
client's key and that salt, so a block's number is nonce enough.  Every block's
tag also covers the body's length: blocks can neither be changed, moved, nor cut
off at the end.  A block is found by its number, so ranges need only the blocks
they touch.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectstore.kernel.errors import Corrupt

BLOCK_BYTES = 64 * 1024
TAG_BYTES = 16
SALT_BYTES = 32
SEALED_BYTES = BLOCK_BYTES + TAG_BYTES


def sealed_length(length: int) -> int:
    """How long a body of that many bytes is once it is encrypted."""
    return length + TAG_BYTES * -(-length // BLOCK_BYTES)


def sealed_range(start: int, stop: int, length: int) -> tuple[int, int]:
    """[start, stop) of the encrypted bytes that hold plain bytes [start, stop)."""
    first, last = start // BLOCK_BYTES, -(-stop // BLOCK_BYTES)
    return first * SEALED_BYTES, min(last * SEALED_BYTES, sealed_length(length))


class BlockCipher:
    """Seals and opens the blocks of one body."""

    __slots__ = ("_aead", "_length_bytes")

    def __init__(self, key: bytes, salt: bytes, length: int) -> None:
        derived = hmac.digest(key, b"ringstack block cipher 1" + salt, hashlib.sha256)
        self._aead = AESGCM(derived)
        self._length_bytes = length.to_bytes(8, "big")

    def seal(self, number: int, block: bytes | memoryview) -> bytes:
        """Encrypt block ``number``."""
        nonce = number.to_bytes(12, "big")
        return self._aead.encrypt(nonce, bytes(block), self._length_bytes)

    def open(self, number: int, sealed: bytes) -> bytes:
        """Decrypt block ``number``; ``Corrupt`` when it is not what was sealed."""
        nonce = number.to_bytes(12, "big")
        try:
            return self._aead.decrypt(nonce, sealed, self._length_bytes)
        except InvalidTag:
            raise Corrupt("an encrypted block does not match its tag") from None


def opened(
    cipher: BlockCipher, pieces: Iterable[bytes], start: int, stop: int
) -> Iterator[bytes]:
    """Plain bytes [start, stop) from pieces of their ``sealed_range``."""
    number = start // BLOCK_BYTES
    skip = start - number * BLOCK_BYTES
    left = stop - start
    buffer = bytearray()
    try:
        for piece in pieces:
            buffer += piece
            while len(buffer) >= SEALED_BYTES and left:
                plain = cipher.open(number, bytes(buffer[:SEALED_BYTES]))
                del buffer[:SEALED_BYTES]
                number += 1
                plain = plain[skip : skip + left]
                skip = 0
                left -= len(plain)
                yield plain
        if buffer and left:
            plain = cipher.open(number, bytes(buffer))[skip : skip + left]
            left -= len(plain)
            yield plain
        if left:
            raise Corrupt("an encrypted body is shorter than it was")
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


class SealingInput:
    """A plain body as an encrypted ``wsgi.input``."""

    __slots__ = ("_cipher", "_number", "_ready", "_source")

    def __init__(self, source: object, cipher: BlockCipher) -> None:
        self._source = source
        self._cipher = cipher
        self._number = 0
        self._ready = b""

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all when negative."""
        pieces: list[bytes] = []
        left = size if size is not None and size >= 0 else None
        while left is None or left:
            if not self._ready and not self._fill():
                break
            piece = self._ready if left is None else self._ready[:left]
            self._ready = self._ready[len(piece) :]
            pieces.append(piece)
            if left is not None:
                left -= len(piece)
        return b"".join(pieces)

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; fewer bytes only at the end."""
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def footers(self) -> dict[str, str]:
        """What the plain body knows at its end."""
        footers = getattr(self._source, "footers", None)
        found: dict[str, str] = footers() if footers is not None else {}
        return found

    def _fill(self) -> bool:
        block: bytes = self._source.read(BLOCK_BYTES)  # type: ignore[attr-defined]
        if not block:
            return False
        self._ready = self._cipher.seal(self._number, block)
        self._number += 1
        return True
