"""The options of the S3 face; see ``filter`` for where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option

# What object ownership a bucket has that never set one.
OBJECT_WRITER = "ObjectWriter"


@dataclass(frozen=True, slots=True)
class S3Settings:
    """How the S3 face looks to its clients."""

    location: str = option("us-east-1", "The region that clients sign for")
    storage_domain: tuple[str, ...] = option(
        (), "Domains below which a host name's first part is the bucket"
    )
    website_domain: tuple[str, ...] = option(
        (), "Domains below which a host name's first part is a bucket's web site"
    )
    reseller_prefix: str = option(
        "AUTH_", "What the account of a user is called: this and the user's account"
    )
    default_object_ownership: str = option(
        OBJECT_WRITER,
        "Of buckets that set none: ObjectWriter, BucketOwnerPreferred or "
        "BucketOwnerEnforced",
    )
    block_public_access: bool = option(
        False, "New buckets begin with all four switches of public access block on"
    )
    allow_anonymous: bool = option(
        True, "Serve unsigned requests where a policy or an ACL allows them"
    )
    max_buckets: int = option(1000, "Buckets a user may create", minimum=1)
    max_bucket_listing: int = option(
        1000, "Keys in one page of a listing", minimum=1, maximum=10000
    )
    max_parts_listing: int = option(
        1000, "Parts in one page of a listing", minimum=1, maximum=10000
    )
    max_upload_part_num: int = option(
        10000, "The highest number of a part", minimum=1, maximum=100000
    )
    max_multi_delete_objects: int = option(
        1000, "Keys in one DeleteObjects", minimum=1, maximum=10000
    )
    min_segment_size: int = option(
        5242880, "Bytes that every part but the last must have", minimum=1
    )
    sts_secret: str = option(
        "", "Protects temporary credentials; also taken from cluster_secret"
    )
    sts_duration_max: Seconds = option(
        129600.0, "The longest life of temporary credentials", minimum=900
    )
    lifecycle_day: Seconds = option(
        86400.0,
        "How long a day of lifecycle rules is; shorter only to try rules out",
        minimum=1,
    )
    lifecycle_settle: Seconds = option(
        30.0,
        "So long after its rules change a bucket is gone through: every process "
        "must know them by then",
        minimum=0,
    )
    lifecycle_rate: int = option(
        500, "Keys a second that lifecycle rules are applied to; 0: no limit", minimum=0
    )
    access_log_interval: Seconds = option(
        300.0, "How often the access log of a bucket becomes an object", minimum=1
    )
    notification_targets: tuple[str, ...] = option(
        (),
        "Where notifications can go: NAME=URL of a webhook (http, https) or a broker "
        "(amqp://user:password@host:5672//?exchange=NAME&routing_key=KEY)",
    )
