"""What replies tell of lifecycles: ``x-amz-expiration``, ``x-amz-abort-date``."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.bucket.lifecycle_rules import Thing
from objectstore.s3.dates import http_date
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle import age
from objectstore.s3.lifecycle.rules_of import known_rules
from objectstore.s3.lifecycle.schedule import abortion, expiration
from objectstore.s3.object.tags import read_stored_tags
from objectstore.s3.operation import Operation


def of_written(operation: Operation, headers: dict[str, str], size: int) -> HeaderList:
    """For the reply to a write with these inner headers."""
    tags = headers.get(sysmeta.TAGS, "")
    return _expiration(operation, size, operation.now(), tags)


def of_read(operation: Operation, answer: Answer) -> HeaderList:
    """For the reply to a GET or HEAD of the current version."""
    if operation.version_id or not known_rules(operation.facts):
        return []
    length = answer.get("content-range").rpartition("/")[2]
    size = int(length or answer.get("content-length") or 0)
    modified = age.written_at(answer)
    return _expiration(operation, size, modified, answer.get(sysmeta.TAGS))


def _expiration(
    operation: Operation, size: int, modified: float, tags: str
) -> HeaderList:
    rules = known_rules(operation.facts)
    if not rules:
        return []
    thing = Thing(operation.key, size, modified, read_stored_tags(tags))
    told = expiration(rules, thing, operation.house.settings.lifecycle_day)
    return [("x-amz-expiration", told)] if told else []


def of_upload(operation: Operation, initiated: float) -> HeaderList:
    """For replies about an upload under way."""
    rules = known_rules(operation.facts)
    found = abortion(
        rules, operation.key, initiated, operation.house.settings.lifecycle_day
    )
    if found is None:
        return []
    moment, identifier = found
    return [
        ("x-amz-abort-date", http_date(moment)),
        ("x-amz-abort-rule-id", identifier),
    ]
