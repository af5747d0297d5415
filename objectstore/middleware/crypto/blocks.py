"""Bodies in blocks of 64 KiB, each encrypted and authenticated on its own.

Block ``n`` is AES-256-GCM under the body's key with ``n`` as nonce: a key is used for
one body only, so no nonce repeats.  Each is 16 bytes longer than its plain text.  The
plain size is kept in the body's sealed description, so a body that was cut at a block's
end does not pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectstore.kernel.errors import Corrupt

BLOCK_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_BYTES = BLOCK_BYTES + TAG_BYTES


def sealed_size(size: int) -> int:
    """How long ``size`` plain bytes are when encrypted."""
    return size + TAG_BYTES * -(-size // BLOCK_BYTES)


def plain_size(sealed: int) -> int:
    """How long what is ``sealed`` bytes long encrypted is plain."""
    return sealed - TAG_BYTES * -(-sealed // SEALED_BYTES)


def nonce_of(number: int) -> bytes:
    """The nonce of a block."""
    return number.to_bytes(12, "big")


def block_range(start: int, stop: int, size: int) -> tuple[int, int]:
    """Which encrypted bytes hold plain bytes [start, stop) of a body of ``size``."""
    first, last = start // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES
    return first * SEALED_BYTES, min((last + 1) * SEALED_BYTES, sealed_size(size))


def open_blocks(
    key: bytes, pieces: Iterable[bytes], start: int, stop: int
) -> Iterator[bytes]:
    """Plain bytes [start, stop), out of the encrypted ones that ``block_range`` says.

    Raises ``Corrupt`` when a block is not what was written, or one is missing.
    """
    cipher = AESGCM(key)
    number, at = start // BLOCK_BYTES, start - start % BLOCK_BYTES
    waiting = bytearray()
    source = iter(pieces)
    while at < stop:
        ended = False
        while len(waiting) < SEALED_BYTES and not ended:
            piece = next(source, None)
            if piece is None:
                ended = True
            else:
                waiting += piece
        if len(waiting) <= TAG_BYTES:
            raise Corrupt("an encrypted body ends early")
        sealed = bytes(memoryview(waiting)[:SEALED_BYTES])
        del waiting[: len(sealed)]
        try:
            plain = cipher.decrypt(nonce_of(number), sealed, None)
        except InvalidTag as error:
            raise Corrupt("an encrypted block is not what was written") from error
        if len(plain) < BLOCK_BYTES and at + len(plain) < stop:
            raise Corrupt("an encrypted body ends early")
        yield plain[max(0, start - at) : stop - at]
        at += len(plain)
        number += 1
