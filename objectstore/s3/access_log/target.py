"""Where a bucket's logs go: its ``BucketLoggingStatus``.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import read_document

SIMPLE = "SimplePrefix"
EVENT_TIME, DELIVERY_TIME = "EventTime", "DeliveryTime"
PREFIX_LENGTH_MAX = 800


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A bucket, a prefix, and how the objects behind it are called."""

    bucket: str
    prefix: str
    # SimplePrefix, or the source of the date of a partitioned one.
    format: str = SIMPLE

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
    grants = enabled.child("TargetGrants")
    if grants is not None and grants.children:
        raise S3Error(
            "NotImplemented", "Log objects are the bucket owner's: grants are not set"
        )
    form = enabled.child("TargetObjectKeyFormat")
    if form is None or form.child("SimplePrefix") is not None:
        return LogTarget(bucket, prefix)
    partitioned = form.child("PartitionedPrefix")
    source = "" if partitioned is None else partitioned.get("PartitionDateSource")
    if source not in (EVENT_TIME, DELIVERY_TIME):
        raise S3Error("MalformedXML")
    return LogTarget(bucket, prefix, source)
