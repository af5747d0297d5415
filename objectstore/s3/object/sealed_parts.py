"""Parts that are sealed with a client's key (SSE-C): stored, found again, opened.

A sealed part begins with its salt, then come its blocks.  A multipart object is its
sealed parts in a row; the plain sizes, kept with the object, tell where each begins.
Part by part is fetched, and of a part only the blocks that are wanted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from objectstore.kernel.errors import Corrupt
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.customer_key import CustomerKey, read_customer_key
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import (
    BLOCK_BYTES,
    SALT_BYTES,
    SealingInput,
    sealed_length,
    sealed_range,
)


def sealed_part_length(length: int) -> int:
    """How long a part of that many bytes is once it is sealed."""
    return SALT_BYTES + sealed_length(length)


class SealedPart:
    """A plain part as a sealed ``wsgi.input``."""

    def __init__(self, source: object, key: CustomerKey, length: int) -> None:
        self._salt = secrets.token_bytes(SALT_BYTES)
        self._sealing = SealingInput(source, key.cipher_of_part(self._salt, length))

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all when negative."""
        if size is None or size < 0:
            salt, self._salt = self._salt, b""
            return salt + self._sealing.read()
        salt, self._salt = self._salt[:size], self._salt[size:]
        return salt + self._sealing.read(size - len(salt))

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; fewer bytes only at the end."""
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def footers(self) -> dict[str, str]:
        """What the plain part knows at its end."""
        return self._sealing.footers()


@dataclass(frozen=True, slots=True)
class PartSpan:
    """Where a wanted span lies in one part."""

    sealed_start: int  # of the part, in the stored object
    length: int  # of the part, plain
    start: int
    stop: int


def spans_of(sizes: list[int], start: int, stop: int) -> Iterator[PartSpan]:
    """The parts that plain bytes [start, stop) touch."""
    plain = sealed = 0
    for size in sizes:
        first, last = max(start, plain), min(stop, plain + size)
        if first < last:
            yield PartSpan(sealed, size, first - plain, last - plain)
        plain += size
        sealed += sealed_part_length(size) if size else 0


def blocks_of(span: PartSpan) -> tuple[int, int]:
    """[start, stop) in the stored object of the blocks that a span needs."""
    first, last = sealed_range(span.start, span.stop, span.length)
    base = span.sealed_start + SALT_BYTES
    return base + first, base + last


def begins_with_salt(span: PartSpan) -> bool:
    """Whether the first block is wanted: the salt stands just before it."""
    return span.start < BLOCK_BYTES


def take_salt(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The salt that pieces begin with, and the pieces after it."""
    gathered = b""
    while len(gathered) < SALT_BYTES:
        piece = next(pieces, b"")
        if not piece:
            raise Corrupt("a sealed part is shorter than its salt")
        gathered += piece
    rest = gathered[SALT_BYTES:]

    def after() -> Iterator[bytes]:
        if rest:
            yield rest
        yield from pieces

    return gathered[:SALT_BYTES], after()


def key_for_part(operation: Operation, record: str) -> CustomerKey | None:
    """The request's key, if the upload with that record has one.

    Raises when only one of them has, or when it is another key.
    """
    key = read_customer_key(operation)
    if key is None and not record:
        return None
    if key is None:
        raise S3Error(
            "InvalidRequest",
            "The multipart upload initiate requested encryption. Subsequent part "
            "requests must include the appropriate encryption parameters.",
        )
    if not record:
        raise S3Error("InvalidRequest", "The upload was started without SSE-C.")
    try:
        key.open_record(record)
    except S3Error:
        raise S3Error(
            "InvalidRequest",
            "The provided encryption parameters did not match the ones used "
            "originally.",
        ) from None
    return key


def closing(answer: Answer) -> Iterator[bytes]:
    """The answer's body, closed at its end."""
    try:
        yield from answer.body
    finally:
        answer.close()
