"""Reading an object that was stored with the client's key (SSE-C)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.byte_range import parse_range
from objectstore.s3.object.customer_key import CustomerKey, read_customer_key
from objectstore.s3.object.reply_headers import add_checksum, object_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import BlockCipher, opened, sealed_range

Fetch = Callable[[Operation, str, dict[str, str] | None], Answer]
_CHECKSUM = "x-amz-checksum-"
_SIZE_HEADERS = frozenset({"Content-Length", "Content-Range"})


def read_encrypted(operation: Operation, fetch: Fetch) -> Reply:
    """The reply to a GET or HEAD that brings a key."""
    customer_key = read_customer_key(operation)
    assert customer_key is not None, "called for requests with a key"
    head = fetch(operation, "HEAD", None).discard()
    size, cipher = open_stored(customer_key, head)
    headers = _headers(operation, head, customer_key)
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
    headers.append(("Content-Length", str(span[1] - span[0])))
    if operation.method == "HEAD" or not size:
        return Reply(status, (), headers)
    if status == 206:
        headers = [pair for pair in headers if not pair[0].startswith(_CHECKSUM)]
    return Reply(status, plain_pieces(operation, fetch, cipher, span, size), headers)


def open_stored(customer_key: CustomerKey, head: Answer) -> tuple[int, BlockCipher]:
    """(plain size, cipher) of the object that ``head`` describes."""
    stored = head.get(sysmeta.SSE_C)
    if not stored:
        raise S3Error(
            "InvalidRequest",
            "The encryption parameters are not applicable to this object.",
        )
    return customer_key.open_record(stored)


def plain_pieces(
    operation: Operation,
    fetch: Fetch,
    cipher: BlockCipher,
    span: tuple[int, int],
    size: int,
) -> Iterator[bytes]:
    """The plain bytes of a span, fetched and opened block by block."""
    first, stop = sealed_range(*span, size)
    answer = fetch(operation, "GET", {"Range": f"bytes={first}-{stop - 1}"})
    return opened(cipher, answer.body, *span)


def _headers(
    operation: Operation, head: Answer, customer_key: CustomerKey
) -> HeaderList:
    headers = [pair for pair in object_headers(head) if pair[0] not in _SIZE_HEADERS]
    if operation.header("X-Amz-Checksum-Mode").upper() == "ENABLED":
        add_checksum(headers, head)
    return headers + customer_key.reply_headers()
