"""Reading an object that was stored with the client's key (SSE-C)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.byte_range import parse_range
from objectstore.s3.object.customer_key import (
    CustomerKey,
    is_in_parts,
    read_customer_key,
)
from objectstore.s3.object.part_sizes import part_range, read_part_sizes
from objectstore.s3.object.reply_headers import object_headers
from objectstore.s3.object.sealed_parts import (
    begins_with_salt,
    blocks_of,
    closing,
    spans_of,
    take_salt,
)
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import (
    SALT_BYTES,
    BlockCipher,
    opened,
    sealed_range,
)

Fetch = Callable[[Operation, str, dict[str, str] | None], Answer]
Finish = Callable[[Operation, Answer, HeaderList], Reply]
_SIZE_HEADERS = frozenset({"Content-Length", "Content-Range"})


def read_encrypted(operation: Operation, fetch: Fetch, finish: Finish) -> Reply:
    """The reply to a GET or HEAD that brings a key."""
    customer_key = read_customer_key(operation)
    assert customer_key is not None, "called for requests with a key"
    head = fetch(operation, "HEAD", None).discard()
    sealed = open_stored(customer_key, head)
    size = sealed.size
    headers = [pair for pair in object_headers(head) if pair[0] not in _SIZE_HEADERS]
    headers += customer_key.reply_headers()
    span, status = (0, size), 200
    if "HTTP_RANGE" in operation.environ:
        wanted = parse_range(operation.header("Range"), size)
        if wanted == (0, 0):
            raise S3Error(
                "InvalidRange",
                RangeRequested=operation.header("Range"),
                ActualObjectSize=str(size),
            )
        if wanted is not None:
            span, status = wanted, 206
            shown = f"bytes {span[0]}-{span[1] - 1}/{size}"
            headers.append(("Content-Range", shown))
    elif "partNumber" in operation.query:
        sizes = read_part_sizes(head.get(sysmeta.PART_SIZES))
        span, status = part_range(sizes, size, operation.query["partNumber"]), 206
        if sizes:
            headers.append(("x-amz-mp-parts-count", str(len(sizes))))
        if size:
            shown = f"bytes {span[0]}-{span[1] - 1}/{size}"
            headers.append(("Content-Range", shown))
    headers.append(("Content-Length", str(span[1] - span[0])))
    head.status = status
    reply = finish(operation, head, headers)
    if operation.method == "GET" and size:
        reply.body = sealed.pieces(operation, fetch, span)
    return reply


class SealedBody(Protocol):
    """A stored body and the key that opens it."""

    @property
    def size(self) -> int:
        """How many plain bytes there are."""

    def pieces(
        self, operation: Operation, fetch: Fetch, span: tuple[int, int]
    ) -> Iterator[bytes]:
        """The plain bytes of a span, fetched and opened block by block."""


@dataclass(frozen=True, slots=True)
class WholeBody:
    """The body of an object that was put whole."""

    size: int
    cipher: BlockCipher

    def pieces(
        self, operation: Operation, fetch: Fetch, span: tuple[int, int]
    ) -> Iterator[bytes]:
        """See ``SealedBody``."""
        first, stop = sealed_range(*span, self.size)
        answer = fetch(operation, "GET", _range(first, stop))
        return opened(self.cipher, answer.body, *span)


@dataclass(frozen=True, slots=True)
class PartsBody:
    """The body of an object that an upload made; ``sizes`` of its parts, plain."""

    size: int
    key: CustomerKey
    sizes: list[int]

    def pieces(
        self, operation: Operation, fetch: Fetch, span: tuple[int, int]
    ) -> Iterator[bytes]:
        """See ``SealedBody``."""
        for part in spans_of(self.sizes, *span):
            first, stop = blocks_of(part)
            if begins_with_salt(part):
                answer = fetch(operation, "GET", _range(part.sealed_start, stop))
                salt, blocks = take_salt(closing(answer))
            else:
                base = part.sealed_start
                answer = fetch(operation, "GET", _range(base, base + SALT_BYTES))
                salt = answer.read(SALT_BYTES)
                blocks = closing(fetch(operation, "GET", _range(first, stop)))
            cipher = self.key.cipher_of_part(salt, part.length)
            yield from opened(cipher, blocks, part.start, part.stop)


def _range(start: int, stop: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-{stop - 1}"}


def open_stored(customer_key: CustomerKey, head: Answer) -> SealedBody:
    """The body of the object that ``head`` describes; 403 for another key."""
    stored = head.get(sysmeta.SSE_C)
    if not stored:
        raise S3Error(
            "InvalidRequest",
            "The encryption parameters are not applicable to this object.",
        )
    size, cipher = customer_key.open_record(stored)
    if is_in_parts(stored):
        sizes = read_part_sizes(head.get(sysmeta.PART_SIZES))
        return PartsBody(size, customer_key, sizes)
    return WholeBody(size, cipher)
