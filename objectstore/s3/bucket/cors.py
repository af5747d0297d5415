"""CORS at work: preflights, and the headers on every other reply."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.bucket.cors_rules import find_rule, parse_cors, requested_headers
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation


def preflight(operation: Operation) -> Reply:
    """OPTIONS: may a script from that origin do that?"""
    origin = operation.header("Origin")
    method = operation.header("Access-Control-Request-Method")
    if not origin or not method:
        raise S3Error(
            "InvalidRequest", "Insufficient information. Origin request header needed."
        )
    wanted = requested_headers(operation.header("Access-Control-Request-Headers"))
    facts = operation.bucket_facts
    rules = None if facts is None else facts.parsed("cors", parse_cors)
    if rules is None:
        raise S3Error(
            "AccessDenied", "CORSResponse: CORS is not enabled for this bucket."
        )
    rule = find_rule(rules, origin, method, wanted)
    if rule is None:
        raise S3Error(
            "AccessDenied",
            "CORSResponse: This CORS request is not allowed. This is usually because "
            "the evaluation of Origin, request method / Access-Control-Request-Method "
            "or Access-Control-Request-Headers are not allowed by the resource's CORS "
            "spec.",
        )
    return Reply(200, b"", rule.reply_headers(origin, wanted))


def cors_headers(operation: Operation) -> HeaderList:
    """What a reply to a script in a browser gets; nothing without ``Origin``."""
    facts = operation.bucket_facts
    origin = operation.environ.get("HTTP_ORIGIN")
    if origin is None or facts is None:
        return []
    rules = facts.parsed("cors", parse_cors)
    if rules is None:
        return []
    rule = find_rule(rules, operation.header("Origin"), operation.method, [])
    return [] if rule is None else rule.reply_headers(operation.header("Origin"), [])
