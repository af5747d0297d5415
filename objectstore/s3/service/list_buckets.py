"""ListBuckets: a user's containers, but those of the house."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from objectstore.kernel.reply import Reply
from objectstore.s3.access.acl_xml import owner
from objectstore.s3.access.authorize import authorize_service
from objectstore.s3.bucket.listing_query import page_size
from objectstore.s3.dates import iso_of_listing
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import query_string
from objectstore.s3.names import is_hidden
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, element, text

LISTING_BYTES_MAX = 16 * 1024 * 1024
PAGE = 10_000


def list_buckets(operation: Operation) -> Reply:
    """GET of the service."""
    caller = operation.caller
    if caller.is_anonymous or not caller.may_read(caller.account):
        raise S3Error("AccessDenied")
    authorize_service(operation, "s3:ListAllMyBuckets")
    limit = page_size(operation, "max-buckets", PAGE)
    if not limit:
        raise S3Error(
            "InvalidArgument",
            f"Argument max-buckets must be an integer between 1 and {PAGE}",
            ArgumentName="max-buckets",
            ArgumentValue="0",
        )
    prefix = operation.query.get("prefix", "")
    token = operation.query.get("continuation-token", "")
    entries = _containers(operation, prefix, _from_token(token), limit)
    more = len(entries) > limit
    entries = entries[:limit]
    body = document(
        "ListAllMyBucketsResult",
        owner("Owner", caller.account),
        element(
            "Buckets",
            *[
                element(
                    "Bucket",
                    text("Name", entry["name"]),
                    text("CreationDate", iso_of_listing(entry["last_modified"])),
                )
                for entry in entries
            ],
        ),
        text("Prefix", prefix) if prefix else "",
        text("ContinuationToken", _to_token(entries[-1]["name"])) if more else "",
    )
    return Reply(200, body, content_type="application/xml")


def _containers(
    operation: Operation, prefix: str, marker: str, limit: int
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    account = operation.caller.account
    while len(found) <= limit:
        answer = operation.house.store.ask(
            operation.environ,
            "GET",
            account,
            query=query_string(format="json", limit=PAGE, prefix=prefix, marker=marker),
        )
        if answer.status == 404:  # an account that was never written to
            answer.discard()
            break
        if answer.status != 200:
            raise operation.failed(answer)
        page = orjson.loads(answer.read(LISTING_BYTES_MAX))
        found += [entry for entry in page if not is_hidden(entry["name"])]
        if len(page) < PAGE:
            break
        marker = page[-1]["name"]
    return found


def _to_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _from_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode("ascii")).decode()
    except (ValueError, binascii.Error):
        raise S3Error(
            "InvalidArgument", "The continuation token provided is incorrect"
        ) from None
