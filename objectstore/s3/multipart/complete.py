"""CompleteMultipartUpload: the parts become one object.

Order of events, so that a crash in between leaves something that a repetition
or the sweeper finishes: the claim (which records what key the upload will have made),
the manifest (from here on the object is there), the marker, the parts not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from objectstore.kernel.reply import Reply
from objectstore.s3 import sysmeta
from objectstore.s3.bucket.configuration import checked_body
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle.headers import of_written
from objectstore.s3.multipart.claim import Claim, claimed
from objectstore.s3.multipart.completed import (
    completed_before,
    completed_reply,
    made_before,
    multipart_etag,
)
from objectstore.s3.multipart.initiate import UPLOAD_CHECKSUM, UPLOAD_OWNER
from objectstore.s3.multipart.leftovers import replaced_upload
from objectstore.s3.multipart.parts import (
    Part,
    delete_parts,
    segments_container,
    upload_name,
    uploaded_parts,
)
from objectstore.s3.multipart.upload import Upload
from objectstore.s3.object.customer_key import completed_record
from objectstore.s3.object.encryption import sse_headers
from objectstore.s3.object.part_sizes import write_part_sizes
from objectstore.s3.object.put import (
    finish_write,
    note_created,
    write_conditions,
)
from objectstore.s3.object.reply_headers import version_headers
from objectstore.s3.object.sealed_parts import sealed_part_length
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import (
    ALGORITHMS,
    COMPOSITE,
    FULL_OBJECT,
    check_stated,
    combined,
    composite,
    listed_as,
    take_announced,
)
from objectstore.s3.xml.read import read_document

# 10,000 parts with the longest checksum each are about 2 MB.
COMPLETE_BYTES_MAX = 4 * 1024 * 1024
_MARKER_ONLY = frozenset({UPLOAD_CHECKSUM, UPLOAD_OWNER})
_KEPT = frozenset(
    {
        "content-type",
        "content-encoding",
        "content-disposition",
        "content-language",
        "cache-control",
        "expires",
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A part as the request lists it."""

    number: int
    etag: str
    checksums: dict[str, str]


def complete_upload(operation: Operation) -> Reply:
    """POST ?uploadId."""
    stated = take_announced(operation.environ)
    body = checked_body(operation, most=COMPLETE_BYTES_MAX, required=False)
    listed = read_parts(body)
    try:
        with claimed(operation) as (upload, claim):
            return _complete(operation, upload, claim, listed, stated)
    except S3Error as error:
        if error.code != "NoSuchUpload":
            raise
        return completed_before(operation, [item.etag for item in listed])


def _complete(
    operation: Operation,
    upload: Upload,
    claim: Claim,
    listed: list[Listed],
    stated: Mapping[str, str],
) -> Reply:
    parts = _chosen(operation, upload, listed)
    _check_sizes(operation, parts)
    headers = _object_headers(upload.marker)
    etag = multipart_etag([part.etag for part in parts])
    checksum = _checksum(operation, upload, claim, parts, listed)
    check_stated(checksum, stated)
    if checksum:
        headers[sysmeta.CHECKSUM] = checksum
    headers[sysmeta.ETAG] = etag
    headers[sysmeta.UPLOAD_ID] = upload.upload_id
    headers[sysmeta.PART_SIZES] = write_part_sizes([part.size for part in parts])
    record = headers.get(sysmeta.SSE_C)
    if record:
        size = sum(part.size for part in parts)
        headers[sysmeta.SSE_C] = completed_record(record, size)
        headers[sysmeta.LISTING_SIZE] = str(size)
    answer = None
    if claim.attempts_before:
        answer = made_before(operation, upload.upload_id, etag)
    if answer is None:
        headers.update(write_conditions(operation))
        answer = _write_manifest(operation, claim, headers, parts, etag)
    container = segments_container(operation.facts.container)
    marker = upload_name(operation.key, upload.upload_id)
    operation.ask("DELETE", container, marker, internal=True).discard()
    if not claim.attempts_before:
        # An attempt of before may have made a version of other parts.
        used = frozenset(part.name for part in parts if part.size)
        delete_parts(operation, upload.upload_id, used, claim.still_holds)
    reply = version_headers(answer) + sse_headers(headers)
    size = sum(part.size for part in parts)
    reply += of_written(operation, headers, size)
    note_created(operation, "CompleteMultipartUpload", answer, size, etag)
    return completed_reply(operation, etag, checksum, reply)


def read_parts(body: bytes) -> list[Listed]:
    """The request's list: ascending numbers, an ETag each."""
    if not body:
        # SDKs send nothing where there are no parts; AWS says so of both.
        raise S3Error("MalformedXML")
    root = read_document(body, "CompleteMultipartUpload")
    listed: list[Listed] = []
    for node in root.all("Part"):
        number, etag = node.get("PartNumber"), node.child("ETag")
        if (
            not (number.isascii() and number.isdigit() and len(number) < 10)
            or etag is None
        ):
            raise S3Error("MalformedXML")
        checksums = {
            name: node.get(algorithm.element)
            for name, algorithm in ALGORITHMS.items()
            if node.get(algorithm.element)
        }
        if listed and listed[-1].number >= int(number):
            raise S3Error("InvalidPartOrder")
        listed.append(Listed(int(number), etag.text.strip('"'), checksums))
    if not listed:
        raise S3Error("MalformedXML")
    return listed


def _chosen(operation: Operation, upload: Upload, listed: list[Listed]) -> list[Part]:
    there = {part.number: part for part in uploaded_parts(operation, upload.upload_id)}
    chosen: list[Part] = []
    for item in listed:
        part = there.get(item.number)
        if part is None or part.etag != item.etag:
            raise S3Error(
                "InvalidPart",
                UploadId=upload.upload_id,
                PartNumber=str(item.number),
                ETag=item.etag,
            )
        chosen.append(part)
    return chosen


def _check_sizes(operation: Operation, parts: list[Part]) -> None:
    least = operation.house.settings.min_segment_size
    for part in parts[:-1]:
        if part.size < least:
            raise S3Error(
                "EntityTooSmall",
                ProposedSize=str(part.size),
                MinSizeAllowed=str(least),
                PartNumber=str(part.number),
                ETag=part.etag,
            )
    stated = operation.header("X-Amz-Mp-Object-Size")
    if stated and stated != str(sum(part.size for part in parts)):
        raise S3Error(
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header does not match what was "
            "computed.",
        )


def _object_headers(marker: Answer) -> dict[str, str]:
    return {
        name: value
        for name, value in marker.headers.items()
        if name in _KEPT
        or (
            name.startswith(("x-object-meta-", sysmeta.OBJECT, sysmeta.TRANSIENT))
            and name not in _MARKER_ONLY
        )
    }


def _checksum(
    operation: Operation,
    upload: Upload,
    claim: Claim,
    parts: list[Part],
    listed: list[Listed],
) -> str:
    """The object's checksum as it is stored; "" when the parts have none."""
    algorithm = ALGORITHMS.get(upload.algorithm)
    if algorithm is None:
        return ""
    values: list[tuple[str, int]] = []
    for part, item in zip(parts, listed, strict=True):
        claim.keep()  # it is asked for each of ten thousand, perhaps
        stored = _part_checksum(operation, part, algorithm.name)
        stated = item.checksums.get(algorithm.name, "")
        if stated and stated != stored:
            raise S3Error("InvalidPart", PartNumber=str(part.number))
        if not stored:
            raise S3Error(
                "InvalidRequest",
                f"The upload was created using a {algorithm.name.lower()} checksum. "
                "Each part must have been uploaded with one. Part "
                f"{part.number} was not.",
            )
        values.append((stored, part.size))
    if upload.checksum_type == FULL_OBJECT:
        whole = combined(algorithm, values)
        return f"{algorithm.name}:{FULL_OBJECT}:{whole}"
    return (
        f"{algorithm.name}:{COMPOSITE}:{composite(algorithm, [v for v, _ in values])}"
    )


def _part_checksum(operation: Operation, part: Part, algorithm: str) -> str:
    container = segments_container(operation.facts.container)
    head = operation.ask("HEAD", container, part.name).discard()
    name, _, rest = head.get(sysmeta.CHECKSUM).partition(":")
    return rest.partition(":")[2] if name == algorithm else ""


def _write_manifest(
    operation: Operation,
    claim: Claim,
    headers: dict[str, str],
    parts: list[Part],
    etag: str,
) -> Answer:
    container = segments_container(operation.facts.container)
    is_sealed = sysmeta.SSE_C in headers
    segments = [
        {
            "path": f"/{container}/{part.name}",
            "etag": part.etag,
            "size_bytes": sealed_part_length(part.size) if is_sealed else part.size,
        }
        for part in parts
        if part.size  # a manifest has no empty segments
    ]
    manifest = orjson.dumps(segments) if segments else b""
    checksum = headers.get(sysmeta.CHECKSUM, "")
    headers[sysmeta.LISTING_ETAG] = f"; s3_etag={etag}{listed_as(checksum)}"
    # An attempt of before may have come as far as this, and no further.
    replaced = replaced_upload(operation, own_upload=headers[sysmeta.UPLOAD_ID])
    claim.begin_object()
    answer = operation.ask_object(
        "PUT",
        query="multipart-manifest=put" if segments else "",
        headers=headers,
        body=manifest,
    )
    if answer.status in (400, 412):
        claim.object_refused()
    if answer.status == 400:
        # A part was there when it was listed: somebody deleted it through Swift.
        answer.close()
        raise S3Error("InvalidPart")
    finish_write(operation, answer, replaced)
    return answer
