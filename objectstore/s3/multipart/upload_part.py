"""UploadPart and UploadPartCopy."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.dates import iso, iso_of_http
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.parts import new_part_name, segments_container
from objectstore.s3.multipart.upload import Upload, find_upload
from objectstore.s3.object.byte_range import parse_range
from objectstore.s3.object.copy import open_source
from objectstore.s3.object.customer_key import CustomerKey
from objectstore.s3.object.encryption import SSE, sse_headers, stored_headers
from objectstore.s3.object.put import content_md5, digested
from objectstore.s3.object.sealed_parts import (
    SealedPart,
    key_for_part,
    sealed_part_length,
)
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import ALGORITHMS, to_store
from objectstore.s3.payload.open import UPLOAD_BYTES_MAX, too_large
from objectstore.s3.payload.summing_input import SummingInput
from objectstore.s3.xml.write import document, text


def upload_part(operation: Operation) -> Reply:
    """PUT ?partNumber&uploadId."""
    number = part_number(operation)
    upload = find_upload(operation)
    key = key_for_part(operation, upload.marker.get(sysmeta.SSE_C))
    headers = {"Content-Type": "application/octet-stream"}
    headers.update(_encryption(operation, upload))
    md5 = content_md5(operation)
    if md5 and key is None:
        headers["ETag"] = md5
    payload = operation.open_payload()
    checksum = payload.checksum
    if checksum is not None:
        headers.update(to_store(*checksum))
    stream = payload.stream if key is None else digested(payload, md5)
    name = new_part_name(upload.upload_id, number, operation.now())
    try:
        answer = operation.ask(
            "PUT",
            segments_container(operation.facts.container),
            name,
            headers=headers,
            **_sealed(stream, payload.length, key, headers),
        )
    except Rejected:
        if isinstance(payload.failure, S3Error):
            raise payload.failure from None
        raise
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchUpload")
    answer.discard()
    _check_still_open(operation, name)
    reply: HeaderList = [("ETag", f'"{answer.get("etag").strip(chr(34))}"')]
    reply += sse_headers(headers)
    if key is not None:
        reply += key.reply_headers()
    checksum = payload.checksum
    if checksum is not None:
        reply.append((f"x-amz-checksum-{checksum[0].lower()}", checksum[1]))
    return Reply(200, b"", reply)


def upload_part_copy(operation: Operation) -> Reply:
    """PUT ?partNumber&uploadId with ``x-amz-copy-source``."""
    number = part_number(operation)
    upload = find_upload(operation)
    key = key_for_part(operation, upload.marker.get(sysmeta.SSE_C))
    source = open_source(operation)
    start, stop = 0, source.size
    if operation.has_header("X-Amz-Copy-Source-Range"):
        start, stop = _copied_range(
            operation.header("X-Amz-Copy-Source-Range"), source.size
        )
    if stop - start > UPLOAD_BYTES_MAX:
        raise too_large(stop - start)
    algorithm = ALGORITHMS.get(upload.algorithm)
    stream = SummingInput(source.open(start, stop), algorithm)
    name = new_part_name(upload.upload_id, number, operation.now())
    headers = {
        "Content-Type": "application/octet-stream",
        **_encryption(operation, upload),
    }
    try:
        answer: Answer = operation.ask(
            "PUT",
            segments_container(operation.facts.container),
            name,
            headers=headers,
            **_sealed(stream, stop - start, key, headers),
        )
    finally:
        stream.close()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchUpload")
    answer.discard()
    _check_still_open(operation, name)
    modified = answer.modified
    body = document(
        "CopyPartResult",
        text(
            "LastModified", iso_of_http(modified) if modified else iso(operation.now())
        ),
        text("ETag", f'"{answer.get("etag").strip(chr(34))}"'),
        text(algorithm.element, stream.checksum) if algorithm is not None else "",
    )
    reply = source.version_header + sse_headers(headers)
    if key is not None:
        reply = reply + key.reply_headers()
    return Reply(200, body, reply, "application/xml")


def _encryption(operation: Operation, upload: Upload) -> dict[str, str]:
    """What the upload was begun with is so for its parts; one that asks for something
    else must not believe that it has got it."""
    stored = stored_headers(upload.marker.headers)
    asked = operation.environ.get(SSE)
    if asked is not None and asked != stored.get(sysmeta.SSE):
        raise S3Error(
            "InvalidArgument",
            "A part is encrypted as its upload was begun, which asked for something "
            "else.",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=asked[:64],
        )
    return stored


def _sealed(
    stream: Any, length: int, key: CustomerKey | None, headers: dict[str, str]
) -> dict[str, Any]:
    """The body of the inner PUT; sealed, a listing still shows the plain size."""
    if key is None:
        return {"stream": stream, "length": length}
    headers[sysmeta.LISTING_SIZE] = str(length)
    sealed = SealedPart(stream, key, length)
    return {"stream": sealed, "length": sealed_part_length(length)}


def part_number(operation: Operation) -> int:
    """The request's part number, checked."""
    given = operation.query.get("partNumber", "")
    most = operation.house.settings.max_upload_part_num
    plain = given.isascii() and given.isdigit() and len(given) < 10
    if not plain or not 1 <= int(given) <= most:
        raise S3Error(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {most}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=given[:64],
        )
    return int(given)


def _check_still_open(operation: Operation, name: str) -> None:
    """A part that arrives when its upload is over must not stay."""
    try:
        find_upload(operation)
    except S3Error:
        container = segments_container(operation.facts.container)
        operation.ask("DELETE", container, name, internal=True).discard()
        raise


def _copied_range(header: str, size: int) -> tuple[int, int]:
    span = parse_range(header, size)
    last = header.rpartition("-")[2]
    if span is None or "=-" in header or not last:
        raise S3Error(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last "
            "where first and last are the zero-based offsets of the first and last "
            "bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header[:256],
        )
    if span == (0, 0) or int(last) >= size:
        raise S3Error(
            "InvalidRange",
            f"Range specified is not valid for source object of size: {size}",
        )
    return span
