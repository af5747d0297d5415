"""Where a bucket's logs go: its ``BucketLoggingStatus``.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from objectstore.s3.access.acl import Acl, Grant, check_count
from objectstore.s3.access.acl_xml import read_grant
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document

SIMPLE = "SimplePrefix"
EVENT_TIME, DELIVERY_TIME = "EventTime", "DeliveryTime"
PREFIX_LENGTH_MAX = 800
# What may be granted on log objects.
GRANTED = ("FULL_CONTROL", "READ", "WRITE")


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A bucket, a prefix, how the objects behind it are called, who may read them."""

    bucket: str
    prefix: str
    # SimplePrefix, or the source of the date of a partitioned one.
    format: str = SIMPLE
    # Beside the bucket's owner.
    grants: tuple[Grant, ...] = ()

    def acl(self, owner: str) -> Acl | None:
        """The ACL of the objects; None: only the owner's."""
        if not self.grants:
            return None
        return Acl(owner, (Grant(owner, "FULL_CONTROL"), *self.grants))

    def key(self, source: tuple[str, str, str], seconds: float, unique: str) -> str:
        """The key of an object with logs of ``source`` (account, region, bucket)."""
        moment = datetime.fromtimestamp(seconds, UTC)
        stamp = f"{moment:%Y-%m-%d-%H-%M-%S}"
        if self.format == SIMPLE:
            return f"{self.prefix}{stamp}-{unique}"
        if self.format == EVENT_TIME:
            stamp = f"{moment:%Y-%m-%d}-00-00-00"
        place = "/".join(source)
        return f"{self.prefix}{place}/{moment:%Y/%m/%d}/{stamp}-{unique}"


def parse_logging(text: str) -> LogTarget | None:
    """The target; None when logging is off."""
    root = read_document(text.encode(), "BucketLoggingStatus")
    enabled = root.child("LoggingEnabled")
    if enabled is None:
        return None
    bucket, prefix = enabled.get("TargetBucket"), enabled.get("TargetPrefix")
    if not bucket or enabled.child("TargetPrefix") is None:
        raise S3Error("MalformedXML")
    if len(prefix.encode()) > PREFIX_LENGTH_MAX:
        raise S3Error("InvalidArgument", "The target prefix is too long")
    form = _format(enabled.child("TargetObjectKeyFormat"))
    return LogTarget(bucket, prefix, form, _grants(enabled.child("TargetGrants")))


def _format(form: Node | None) -> str:
    if form is None or form.child("SimplePrefix") is not None:
        return SIMPLE
    partitioned = form.child("PartitionedPrefix")
    source = "" if partitioned is None else partitioned.get("PartitionDateSource")
    if source not in (EVENT_TIME, DELIVERY_TIME):
        raise S3Error("MalformedXML")
    return source


def _grants(listed: Node | None) -> tuple[Grant, ...]:
    if listed is None:
        return ()
    grants = [read_grant(node) for node in listed.all("Grant")]
    if any(grant.permission not in GRANTED for grant in grants):
        raise S3Error("MalformedXML")
    check_count(grants)
    return tuple(grants)
