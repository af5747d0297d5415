"""ListObjects and ListObjectsV2.

Nodes write the entries of most pages; what they cannot (``wire.listing_forms``), and
pages with a delimiter, are written here from JSON.

Swift lists in the same order and with the same rolling up; what differs is how a
page ends and how the next one begins.  One entry more than wanted is asked for,
to know whether there is more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket.listing_entry import shown_etag, shown_size
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import query_string
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, escape, flag, text

LISTING_BYTES_MAX = 64 * 1024 * 1024
Entry = dict[str, Any]
# Sorts after every name that has the prefix before it.
_LAST = "\U0010ffff"
# Of an entry that shows no more than its object's own size, ETag, type and time.
_PLAIN_FIELDS = 5
# How each entry begins that a node has written, and where its owner belongs.
_CONTENTS, _OWNER_PLACE = b"<Contents>", "<StorageClass>"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: its entries, or the XML of ``count`` of them, without
    owners and with no name that is escaped."""

    entries: list[Entry]
    is_truncated: bool
    count: int
    contents: bytes = b""

    @property
    def last(self) -> str:
        """The name, or common prefix, that the page ends with."""
        if self.contents:
            key = self.contents.rpartition(b"<Key>")[2]
            return key.partition(b"<")[0].decode()
        if not self.entries:
            return ""
        entry = self.entries[-1]
        return str(entry.get("name") or entry["subdir"])


def fetch_page(
    operation: Operation,
    limit: int,
    marker: str,
    *,
    as_contents: bool = False,
    more: Mapping[str, str] | None = None,
) -> Page:
    """The page after ``marker``; ``as_contents``: as XML where nodes write it."""
    query = operation.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    if "\x00" in f"{prefix}{delimiter}{marker}":
        raise S3Error("InvalidArgument")
    if delimiter and marker.endswith(delimiter) and marker.startswith(prefix):
        # The marker is a common prefix that was listed: skip all under it.
        cut = marker.find(delimiter, len(prefix))
        if cut + len(delimiter) == len(marker):
            marker += _LAST
    if not limit:
        return Page([], False, 0)
    inner = query_string(
        format="contents" if as_contents and not delimiter else "json",
        limit=limit + 1,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        **(more or {}),
    )
    answer = operation.ask_bucket("GET", query=inner)
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    body = answer.read(LISTING_BYTES_MAX)
    if not body.startswith(b"["):
        return _page_of_contents(body, limit)
    entries: list[Entry] = orjson.loads(body)
    return Page(entries[:limit], len(entries) > limit, min(len(entries), limit))


def _page_of_contents(body: bytes, limit: int) -> Page:
    count = body.count(_CONTENTS)
    if count <= limit:
        return Page([], False, count, body)
    return Page([], True, limit, body[: body.rindex(_CONTENTS)])


def list_objects(operation: Operation) -> Reply:
    """GET of a bucket (version 1)."""
    query = operation.query
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    marker = query.get("marker", "")
    delimiter = query.get("delimiter", "")
    page = fetch_page(operation, limit, marker, as_contents=True)
    next_marker = page.is_truncated and delimiter
    body = document(
        "ListBucketResult",
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("Marker", encode(marker)),
        text("NextMarker", encode(page.last)) if next_marker else "",
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
        *_entries(operation, page, encode, with_owner=True),
    )
    return Reply(200, body, content_type="application/xml")


def list_objects_v2(operation: Operation) -> Reply:
    """GET ?list-type=2 of a bucket."""
    query = operation.query
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    token, start_after = query.get("continuation-token"), query.get("start-after", "")
    delimiter = query.get("delimiter", "")
    if token == "":
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect")
    page = fetch_page(
        operation,
        limit,
        start_after if token is None else _from_token(token),
        as_contents=True,
    )
    with_owner = query.get("fetch-owner", "").lower() == "true"
    body = document(
        "ListBucketResult",
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("StartAfter", encode(start_after)) if start_after else "",
        text("ContinuationToken", token) if token else "",
        text("NextContinuationToken", _to_token(page.last))
        if page.is_truncated
        else "",
        text("KeyCount", page.count),
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
        *_entries(operation, page, encode, with_owner=with_owner),
    )
    return Reply(200, body, content_type="application/xml")


def _entries(
    operation: Operation,
    page: Page,
    encode: Callable[[str], str],
    *,
    with_owner: bool,
) -> list[str]:
    owned = owner("Owner", operation.facts.account) if with_owner else ""
    if page.contents:
        written = page.contents.decode()
        if owned:
            written = written.replace(_OWNER_PLACE, owned + _OWNER_PLACE)
        return [written]
    contents: list[str] = []
    prefixes: list[str] = []
    for entry in page.entries:
        if "subdir" in entry:
            prefixes.append(
                element("CommonPrefixes", text("Prefix", encode(entry["subdir"])))
            )
            continue
        etag: str = entry["hash"]
        if len(entry) != _PLAIN_FIELDS or not etag.isalnum():
            etag = escape(shown_etag(entry))
        # A thousand a page: one string each, not one for each element.
        contents.append(
            f"<Contents><Key>{escape(encode(entry['name']))}</Key><LastModified>"
            f"{iso_of_listing(entry['last_modified'])}</LastModified><ETag>&quot;"
            f"{etag}&quot;</ETag><Size>{shown_size(entry)}</Size>"
            f"{owned}<StorageClass>STANDARD</StorageClass></Contents>"
        )
    return contents + prefixes


def _to_token(name: str) -> str:
    return base64.urlsafe_b64encode(b"1" + name.encode()).decode()


def _from_token(token: str) -> str:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
        if raw[:1] != b"1":
            raise ValueError
        return raw[1:].decode()
    except (ValueError, binascii.Error):
        raise S3Error(
            "InvalidArgument", "The continuation token provided is incorrect"
        ) from None
