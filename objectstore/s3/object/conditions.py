"""Conditional reads: the four headers against an object's ETag and date.  Pure.

Judged here and not below, because an S3 ETag is not always the store's.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.s3.dates import from_http
from objectstore.s3.errors import S3Error

Header = Callable[[str], str]


def etag_listed(listed: str, etag: str) -> bool:
    """Whether an ETag (bare) is in an If-Match or If-None-Match header."""
    if listed.strip() == "*":
        return True
    for item in listed.split(","):
        if item.strip().removeprefix("W/").strip('"') == etag:
            return True
    return False


def check(
    header: Header,
    etag: str,
    last_modified: str,
    *,
    prefix: str = "",
    copy: bool = False,
) -> None:
    """Raise ``PreconditionFailed`` or ``NotModified`` unless the conditions hold.

    ``prefix`` stands before the headers' names (``X-Amz-Copy-Source-``); a copy
    is never "not modified", it fails.
    """
    if_match = header(f"{prefix}If-Match")
    if_none_match = header(f"{prefix}If-None-Match")
    modified = _seconds(last_modified)
    if if_match:
        if not etag_listed(if_match, etag):
            raise S3Error("PreconditionFailed", Condition=f"{prefix}If-Match")
    else:
        since = _seconds(header(f"{prefix}If-Unmodified-Since"))
        if since is not None and modified is not None and modified > since:
            raise S3Error(
                "PreconditionFailed", Condition=f"{prefix}If-Unmodified-Since"
            )
    failed = ""
    if if_none_match:
        if etag_listed(if_none_match, etag):
            failed = "If-None-Match"
    else:
        since = _seconds(header(f"{prefix}If-Modified-Since"))
        if since is not None and modified is not None and modified <= since:
            failed = "If-Modified-Since"
    if failed and copy:
        raise S3Error("PreconditionFailed", Condition=prefix + failed)
    if failed:
        headers = (("ETag", f'"{etag}"'), ("Last-Modified", last_modified))
        raise S3Error("NotModified", headers=headers)


def has_conditions(environ: dict[str, object]) -> bool:
    """Whether a read has any of the four headers."""
    return (
        "HTTP_IF_MATCH" in environ
        or "HTTP_IF_NONE_MATCH" in environ
        or "HTTP_IF_MODIFIED_SINCE" in environ
        or "HTTP_IF_UNMODIFIED_SINCE" in environ
    )


def _seconds(text: str) -> float | None:
    """A date that cannot be read is no condition (RFC 9110)."""
    if not text:
        return None
    try:
        return float(int(from_http(text)))
    except ValueError:
        return None
