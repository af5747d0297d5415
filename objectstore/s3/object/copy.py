"""CopyObject: read through one inner GET, written through one inner PUT.

One GET sees one state of the source, so a copy is never a mixture; and reading
here lets either side have its own encryption key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import sysmeta
from objectstore.s3.access.authorize import (
    Permission,
    authorize,
    missing,
    version_query,
)
from objectstore.s3.bucket_places import enter_bucket
from objectstore.s3.dates import iso_of_http
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle.headers import of_written
from objectstore.s3.object import conditions
from objectstore.s3.object.copy_source import parse_copy_source
from objectstore.s3.object.customer_key import (
    COPY_HEADER,
    CustomerKey,
    read_customer_key,
    require_no_key,
)
from objectstore.s3.object.delete_marker import is_marker
from objectstore.s3.object.encrypted_read import open_stored
from objectstore.s3.object.encryption import sse_headers
from objectstore.s3.object.lock_headers import lock_to_store
from objectstore.s3.object.metadata import of_answer, to_inner
from objectstore.s3.object.put import (
    note_created,
    write_conditions,
    write_object,
)
from objectstore.s3.object.reply_headers import s3_etag, version_headers
from objectstore.s3.object.upload_headers import s3_headers, upload_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import SealingInput, sealed_length
from objectstore.s3.payload.checksums import FULL_OBJECT, Algorithm, by_name
from objectstore.s3.payload.open import UPLOAD_BYTES_MAX
from objectstore.s3.payload.summing_input import SummingInput
from objectstore.s3.xml.write import document, text

_COPIED = frozenset(
    {
        "content-type",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "expires",
    }
)


@dataclass(slots=True)
class Source:
    """What a copy reads: its head, and how to open a span of its bytes."""

    operation: Operation
    head: Answer
    size: int
    open: Callable[[int, int], Iterable[bytes]]

    @property
    def version_header(self) -> HeaderList:
        """Which version was read, where the bucket has versions."""
        version = self.head.get("x-object-version-id")
        return [("x-amz-copy-source-version-id", version)] if version else []


def copy_object(operation: Operation) -> Reply:
    """PUT of an object from another one."""
    source = open_source(operation)
    if source.size > UPLOAD_BYTES_MAX:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a "
            "copy source: 5368709120",
        )
    replaces = _directive(operation, "X-Amz-Metadata-Directive") == "REPLACE"
    _check_same(operation, source, replaces=replaces)
    headers = (
        upload_headers(operation) if replaces else _copied_headers(operation, source)
    )
    _copy_tags(operation, source, headers)
    headers.update(lock_to_store(operation))
    headers.update(write_conditions(operation))
    algorithm = _wanted_checksum(operation, source)
    answer, extra = _transfer(operation, source, headers, algorithm)
    last_modified = answer.modified
    body = document(
        "CopyObjectResult",
        text("LastModified", iso_of_http(last_modified) if last_modified else ""),
        text("ETag", f'"{answer.get("etag").strip(chr(34))}"'),
        *[text(name, value) for name, value in extra],
    )
    reply = source.version_header + version_headers(answer) + sse_headers(headers)
    customer_key = read_customer_key(operation)
    if customer_key is not None:
        reply += customer_key.reply_headers()
    reply += of_written(operation, headers, source.size)
    note_created(operation, "Copy", answer, source.size)
    return Reply(200, body, reply, "application/xml")


def open_source(operation: Operation) -> Source:
    """The source that ``x-amz-copy-source`` names, checked and ready to read."""
    bucket, key, version = parse_copy_source(
        operation.environ.get("HTTP_X_AMZ_COPY_SOURCE", "")
    )
    environ = dict(operation.environ)
    environ["HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"] = environ.get(
        "HTTP_X_AMZ_SOURCE_EXPECTED_BUCKET_OWNER", ""
    )
    reading = Operation(environ, operation.house, bucket, key)
    reading.set_query({"versionId": version} if version else {}, "")
    reading.caller = operation.caller
    enter_bucket(reading)
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    authorize(reading, action, Permission(on_object=True, name="READ"))
    head = reading.ask_object("HEAD", query=version_query(reading)).discard()
    if not head.is_success:
        if head.status == 404:
            raise _nothing_there(reading, head)
        raise reading.failed(head)
    conditions.check(
        operation.header,
        s3_etag(head),
        head.modified,
        prefix="X-Amz-Copy-Source-",
        copy=True,
    )
    return _readable(operation, reading, head)


def _nothing_there(reading: Operation, head: Answer) -> S3Error:
    error = missing(reading, "NoSuchVersion" if reading.version_id else "NoSuchKey")
    if is_marker(head) and error.code == "NoSuchVersion":
        return S3Error(
            "InvalidRequest",
            "The source of a copy request may not specifically refer to a delete "
            "marker by version id.",
        )
    return error


def _readable(operation: Operation, reading: Operation, head: Answer) -> Source:
    key = read_customer_key(operation, COPY_HEADER)
    etag = head.get("etag")

    def fetch(_: Operation, method: str, headers: dict[str, str] | None) -> Answer:
        answer = reading.ask_object(
            method, query=version_query(reading), headers=headers
        )
        if answer.status not in (200, 206):
            raise reading.failed(answer)
        if answer.get("etag") != etag:
            # Replaced since its head was read.
            answer.close()
            raise S3Error("OperationAborted")
        return answer

    if key is None:
        require_no_key(operation, head)
        size = int(head.get("content-length", "0"))

        def plain(start: int, stop: int) -> Iterable[bytes]:
            whole = start == 0 and stop == size
            span = None if whole else {"Range": f"bytes={start}-{stop - 1}"}
            return fetch(reading, "GET", span).body if stop > start else ()

        return Source(reading, head, size, plain)
    sealed = open_stored(key, head)

    def opened(start: int, stop: int) -> Iterator[bytes]:
        if stop == start:
            return iter(())
        return sealed.pieces(reading, fetch, (start, stop))

    return Source(reading, head, sealed.size, opened)


def _directive(operation: Operation, header: str) -> str:
    value = operation.header(header, "COPY")
    if value not in ("COPY", "REPLACE"):
        raise S3Error("InvalidArgument", f"Unknown {header.lower()}.")
    return value


def _check_same(operation: Operation, source: Source, *, replaces: bool) -> None:
    """A copy onto itself must change something."""
    reading = source.operation
    same = (operation.facts.account, operation.bucket, operation.key) == (
        reading.facts.account,
        reading.bucket,
        reading.key,
    )
    changes = replaces or any(
        operation.has_header(name)
        for name in (
            "X-Amz-Storage-Class",
            "X-Amz-Website-Redirect-Location",
            "X-Amz-Server-Side-Encryption",
            "X-Amz-Server-Side-Encryption-Customer-Algorithm",
        )
    )
    if same and not changes and not reading.version_id:
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to "
            "itself without changing the object's metadata, storage class, website "
            "redirect location or encryption attributes.",
        )


def _copied_headers(operation: Operation, source: Source) -> dict[str, str]:
    head = source.head
    headers = {name: head.get(name) for name in _COPIED if head.get(name)}
    headers.update(to_inner(dict(of_answer(head.headers))))
    headers.update(s3_headers(operation))
    return headers


def _copy_tags(operation: Operation, source: Source, headers: dict[str, str]) -> None:
    if _directive(operation, "X-Amz-Tagging-Directive") == "COPY":
        headers.pop(sysmeta.TAGS, None)
        tags = source.head.get(sysmeta.TAGS)
        if tags:
            headers[sysmeta.TAGS] = tags


def _wanted_checksum(operation: Operation, source: Source) -> Algorithm | None:
    """The checksum that the copy gets: as asked, or of the source's kind."""
    name = operation.header("X-Amz-Checksum-Algorithm")
    if not name:
        stored = source.head.get(sysmeta.CHECKSUM)
        name = stored.partition(":")[0]
    return by_name(name) if name else None


def _transfer(
    operation: Operation,
    source: Source,
    headers: dict[str, str],
    algorithm: Algorithm | None,
) -> tuple[Answer, HeaderList]:
    stream: Any = SummingInput(source.open(0, source.size), algorithm)
    summing = stream
    length = source.size
    customer_key: CustomerKey | None = read_customer_key(operation)
    if customer_key is not None:
        headers[sysmeta.SSE_C], cipher = customer_key.new_record(length)
        headers[sysmeta.LISTING_SIZE] = str(length)
        stream, length = SealingInput(stream, cipher), sealed_length(length)
    try:
        answer = write_object(operation, headers, stream, length)
    finally:
        summing.close()
    if algorithm is None:
        return answer, []
    return answer, [
        (algorithm.element, summing.checksum),
        ("ChecksumType", FULL_OBJECT),
    ]
