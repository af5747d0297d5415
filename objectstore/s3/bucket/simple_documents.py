"""Checks of the configuration documents that are short.  Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from objectstore.s3.errors import S3Error
from objectstore.s3.object.tags import BUCKET_TAGS_MAX, Tags, tags_of
from objectstore.s3.xml.read import Node, read_document

EVENT_PREFIX = "s3:"
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
    }
)
NOTIFICATIONS_MAX = 100


def parse_bucket_tags(text: str) -> Tags:
    """A bucket's ``Tagging``."""
    return tags_of(read_document(text.encode(), "Tagging"), BUCKET_TAGS_MAX)


def parse_encryption(text: str) -> str:
    """A ``ServerSideEncryptionConfiguration``: the algorithm, always AES256."""
    root = read_document(text.encode(), "ServerSideEncryptionConfiguration")
    rules = list(root.all("Rule"))
    if len(rules) != 1:
        raise S3Error("MalformedXML")
    default = rules[0].child("ApplyServerSideEncryptionByDefault")
    algorithm = "" if default is None else default.get("SSEAlgorithm")
    if algorithm in ("aws:kms", "aws:kms:dsse"):
        raise S3Error("NotImplemented", "Encryption with KMS keys is not supported")
    if algorithm != "AES256":
        raise S3Error("MalformedXML")
    return algorithm


def parse_payment(text: str) -> str:
    """A ``RequestPaymentConfiguration``: who pays; nobody is billed here."""
    payer = read_document(text.encode(), "RequestPaymentConfiguration").get("Payer")
    if payer != "BucketOwner":
        if payer == "Requester":
            raise S3Error("NotImplemented", "Requester pays is not supported")
        raise S3Error("MalformedXML")
    return payer


def parse_notification(text: str) -> tuple[Node, ...]:
    """A ``NotificationConfiguration``: its targets, with events that exist.

    Targets are webhooks: ``arn:ringstack:webhook::URL`` of a topic.
    """
    root = read_document(text.encode(), "NotificationConfiguration")
    if len(root.children) > NOTIFICATIONS_MAX:
        raise S3Error("InvalidArgument", "Too many notification configurations")
    for node in root.children:
        events = [event.text for event in node.all("Event")]
        unknown = [event for event in events if event not in EVENTS]
        if not events or unknown:
            raise S3Error(
                "InvalidArgument", "The event is not supported for notifications"
            )
        if node.name != "TopicConfiguration":
            raise S3Error("InvalidArgument", "Only topics can be targets here")
        _check_target(node.get("Topic"))
    return tuple(root.children)


WEBHOOK = "arn:ringstack:webhook::"


def _check_target(arn: str) -> None:
    url = urlsplit(arn.removeprefix(WEBHOOK))
    if not arn.startswith(WEBHOOK) or url.scheme not in ("http", "https"):
        raise S3Error("InvalidArgument", "Unable to validate the following destination")
    if not url.hostname or url.username or url.password:
        raise S3Error("InvalidArgument", "Unable to validate the following destination")
