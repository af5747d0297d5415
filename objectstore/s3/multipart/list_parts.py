"""ListParts."""

from __future__ import annotations

from itertools import islice

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.headers import of_upload
from objectstore.s3.multipart.initiate import UPLOAD_OWNER
from objectstore.s3.multipart.parts import segments_container, uploaded_parts
from objectstore.s3.multipart.upload import find_upload
from objectstore.s3.object.part_checksums import stored_checksum
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, flag, text


def list_parts(operation: Operation) -> Reply:
    """GET ?uploadId."""
    upload = find_upload(operation)
    settings = operation.house.settings
    limit = page_size(operation, "max-parts", settings.max_parts_listing)
    marker = operation.query.get("part-number-marker", "") or "0"
    if not (marker.isascii() and marker.isdigit() and len(marker) < 10):
        raise S3Error("InvalidArgument", ArgumentName="part-number-marker")
    encode = encoder(operation)
    found = uploaded_parts(operation, upload.upload_id, int(marker))
    parts = list(islice(found, limit + 1)) if limit else []
    is_truncated = len(parts) > limit
    parts = parts[:limit]
    account = upload.marker.get(UPLOAD_OWNER) or operation.facts.account
    body = document(
        "ListPartsResult",
        text("Bucket", operation.bucket),
        text("Key", encode(operation.key)),
        text("UploadId", upload.upload_id),
        owner("Initiator", account),
        owner("Owner", account),
        text("StorageClass", "STANDARD"),
        text("PartNumberMarker", marker),
        text("NextPartNumberMarker", parts[-1].number if parts else 0),
        text("MaxParts", limit),
        flag("IsTruncated", is_truncated),
        text("ChecksumAlgorithm", upload.algorithm) if upload.algorithm else "",
        text("ChecksumType", upload.checksum_type) if upload.algorithm else "",
        *[
            element(
                "Part",
                text("PartNumber", part.number),
                text("LastModified", iso_of_listing(part.last_modified)),
                text("ETag", f'"{part.etag}"'),
                text("Size", part.size),
                _checksum(operation, part.name, upload.algorithm),
            )
            for part in parts
        ],
    )
    initiated = float(upload.marker.get("x-timestamp", "0"))
    headers = of_upload(operation, initiated)
    return Reply(200, body, headers, content_type="application/xml")


def _checksum(operation: Operation, name: str, algorithm: str) -> str:
    if not algorithm:
        return ""
    container = segments_container(operation.facts.container)
    return stored_checksum(operation, container, name, algorithm)
