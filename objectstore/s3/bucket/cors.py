"""CORS at work: preflights, and the headers on every other reply."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.bucket.cors_rules import (
    METHODS,
    VARY,
    find_rule,
    parse_cors,
    requested_headers,
)
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation


def preflight(operation: Operation) -> Reply:
    """OPTIONS: may a script from that origin do that?"""
    origin = operation.header("Origin")
    method = operation.header("Access-Control-Request-Method")
    if not origin:
        raise S3Error(
            "BadRequest", "Insufficient information. Origin request header needed."
        )
    if method not in METHODS:
        raise S3Error(
            "BadRequest",
            f"Invalid Access-Control-Request-Method: {method[:32] or 'null'}",
        )
    wanted = requested_headers(operation.header("Access-Control-Request-Headers"))
    facts = operation.bucket_facts
    rules = None if facts is None else facts.parsed("cors", parse_cors)
    if rules is None:
        raise _refused(operation, method, "CORS is not enabled for this bucket.")
    rule = find_rule(rules, origin, method, wanted)
    if rule is None:
        raise _refused(
            operation,
            method,
            "This CORS request is not allowed. This is usually because the evaluation "
            "of Origin, request method / Access-Control-Request-Method or "
            "Access-Control-Request-Headers are not allowed by the resource's CORS "
            "spec.",
        )
    return Reply(200, b"", rule.reply_headers(origin, wanted))


def _refused(operation: Operation, method: str, why: str) -> S3Error:
    resource_type = "OBJECT" if operation.key else "BUCKET"
    return S3Error(
        "AccessForbidden",
        f"CORSResponse: {why}",
        Method=method,
        ResourceType=resource_type,
    )


def cors_headers(operation: Operation) -> HeaderList:
    """What a reply to a script in a browser gets; nothing without ``Origin``.

    A refused origin is told nothing, but caches learn that others may not be.
    """
    facts = operation.bucket_facts
    origin = operation.environ.get("HTTP_ORIGIN")
    if origin is None or facts is None:
        return []
    rules = facts.parsed("cors", parse_cors)
    if rules is None:
        return []
    rule = find_rule(rules, operation.header("Origin"), operation.method, [])
    if rule is None:
        return [VARY]
    return rule.reply_headers(operation.header("Origin"), [])
