"""What a completed upload is answered, also to a repetition of the request."""

from __future__ import annotations

import hashlib

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.parts import (
    is_upload_id,
    record_name,
    segments_container,
)
from objectstore.s3.object.reply_headers import s3_etag, version_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import ALGORITHMS
from objectstore.s3.xml.write import document, text


def multipart_etag(etags: list[str]) -> str:
    """The MD5 of the parts' MD5s, and how many there are."""
    joined = b"".join([bytes.fromhex(etag) for etag in etags])
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(etags)}"


def made_before(operation: Operation, upload_id: str, etag: str) -> Answer | None:
    """The object as it is, if an attempt that was broken off has made it."""
    head = operation.ask_object("HEAD").discard()
    is_ours = head.is_success and head.get(sysmeta.UPLOAD_ID) == upload_id
    return head if is_ours and head.get(sysmeta.ETAG) == etag else None


def completed_before(operation: Operation, etags: list[str]) -> Reply:
    """The answer to a repetition of a request that was carried out, with the same
    parts."""
    upload_id = operation.query.get("uploadId", "")
    error = S3Error("NoSuchUpload", UploadId=upload_id[:256])
    if not is_upload_id(upload_id):
        raise error
    container = segments_container(operation.facts.container)
    record = operation.ask("HEAD", container, record_name(upload_id)).discard()
    if not record.is_success:
        raise error
    head = operation.ask_object("HEAD").discard()
    if head.get(sysmeta.UPLOAD_ID) != upload_id or not _is_of(head, etags):
        raise error
    return completed_reply(
        operation, s3_etag(head), head.get(sysmeta.CHECKSUM), version_headers(head)
    )


def _is_of(head: Answer, etags: list[str]) -> bool:
    try:
        return multipart_etag(etags) == head.get(sysmeta.ETAG)
    except ValueError:
        return False


def completed_reply(
    operation: Operation, etag: str, checksum: str, headers: HeaderList
) -> Reply:
    """What a completion is answered."""
    environ = operation.environ
    host = operation.header("Host")
    location = f"{environ.get('wsgi.url_scheme', 'http')}://{host}"
    elements = [
        text("Location", f"{location}/{operation.bucket}/{operation.key}"),
        text("Bucket", operation.bucket),
        text("Key", operation.key),
        text("ETag", f'"{etag}"'),
    ]
    if checksum:
        name, kind, value = checksum.split(":", 2)
        elements.append(text(ALGORITHMS[name].element, value))
        elements.append(text("ChecksumType", kind))
    body = document("CompleteMultipartUploadResult", *elements)
    return Reply(200, body, headers, "application/xml")
