"""ListMultipartUploads: the uploads of a bucket that are under way."""

from __future__ import annotations

from dataclasses import dataclass, field

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.multipart.parts import UPLOAD_ID_LENGTH, all_segments
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, flag, text

_PREFIX = "uploads/"


@dataclass(slots=True)
class _Page:
    uploads: list[tuple[str, str, str]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    is_truncated: bool = False
    next_key: str = ""
    next_upload: str = ""

    def __len__(self) -> int:
        return len(self.uploads) + len(self.prefixes)


def list_uploads(operation: Operation) -> Reply:
    """GET ?uploads."""
    query = operation.query
    limit = page_size(operation, "max-uploads", 1000)
    page = _collect(operation, limit)
    encode = encoder(operation)
    account = operation.facts.account
    body = document(
        "ListMultipartUploadsResult",
        text("Bucket", operation.bucket),
        text("KeyMarker", encode(query.get("key-marker", ""))),
        text("UploadIdMarker", query.get("upload-id-marker", "")),
        text("NextKeyMarker", encode(page.next_key)) if page.is_truncated else "",
        text("NextUploadIdMarker", page.next_upload) if page.is_truncated else "",
        text("Delimiter", encode(query["delimiter"])) if query.get("delimiter") else "",
        text("Prefix", encode(query.get("prefix", ""))),
        text("MaxUploads", limit),
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
        *[
            element(
                "Upload",
                text("Key", encode(key)),
                text("UploadId", upload_id),
                owner("Initiator", account),
                owner("Owner", account),
                text("StorageClass", "STANDARD"),
                text("Initiated", iso_of_listing(initiated)),
            )
            for key, upload_id, initiated in page.uploads
        ],
        *[
            element("CommonPrefixes", text("Prefix", encode(prefix)))
            for prefix in page.prefixes
        ],
    )
    return Reply(200, body, content_type="application/xml")


def _collect(operation: Operation, limit: int) -> _Page:
    query = operation.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
    page = _Page()
    if not limit:
        return page
    seen: set[str] = set()
    # Names sort by key and "/", keys by themselves: the order differs where a
    # character sorts below the slash.  Uploads under way are few: sort them.
    found = sorted(
        (
            entry["name"][len(_PREFIX) : -UPLOAD_ID_LENGTH - 1],
            entry["name"][-UPLOAD_ID_LENGTH:],
            entry["last_modified"],
        )
        for entry in all_segments(operation, _PREFIX + prefix)
    )
    for key, upload_id, initiated in found:
        if after[0] and (key < after[0] or (key == after[0] and upload_id <= after[1])):
            continue
        if after[0] and not after[1] and key == after[0]:
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        rolled = key[: cut + len(delimiter)] if cut >= 0 else ""
        if rolled and (rolled in seen or rolled <= after[0]):
            continue
        if len(page) == limit:
            page.is_truncated = True
            break
        if rolled:
            seen.add(rolled)
            page.prefixes.append(rolled)
            page.next_key, page.next_upload = rolled, ""
        else:
            page.uploads.append((key, upload_id, initiated))
            page.next_key, page.next_upload = key, upload_id
    return page
