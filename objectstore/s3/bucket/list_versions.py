"""ListObjectVersions."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.list_objects import Entry, fetch_page
from objectstore.s3.bucket.listing_entry import shown_etag, shown_size
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.errors import S3Error
from objectstore.s3.object.get import DELETE_MARKER_TYPE
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, flag, text


def list_versions(operation: Operation) -> Reply:
    """GET ?versions of a bucket."""
    query = operation.query
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    key_marker = query.get("key-marker", "")
    version_marker = query.get("version-id-marker", "")
    if version_marker and not key_marker:
        raise S3Error(
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
        )
    more = {"versions": "1"} if operation.facts.versioning else {}
    if version_marker and more:
        more["version_marker"] = version_marker
    page = fetch_page(operation, limit, key_marker, more=more)
    delimiter = query.get("delimiter", "")
    last = page.entries[-1] if page.entries else {}
    truncated: list[str] = []
    if page.is_truncated:
        truncated.append(text("NextKeyMarker", encode(page.last)))
        if "name" in last:
            truncated.append(text("NextVersionIdMarker", _version(last)))
    owned = owner("Owner", operation.facts.account)
    body = document(
        "ListVersionsResult",
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("KeyMarker", encode(key_marker)),
        text("VersionIdMarker", version_marker),
        *truncated,
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
        *[
            _version_entry(entry, encode(entry["name"]), owned)
            for entry in page.entries
            if "name" in entry
        ],
        *[
            element("CommonPrefixes", text("Prefix", encode(entry["subdir"])))
            for entry in page.entries
            if "subdir" in entry
        ],
    )
    return Reply(200, body, content_type="application/xml")


def _version(entry: Entry) -> str:
    return str(entry.get("version_id") or "null")


def _version_entry(entry: Entry, shown_name: str, owned: str) -> str:
    is_marker = entry.get("content_type", "").replace(" ", "") == DELETE_MARKER_TYPE
    head = [
        text("Key", shown_name),
        text("VersionId", _version(entry)),
        flag("IsLatest", bool(entry.get("is_latest", True))),
        text("LastModified", iso_of_listing(entry["last_modified"])),
    ]
    if is_marker:
        return element("DeleteMarker", *head, owned)
    return element(
        "Version",
        *head,
        text("ETag", f'"{shown_etag(entry)}"'),
        text("Size", shown_size(entry)),
        owned,
        text("StorageClass", "STANDARD"),
    )
