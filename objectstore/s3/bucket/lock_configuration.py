"""The object lock configuration of a bucket: whether, and the default retention."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import read_document

DAY_SECONDS = 86400
# AWS's limits.
DAYS_MAX = 36500
YEARS_MAX = 100
NAME = "object-lock"
ENABLED_ONLY = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    "</ObjectLockConfiguration>"
)


@dataclass(frozen=True, slots=True)
class DefaultRetention:
    """What new versions get that ask for nothing."""

    mode: str
    seconds: int


def parse_lock_configuration(text: str) -> DefaultRetention | None:
    """The default retention of an ``ObjectLockConfiguration``, checked."""
    root = read_document(text.encode(), "ObjectLockConfiguration")
    if root.get("ObjectLockEnabled") != "Enabled":
        raise S3Error("MalformedXML")
    rule = root.child("Rule")
    if rule is None:
        return None
    retention = rule.child("DefaultRetention")
    if retention is None:
        raise S3Error("MalformedXML")
    mode, days, years = (retention.get(name) for name in ("Mode", "Days", "Years"))
    if mode not in ("GOVERNANCE", "COMPLIANCE") or bool(days) == bool(years):
        raise S3Error("MalformedXML")
    count = _count(days or years)
    if count > (DAYS_MAX if days else YEARS_MAX):
        raise S3Error(
            "InvalidArgument",
            "Default retention period is too large",
        )
    return DefaultRetention(mode, count * DAY_SECONDS * (1 if days else 365))


def _count(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise S3Error("MalformedXML")
    if int(text) <= 0:
        raise S3Error(
            "InvalidArgument",
            "Default retention period must be a positive integer value",
        )
    return int(text)


def default_retention(facts: BucketFacts) -> DefaultRetention | None:
    """The bucket's default retention, if it has one."""
    return facts.parsed(NAME, parse_lock_configuration)
