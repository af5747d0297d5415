"""Lifecycle configuration: read, checked, and what it decides.  Pure.

``due`` says what becomes of an object at a time; ``lifecycle.run``, led by an index
of days, asks it and carries it out.  The configuration is checked as AWS does, so
that what is stored can be carried out.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from objectstore.s3.dates import from_iso
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document

RULES_MAX = 1000
ID_LENGTH_MAX = 255
DAY_SECONDS = 86400


class Action(enum.Enum):
    """What becomes of a thing."""

    KEEP = "keep"
    EXPIRE = "expire"  # delete, or put a delete marker where there are versions
    REMOVE_VERSION = "remove version"
    REMOVE_MARKER = "remove marker"
    ABORT_UPLOAD = "abort upload"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which objects a rule is for."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    larger_than: int = -1
    smaller_than: int = -1

    def matches(self, thing: Thing) -> bool:
        """Whether the rule is for the thing."""
        return (
            thing.key.startswith(self.prefix)
            and all(thing.tags.get(key) == value for key, value in self.tags)
            and (self.larger_than < 0 or thing.size > self.larger_than)
            and (self.smaller_than < 0 or thing.size < self.smaller_than)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.  Days of 0 mean "not given"."""

    identifier: str
    enabled: bool
    filter: Filter
    expire_days: int = 0
    expire_date: float = 0.0
    expire_markers: bool = False
    noncurrent_days: int = 0
    newer_noncurrent: int = 0
    abort_days: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    """An object version, a delete marker, or an upload under way."""

    key: str
    size: int = 0
    modified: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)
    is_current: bool = True
    is_marker: bool = False
    # A current marker without any other version of the key.
    is_alone: bool = False
    # Since when it is not current, and how many newer noncurrent ones there are.
    noncurrent_since: float = 0.0
    newer_noncurrent: int = 0
    is_upload: bool = False


def due(
    rules: tuple[Rule, ...], thing: Thing, now: float, day: float = DAY_SECONDS
) -> Action:
    """What the rules want done with the thing now; a day has ``day`` seconds."""
    for rule in rules:
        if not rule.enabled or not rule.filter.matches(thing):
            continue
        action, moment = wanted(rule, thing, day)
        if action is not Action.KEEP and now >= moment:
            return action
    return Action.KEEP


def wanted(rule: Rule, thing: Thing, day: float) -> tuple[Action, float]:
    """What a rule that matches wants done with the thing, and from when on."""
    if thing.is_upload:
        if not rule.abort_days:
            return Action.KEEP, 0.0
        return Action.ABORT_UPLOAD, midnight_after(thing.modified, rule.abort_days, day)
    if not thing.is_current:
        if not rule.noncurrent_days or thing.newer_noncurrent < rule.newer_noncurrent:
            return Action.KEEP, 0.0
        moment = midnight_after(thing.noncurrent_since, rule.noncurrent_days, day)
        return Action.REMOVE_VERSION, moment
    moments = []
    if rule.expire_days:
        moments.append(midnight_after(thing.modified, rule.expire_days, day))
    if rule.expire_date:
        moments.append(rule.expire_date)
    if thing.is_marker:
        if rule.expire_markers:
            moments.append(0.0)
        if not thing.is_alone or not moments:
            return Action.KEEP, 0.0
        return Action.REMOVE_MARKER, min(moments)
    return (Action.EXPIRE, min(moments)) if moments else (Action.KEEP, 0.0)


def midnight_after(moment: float, days: int, day: float = DAY_SECONDS) -> float:
    """AWS counts whole days and rounds up to the next midnight UTC."""
    whole = moment + days * day
    return -(-whole // day) * day


def parse_lifecycle(text: str) -> tuple[Rule, ...]:
    """The rules of a ``LifecycleConfiguration``."""
    nodes = list(read_document(text.encode(), "LifecycleConfiguration").all("Rule"))
    if not 0 < len(nodes) <= RULES_MAX:
        raise S3Error("MalformedXML")
    rules = tuple(_rule(node) for node in nodes)
    identifiers = [rule.identifier for rule in rules if rule.identifier]
    if len(set(identifiers)) < len(identifiers):
        raise S3Error("InvalidArgument", "Rule ID must be unique.")
    return rules


def _rule(node: Node) -> Rule:
    identifier, status = node.get("ID"), node.get("Status")
    if len(identifier) > ID_LENGTH_MAX:
        raise S3Error(
            "InvalidArgument", "ID length should not exceed allowed limit of 255"
        )
    if status not in ("Enabled", "Disabled"):
        raise S3Error("MalformedXML")
    _refuse_transitions(node, identifier)
    expiration = node.child("Expiration") or Node("Expiration")
    noncurrent = node.child("NoncurrentVersionExpiration") or Node("")
    abort = node.child("AbortIncompleteMultipartUpload") or Node("")
    given = [
        item
        for item in ("Days", "Date", "ExpiredObjectDeleteMarker")
        if expiration.get(item)
    ]
    if node.child("Expiration") is not None and len(given) != 1:
        raise S3Error("MalformedXML")
    chosen = _filter(node)
    rule = Rule(
        identifier,
        status == "Enabled",
        chosen,
        _days(expiration, "Days"),
        _date(expiration.get("Date")),
        expiration.get("ExpiredObjectDeleteMarker").lower() == "true",
        _days(noncurrent, "NoncurrentDays"),
        _days(noncurrent, "NewerNoncurrentVersions"),
        _days(abort, "DaysAfterInitiation"),
    )
    if not (given or rule.noncurrent_days or rule.abort_days):
        raise S3Error(
            "InvalidRequest", "At least one action needs to be specified in a rule."
        )
    if rule.abort_days and chosen.tags:
        raise S3Error(
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        )
    return rule


def _refuse_transitions(node: Node, identifier: str) -> None:
    for name in ("Transition", "NoncurrentVersionTransition"):
        transition = node.child(name)
        if transition is not None:
            raise S3Error(
                "NotImplemented",
                f"Rule {identifier!r} has a {name} to "
                f"{transition.get('StorageClass')[:64]!r}: nothing is moved between "
                "storage classes here. Leave the transition out; expirations work.",
            )


def _filter(node: Node) -> Filter:
    outer = node.child("Filter")
    if outer is None:
        if node.child("Prefix") is None:
            raise S3Error("MalformedXML")
        return Filter(node.get("Prefix"))
    if node.child("Prefix") is not None or len(outer.children) > 1:
        raise S3Error("MalformedXML")
    inner = outer.child("And") or outer
    tags = tuple((tag.get("Key"), tag.get("Value")) for tag in inner.all("Tag"))
    if len(dict(tags)) < len(tags) or any(not key for key, _ in tags):
        raise S3Error("InvalidRequest", "Duplicate or empty Tag Keys are not allowed.")
    return Filter(
        inner.get("Prefix"),
        tags,
        _size(inner.get("ObjectSizeGreaterThan")),
        _size(inner.get("ObjectSizeLessThan")),
    )


def _size(text: str) -> int:
    if not text:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise S3Error("MalformedXML")
    return int(text)


def _days(node: Node, name: str) -> int:
    text = node.get(name)
    if not text:
        return 0
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise S3Error("MalformedXML")
    if int(text) <= 0:
        raise S3Error("InvalidArgument", f"'{name}' must be a positive integer")
    return int(text)


def _date(text: str) -> float:
    if not text:
        return 0.0
    seconds = from_iso(text)
    if seconds % DAY_SECONDS:
        raise S3Error("InvalidArgument", "'Date' must be at midnight GMT")
    return seconds
