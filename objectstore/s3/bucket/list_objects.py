"""ListObjects and ListObjectsV2.

Nodes write pages as fields, of which ``listed_fields`` makes XML.

Swift lists in the same order and with the same rolling up; what differs is how a
page ends and how the next one begins.  One entry more than wanted is asked for,
to know whether there is more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import NamedTuple

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.bucket import listed_fields
from objectstore.s3.bucket.listed_fields import Fields
from objectstore.s3.bucket.listing_query import encoder, page_size
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import query_string
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import flag, long_document, text

LISTING_BYTES_MAX = 64 * 1024 * 1024
# Sorts after every name that has the prefix before it.
_LAST = "\U0010ffff"


class Page(NamedTuple):
    """One page of a listing: what nodes wrote of its entries."""

    fields: Fields
    is_truncated: bool

    @property
    def last(self) -> str:
        """The name, or common prefix, that the page ends with."""
        fields = self.fields
        return listed_fields.last_name(fields.body) if fields.entries else ""


def ask_page(
    operation: Operation,
    form: str,
    limit: int,
    marker: str,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Up to ``limit`` entries after ``marker``, and one if there are more, as the
    ``format`` of that name."""
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
        return b""
    inner = query_string(
        format=form,
        limit=limit + 1,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        **(more or {}),
    )
    answer = operation.ask_bucket("GET", query=inner)
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    return answer.read(LISTING_BYTES_MAX)


def _fetch_page(operation: Operation, limit: int, marker: str) -> Page:
    body = ask_page(operation, "fields", limit, marker)
    fields = listed_fields.read(body, as_url=_is_url(operation))
    if fields.entries <= limit:
        return Page(fields, False)
    return Page(listed_fields.first(fields, limit), True)


def _is_url(operation: Operation) -> bool:
    return bool(operation.query.get("encoding-type"))


def list_objects(operation: Operation) -> Reply:
    """GET of a bucket (version 1)."""
    query = operation.query
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    marker = query.get("marker", "")
    delimiter = query.get("delimiter", "")
    page = _fetch_page(operation, limit, marker)
    next_marker = page.is_truncated and delimiter
    elements = (
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("Marker", encode(marker)),
        text("NextMarker", encode(page.last)) if next_marker else "",
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
    )
    return _reply(operation, page, elements, with_owner=True)


def list_objects_v2(operation: Operation) -> Reply:
    """GET ?list-type=2 of a bucket."""
    query = operation.query
    if query["list-type"] != "2":
        raise S3Error(
            "InvalidArgument",
            "Invalid List Type specified in Request",
            ArgumentName="list-type",
            ArgumentValue=query["list-type"],
        )
    limit = page_size(
        operation, "max-keys", operation.house.settings.max_bucket_listing
    )
    encode = encoder(operation)
    token, start_after = query.get("continuation-token"), query.get("start-after", "")
    delimiter = query.get("delimiter", "")
    if token == "":
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect")
    marker = start_after if token is None else _from_token(token)
    page = _fetch_page(operation, limit, marker)
    with_owner = query.get("fetch-owner", "").lower() == "true"
    elements = (
        text("Name", operation.bucket),
        text("Prefix", encode(query.get("prefix", ""))),
        text("StartAfter", encode(start_after)) if "start-after" in query else "",
        text("ContinuationToken", token) if token else "",
        text("NextContinuationToken", _to_token(page.last))
        if page.is_truncated
        else "",
        text("KeyCount", page.fields.entries),
        text("MaxKeys", limit),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if query.get("encoding-type") else "",
        flag("IsTruncated", page.is_truncated),
    )
    return _reply(operation, page, elements, with_owner=with_owner)


def _reply(
    operation: Operation, page: Page, elements: tuple[str, ...], *, with_owner: bool
) -> Reply:
    owned = owner("Owner", operation.facts.account) if with_owner else ""
    as_url = _is_url(operation)
    entries = listed_fields.to_xml(page.fields, owned, as_url=as_url)
    body = long_document("ListBucketResult", elements, entries)
    return Reply(200, body, content_type="application/xml")


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
