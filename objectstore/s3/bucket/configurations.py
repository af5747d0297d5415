"""The table of a bucket's configuration documents."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.access.bucket_rules import parse_block, parse_ownership
from objectstore.s3.access_log.target import parse_logging
from objectstore.s3.bucket.configuration import Configuration, checked_body, stored
from objectstore.s3.bucket.cors_rules import parse_cors
from objectstore.s3.bucket.create import check_guarded
from objectstore.s3.bucket.lifecycle_rules import parse_lifecycle
from objectstore.s3.bucket.lock_configuration import parse_lock_configuration
from objectstore.s3.bucket.simple_documents import (
    parse_bucket_tags,
    parse_payment,
)
from objectstore.s3.errors import S3Error
from objectstore.s3.notify.rules import parse_notification
from objectstore.s3.object.encryption import parse_encryption
from objectstore.s3.operation import Operation
from objectstore.s3.website.rules import parse_website
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.render import render, render_document

CORS = Configuration(
    "cors",
    "CORSConfiguration",
    parse_cors,
    "NoSuchCORSConfiguration",
    needs_digest=True,
)
LIFECYCLE = Configuration(
    "lifecycle",
    "LifecycleConfiguration",
    parse_lifecycle,
    "NoSuchLifecycleConfiguration",
    needs_digest=True,
)
TAGGING = Configuration(
    "tagging", "Tagging", parse_bucket_tags, "NoSuchTagSet", needs_digest=True
)
OWNERSHIP = Configuration(
    "ownership",
    "OwnershipControls",
    parse_ownership,
    "OwnershipControlsNotFoundError",
)
ACCESS_BLOCK = Configuration(
    "public-access-block",
    "PublicAccessBlockConfiguration",
    parse_block,
    "NoSuchPublicAccessBlockConfiguration",
)
ENCRYPTION = Configuration(
    "encryption",
    "ServerSideEncryptionConfiguration",
    parse_encryption,
    "ServerSideEncryptionConfigurationNotFoundError",
)
WEBSITE = Configuration(
    "website", "WebsiteConfiguration", parse_website, "NoSuchWebsiteConfiguration"
)
LOGGING = Configuration(
    "logging",
    "BucketLoggingStatus",
    parse_logging,
    default="<BucketLoggingStatus></BucketLoggingStatus>",
)
NOTIFICATION = Configuration(
    "notification",
    "NotificationConfiguration",
    parse_notification,
    default="<NotificationConfiguration></NotificationConfiguration>",
)
PAYMENT = Configuration(
    "payment",
    "RequestPaymentConfiguration",
    parse_payment,
    default="<RequestPaymentConfiguration><Payer>BucketOwner</Payer>"
    "</RequestPaymentConfiguration>",
)
LOCK = Configuration(
    "object-lock",
    "ObjectLockConfiguration",
    parse_lock_configuration,
    "ObjectLockConfigurationNotFoundError",
)


def put_lock(operation: Operation) -> Reply:
    """PUT ?object-lock: only where there are versions, and never taken away."""
    if operation.facts.versioning != "Enabled":
        raise S3Error(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock "
            "configuration",
        )
    check_guarded(operation)
    return LOCK.put(operation)


def put_encryption(operation: Operation) -> Reply:
    """PUT ?encryption: only what the filter below can do."""
    document = read_document(checked_body(operation), ENCRYPTION.root)
    parse_encryption(render(document)).check(operation.house)
    return ENCRYPTION.put(operation)


def get_encryption(operation: Operation) -> Reply:
    """GET ?encryption: where everything is encrypted, that is the default."""
    if operation.house.encrypts == "all" and not stored(operation, ENCRYPTION.name):
        return Reply(200, render_document(_ENCRYPTED), content_type="application/xml")
    return ENCRYPTION.get(operation)


_ENCRYPTED = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
    "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
    "</Rule></ServerSideEncryptionConfiguration>"
)
