"""ListObjectVersions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.list_objects import ask_page
from objectstore.s3.bucket.listing_entry import (
    Entry,
    shown_checksum,
    shown_etag,
    shown_size,
)
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.errors import S3Error
from objectstore.s3.object.delete_marker import is_marker_type
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, escape, flag, text


def list_versions(operation: Operation) -> Reply:
    """GET ?versions of a bucket."""
    query = operation.query
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    key_marker = query.get("key-marker", "")
    version_marker = query.get("version-id-marker", "")
    found = _ask(operation, limit, key_marker, version_marker)
    entries, is_truncated = found[:limit], len(found) > limit
    delimiter = query.get("delimiter", "")
    owned = owner("Owner", operation.facts.account)
    page = document(
        "ListVersionsResult",
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("KeyMarker", encode(key_marker)),
        text("VersionIdMarker", version_marker),
        *(_next_markers(entries[-1], encode) if is_truncated else ()),
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", is_truncated),
        *[
            _version_entry(entry, encode(entry["name"]), owned)
            for entry in entries
            if "name" in entry
        ],
        *[
            element("CommonPrefixes", text("Prefix", encode(entry["subdir"])))
            for entry in entries
            if "subdir" in entry
        ],
    )
    return Reply(200, page, content_type="application/xml")


def _ask(
    operation: Operation, limit: int, key_marker: str, version_marker: str
) -> list[Entry]:
    """The page's entries, and one more when it is not the last."""
    if version_marker and not key_marker:
        raise S3Error(
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
        )
    more = {"versions": "1"} if operation.facts.versioning else {}
    if version_marker and more:
        more["version_marker"] = version_marker
    body = ask_page(operation, "json", limit, key_marker, more)
    found: list[Entry] = orjson.loads(body) if body else []
    return found


def _next_markers(last: Entry, encode: Callable[[str], str]) -> Iterator[str]:
    yield text("NextKeyMarker", encode(str(last.get("name") or last["subdir"])))
    if "name" in last:
        yield text("NextVersionIdMarker", _version(last))


def _version(entry: Entry) -> str:
    return str(entry.get("version_id") or "null")


def _version_entry(entry: Entry, shown_name: str, owned: str) -> str:
    # A thousand a page: one string each, not one for each element.
    is_latest = "true" if entry.get("is_latest", True) else "false"
    head = (
        f"<Key>{escape(shown_name)}</Key><VersionId>{escape(_version(entry))}"
        f"</VersionId><IsLatest>{is_latest}</IsLatest><LastModified>"
        f"{iso_of_listing(entry['last_modified'])}</LastModified>"
    )
    if is_marker_type(entry.get("content_type", "")):
        return f"<DeleteMarker>{head}{owned}</DeleteMarker>"
    return (
        f"<Version>{head}<ETag>&quot;{escape(shown_etag(entry))}&quot;</ETag>"
        f"{shown_checksum(entry)}<Size>{shown_size(entry)}</Size>{owned}"
        "<StorageClass>STANDARD</StorageClass></Version>"
    )
