"""A bucket's ``NotificationConfiguration``: which events go where.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from objectstore.s3.errors import S3Error
from objectstore.s3.notify.targets import named_by
from objectstore.s3.xml.read import Node, read_document

RULES_MAX = 100
PREFIX = "s3:"
EVENTS = frozenset(
    {
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put",
        "s3:ObjectTagging:Delete",
        "s3:ObjectAcl:Put",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
    }
)
# Where a configuration names its target.
_ARNS = {"TopicConfiguration": "Topic", "QueueConfiguration": "Queue"}


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """One configuration: its events go to one target."""

    identifier: str
    target: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def wants(self, event: str, key: str) -> bool:
        """Whether it is for the event (``ObjectCreated:Put``) of the key."""
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and any(_covers(pattern, PREFIX + event) for pattern in self.events)
        )

    def overlaps(self, other: NotificationRule) -> bool:
        """Whether one event of one key could be for both."""
        return (
            _one_begins(self.prefix, other.prefix)
            and _one_begins(self.suffix[::-1], other.suffix[::-1])
            and any(
                _covers(mine, yours) or _covers(yours, mine)
                for mine in self.events
                for yours in other.events
            )
        )


def _covers(pattern: str, event: str) -> bool:
    if pattern.endswith("*"):
        return event.startswith(pattern[:-1])
    return pattern == event


def _one_begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def parse_notification(text: str) -> tuple[NotificationRule, ...]:
    """The rules.  Raises ``S3Error`` as AWS does."""
    root = read_document(text.encode(), "NotificationConfiguration")
    if len(root.children) > RULES_MAX:
        raise S3Error("InvalidArgument", "Too many notification configurations")
    rules = tuple(_rule(node) for node in root.children)
    names = [rule.identifier for rule in rules if rule.identifier]
    if len(set(names)) < len(names):
        raise S3Error(
            "InvalidArgument", "The same ID is used for several configurations"
        )
    if any(one.overlaps(other) for one, other in combinations(rules, 2)):
        raise S3Error(
            "InvalidArgument",
            "Configurations overlap. Configurations on the same bucket cannot share a "
            "common event type.",
        )
    return rules


def _rule(node: Node) -> NotificationRule:
    if node.name not in _ARNS:
        raise S3Error("InvalidArgument", "Only topics and queues can be targets here")
    events = tuple(event.text.strip() for event in node.all("Event"))
    if not events or any(event not in EVENTS for event in events):
        raise S3Error("InvalidArgument", "The event is not supported for notifications")
    target = named_by(node.get(_ARNS[node.name]).strip())
    if not target:
        raise S3Error("InvalidArgument", "The ARN is not well formed")
    prefix, suffix = _filter(node)
    return NotificationRule(node.get("Id").strip(), target, events, prefix, suffix)


def _filter(node: Node) -> tuple[str, str]:
    outer = node.child("Filter")
    inner = None if outer is None else outer.child("S3Key")
    if inner is None:
        return "", ""
    found: dict[str, str] = {}
    for rule in inner.all("FilterRule"):
        name = rule.get("Name").strip().lower()
        if name not in ("prefix", "suffix"):
            raise S3Error(
                "InvalidArgument", "filter rule name must be either prefix or suffix"
            )
        if name in found:
            raise S3Error(
                "InvalidArgument",
                f"Cannot specify more than one {name} rule in a filter.",
            )
        found[name] = rule.get("Value")
    return found.get("prefix", ""), found.get("suffix", "")
