"""PutObject, and what every write of an object shares."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle.headers import of_written
from objectstore.s3.multipart.leftovers import Replaced, replaced_upload, sweep_replaced
from objectstore.s3.notify.event import Event
from objectstore.s3.object.customer_key import CustomerKey, read_customer_key
from objectstore.s3.object.encryption import sse_headers
from objectstore.s3.object.lock_headers import lock_to_store
from objectstore.s3.object.reply_headers import is_large, s3_etag, version_headers
from objectstore.s3.object.upload_headers import content_headers, upload_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import SealingInput, sealed_length
from objectstore.s3.payload.checksums import to_store
from objectstore.s3.payload.digested_input import DigestedInput
from objectstore.s3.payload.open import Payload


def put_object(operation: Operation) -> Reply:
    """PUT of an object with its data."""
    refused = operation.take_asked()
    if refused is not None:
        raise write_failure(operation, refused)
    if "HTTP_X_AMZ_WRITE_OFFSET_BYTES" in operation.environ:
        raise S3Error("NotImplemented", "Appending to objects is not supported")
    if is_plain(operation):
        return _put_plain(operation)
    headers = upload_headers(operation)
    headers.update(lock_to_store(operation))
    headers.update(write_conditions(operation))
    md5 = content_md5(operation)
    customer_key = read_customer_key(operation)
    payload = operation.open_payload()
    extra: HeaderList = []
    if customer_key is None:
        if md5:
            headers["ETag"] = md5
        answer, extra = _store(operation, headers, payload)
    else:
        answer = _store_sealed(operation, headers, payload, customer_key, md5)
        extra = customer_key.reply_headers()
    reply = [("ETag", f'"{answer.get("etag").strip(chr(34))}"')]
    reply += version_headers(answer) + extra + sse_headers(headers)
    reply += of_written(operation, headers, payload.length)
    note_created(operation, "Put", answer, payload.length)
    return Reply(200, b"", reply)


def is_plain(operation: Operation) -> bool:
    """Whether the bucket's owner puts nothing but a body, and the bucket has nothing to
    add to it: most writes are so."""
    facts = operation.facts
    return (
        operation.is_plain_write
        and facts.writes_plainly
        and operation.caller.account == facts.account
        and operation.house.encrypts != "all"
    )


def _put_plain(operation: Operation) -> Reply:
    headers = content_headers(operation)
    headers.update(write_conditions(operation))
    md5 = content_md5(operation)
    if md5:
        headers["ETag"] = md5
    payload = operation.open_payload()
    answer, extra = _store(operation, headers, payload)
    return Reply(200, b"", [("ETag", f'"{answer.get("etag")}"'), *extra])


def _store(
    operation: Operation, headers: dict[str, str], payload: Payload
) -> tuple[Answer, HeaderList]:
    checksum = payload.checksum
    if checksum is not None:
        headers.update(to_store(*checksum))
    answer = write_object(operation, headers, payload.stream, payload.length)
    return answer, checksum_headers(payload)


def _store_sealed(
    operation: Operation,
    headers: dict[str, str],
    payload: Payload,
    customer_key: CustomerKey,
    md5: str,
) -> Answer:
    stored, cipher = customer_key.new_record(payload.length)
    headers[sysmeta.SSE_C] = stored
    headers[sysmeta.LISTING_SIZE] = str(payload.length)
    stream = digested(payload, md5)
    return write_object(
        operation,
        headers,
        SealingInput(stream, cipher),
        sealed_length(payload.length),
    )


def digested(payload: Payload, md5: str) -> Any:
    """The plain bytes of a payload that is going to be sealed, its MD5 checked."""
    if not md5:
        return payload.stream
    stream = DigestedInput(payload.stream, payload.length, md5)
    payload.watch(stream)
    return stream


def write_object(
    operation: Operation, headers: dict[str, str], stream: Any, length: int
) -> Answer:
    """The inner PUT; what it replaced is cleaned up after it."""
    replaced = replaced_upload(operation)
    try:
        answer = operation.ask_object(
            "PUT", headers=headers, stream=stream, length=length
        )
    except Rejected:
        # Whatever passed the exception on, ours says best what was wrong.
        payload = operation.payload
        if payload is not None and isinstance(payload.failure, S3Error):
            raise payload.failure from None
        raise
    finish_write(operation, answer, replaced)
    return answer


def finish_write(
    operation: Operation, answer: Answer, replaced: Replaced | None
) -> None:
    """Judge the answer of an inner PUT; sweep the parts of what it replaced."""
    if not answer.is_success:
        raise write_failure(operation, answer)
    answer.discard()
    # 202: something newer is there, which may be what we saw, and it stays.
    is_replaced = answer.status != 202 and "x-object-version-id" not in answer.headers
    if replaced is not None and is_replaced:
        sweep_replaced(operation, replaced)


def write_failure(operation: Operation, answer: Answer) -> S3Error:
    """The error for an inner PUT that did not succeed."""
    if answer.status == 404:
        return operation.failed(answer, missing="NoSuchBucket")
    if answer.status == 412:
        condition = (
            "If-None-Match" if "HTTP_IF_NONE_MATCH" in operation.environ else "If-Match"
        )
        answer.close()
        return S3Error("PreconditionFailed", Condition=condition)
    if answer.status == 409:
        answer.close()
        return S3Error("ConditionalRequestConflict")
    return operation.failed(answer)


def write_conditions(operation: Operation) -> dict[str, str]:
    """If-None-Match: * and If-Match, as the store below can hold them.

    The store compares its own ETag.  Where S3's is another one it is compared
    here first, and the store's then stands for the very same data.
    """
    environ = operation.environ
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if_match = environ.get("HTTP_IF_MATCH")
    if if_none_match is not None:
        if if_none_match.strip() != "*" or if_match is not None:
            raise S3Error(
                "NotImplemented",
                "A header you provided implies functionality that is not implemented",
                Header="If-None-Match",
            )
        return {"If-None-Match": "*"}
    if if_match is None:
        return {}
    held = operation.ask_object("HEAD", query="multipart-manifest=get").discard()
    if held.status == 404:
        raise S3Error("NoSuchKey", Key=operation.key)
    if not held.is_success:
        raise operation.failed(held)
    if not has_etag(operation, held, if_match):
        raise S3Error("PreconditionFailed", Condition="If-Match")
    return {"If-Match": held.get("etag").strip('"')}


def has_etag(operation: Operation, held: Answer, if_match: str) -> bool:
    """Whether the object, as its own bytes are held, has the S3 ETag.

    Of a large object that came through Swift the ETag is that of the whole, which
    the manifest does not know.  Should another object have come meanwhile, then the
    store finds that the manifest is no longer the one that was held.
    """
    wanted = if_match.strip().strip('"')
    if wanted in ("*", s3_etag(held)):
        return True
    if sysmeta.ETAG in held.headers or not is_large(held):
        return False
    return wanted == s3_etag(operation.ask_object("HEAD").discard())


def content_md5(operation: Operation) -> str:
    """The hex MD5 that Content-MD5 announces; "" without."""
    if "HTTP_CONTENT_MD5" not in operation.environ:
        return ""
    try:
        digest = base64.b64decode(operation.header("Content-Md5"), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise S3Error("InvalidDigest")
    return digest.hex()


def note_created(
    operation: Operation, how: str, answer: Answer, size: int, etag: str = ""
) -> None:
    """Note the event of a write; ``etag`` where the inner answer's is not S3's."""
    operation.events.append(
        Event(
            f"ObjectCreated:{how}",
            operation.key,
            size,
            etag or answer.get("etag").strip('"'),
            answer.get("x-object-version-id"),
        )
    )


def checksum_headers(payload: Payload) -> HeaderList:
    """The checksum of what was uploaded, once it has been read."""
    checksum = payload.checksum
    if checksum is None:
        return []
    return [
        (f"x-amz-checksum-{checksum[0].lower()}", checksum[1]),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ]
