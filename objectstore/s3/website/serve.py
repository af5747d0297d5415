"""A request to a bucket's web site: index, redirects, the site's own error page.

Everybody is anonymous here, whatever he sends along, and gets what the bucket's
policy and ACLs let anybody have.  The order: everything redirected; routing rules
by key; the document (or its own redirect); a path that lacks its slash; routing
rules by the error's status; the error document.
"""

from __future__ import annotations

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.bucket.cors import preflight
from objectstore.s3.bucket_places import enter_bucket
from objectstore.s3.caller import ANYBODY
from objectstore.s3.errors import S3Error, from_status, not_allowed
from objectstore.s3.names import check_bucket
from objectstore.s3.object.get import get_object
from objectstore.s3.operation import Operation
from objectstore.s3.website.page import error_page
from objectstore.s3.website.rules import (
    Redirect,
    Website,
    location,
    parse_website,
    path_of,
)

_HTML = "text/html; charset=utf-8"
_REDIRECT = "x-amz-website-redirect-location"
_READ = Permission(on_object=True, name="READ")


def answer_website(operation: Operation) -> Reply:
    """The reply, whatever happens a page."""
    operation.logged_as = f"WEBSITE.{operation.method}.OBJECT"
    try:
        check_bucket(operation.bucket)
        enter_bucket(operation)
        if operation.method == "OPTIONS":
            return preflight(operation)
        if operation.method not in ("GET", "HEAD"):
            raise not_allowed(operation.method, ("GET", "HEAD", "OPTIONS"), "OBJECT")
        site = operation.facts.parsed("website", parse_website)
        if site is None:
            raise S3Error("NoSuchWebsiteConfiguration", BucketName=operation.bucket)
    except (S3Error, Rejected, Unavailable) as raised:
        return _page(operation, _known(operation, raised))
    return _serve(operation, site)


def _serve(operation: Operation, site: Website) -> Reply:
    asked = operation.key
    if site.redirect_all is not None:
        return _redirected(operation, site.redirect_all, path_of(asked))
    rule = site.rule(asked)
    if rule is not None:
        return _redirected(operation, rule.redirect, rule.path(asked))
    try:
        return _document(operation, site.document(asked))
    except (S3Error, Rejected, Unavailable) as raised:
        error = _known(operation, raised)
    if error.status == 304:
        return Reply(304, (), list(error.headers))
    if error.status in (403, 404) and asked and not asked.endswith("/"):
        slashed = f"{asked}/"
        if _is_readable(operation, site.document(slashed)):
            target = f"/{path_of(slashed)}"
            return Reply(302, b"", [("Location", target)], _HTML)
    rule = site.rule(asked, error.status)
    if rule is not None:
        return _redirected(operation, rule.redirect, rule.path(asked))
    return _error_document(operation, site, error)


def _document(operation: Operation, key: str) -> Reply:
    reading = _reading(operation, key)
    authorize(reading, "s3:GetObject", _READ)
    reply = get_object(reading)
    target = reply.header(_REDIRECT)
    if target:
        _close(reply)
        return Reply(301, b"", [("Location", target)], _HTML)
    return reply


def _is_readable(operation: Operation, key: str) -> bool:
    """Whether anybody may read the key; existence alone is not told."""
    reading = _reading(operation, key)
    try:
        authorize(reading, "s3:GetObject", _READ)
    except S3Error:
        return False
    return reading.ask_object("HEAD").discard().is_success


def _error_document(operation: Operation, site: Website, error: S3Error) -> Reply:
    if not site.error_key or error.status >= 500:
        return _page(operation, error)
    reading = _reading(operation, site.error_key)
    for name in ("RANGE", "IF_RANGE", "IF_MATCH", "IF_NONE_MATCH"):
        reading.environ.pop(f"HTTP_{name}", None)
    for name in ("IF_MODIFIED_SINCE", "IF_UNMODIFIED_SINCE"):
        reading.environ.pop(f"HTTP_{name}", None)
    try:
        authorize(reading, "s3:GetObject", _READ)
        reply = get_object(reading)
    except (S3Error, Rejected, Unavailable) as raised:
        return _page(operation, error, _known(operation, raised))
    reply.status = error.status
    operation.error_code = error.code
    return reply


def _page(operation: Operation, error: S3Error, second: S3Error | None = None) -> Reply:
    operation.error_code = error.code
    headers: HeaderList = [
        *error.headers,
        ("x-amz-error-code", error.code),
        ("x-amz-error-message", error.text),
    ]
    body = error_page(error, operation.request_id, second)
    reply = Reply(error.status, body, headers, _HTML)
    if operation.method == "HEAD":
        reply.body = ()
    return reply


def _redirected(operation: Operation, redirect: Redirect, path: str) -> Reply:
    scheme = operation.environ.get("wsgi.url_scheme", "http")
    host = operation.environ.get("HTTP_HOST", "")
    target = location(redirect, path, scheme, host)
    return Reply(redirect.status, b"", [("Location", target)], _HTML)


def _reading(operation: Operation, key: str) -> Operation:
    environ = dict(operation.environ)
    environ["QUERY_STRING"] = ""
    reading = Operation(environ, operation.house, operation.bucket, key)
    reading.caller = ANYBODY
    reading.bucket_facts = operation.bucket_facts
    return reading


def _known(operation: Operation, raised: Exception) -> S3Error:
    if isinstance(raised, S3Error):
        return raised
    if isinstance(raised, Rejected):
        return from_status(raised.status)
    operation.context.log_notes.append(str(raised))
    return S3Error("ServiceUnavailable")


def _close(reply: Reply) -> None:
    close = getattr(reply.body, "close", None)
    if close is not None:
        close()
