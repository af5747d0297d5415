"""ListMultipartUploads: the uploads of a bucket that are under way."""

from __future__ import annotations

from functools import partial

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.multipart.parts import list_segments
from objectstore.s3.multipart.uploads_in_order import Shown, UploadsInOrder
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, flag, text


def list_uploads(operation: Operation) -> Reply:
    """GET ?uploads."""
    query = operation.query
    limit = page_size(operation, "max-uploads", 1000)
    page, is_truncated = _page(operation, limit)
    last = page[-1] if is_truncated else Shown("", "", "", "")
    encode = encoder(operation)
    own = operation.facts.account
    body = document(
        "ListMultipartUploadsResult",
        text("Bucket", operation.bucket),
        text("KeyMarker", encode(query.get("key-marker", ""))),
        text("UploadIdMarker", query.get("upload-id-marker", "")),
        text("NextKeyMarker", encode(last.key)) if is_truncated else "",
        text("NextUploadIdMarker", last.upload_id) if is_truncated else "",
        text("Delimiter", encode(query["delimiter"])) if query.get("delimiter") else "",
        text("Prefix", encode(query.get("prefix", ""))),
        text("MaxUploads", limit),
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", is_truncated),
        *[
            element(
                "Upload",
                text("Key", encode(key)),
                text("UploadId", upload_id),
                owner("Initiator", account or own),
                owner("Owner", account or own),
                text("StorageClass", "STANDARD"),
                text("Initiated", iso_of_listing(initiated)),
            )
            for key, upload_id, initiated, account in page
            if upload_id
        ],
        *[
            element("CommonPrefixes", text("Prefix", encode(key)))
            for key, upload_id, _, _ in page
            if not upload_id
        ],
    )
    return Reply(200, body, content_type="application/xml")


def _page(operation: Operation, limit: int) -> tuple[list[Shown], bool]:
    """What is shown, and whether there is more."""
    if not limit:
        return [], False
    query = operation.query
    uploads = UploadsInOrder(
        partial(list_segments, operation),
        query.get("prefix", ""),
        query.get("delimiter", ""),
        (query.get("key-marker", ""), query.get("upload-id-marker", "")),
    )
    found = uploads.first(limit + 1)
    return found[:limit], len(found) > limit
