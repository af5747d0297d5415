"""Names of buckets and keys: what is valid, what is hidden.

New buckets have AWS's names.  Containers that came through Swift may have any
name; those that can be spelled in a path are served too, so reading is lenient
where creating is strict.
"""

from __future__ import annotations

import re

from objectstore.s3.errors import S3Error

KEY_BYTES_MAX = 1024  # AWS's limit, and Swift's
CONTAINER_BYTES_MAX = 256  # Swift's; what S3 creates has 63 at most
# Containers that serve a bucket from behind; "+" cannot be in a bucket's name.
SEGMENTS_SUFFIX = "+segments"
LOCKS_SUFFIX = "+locks"
HIDDEN_SUFFIXES = (SEGMENTS_SUFFIX, LOCKS_SUFFIX)

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_ADDRESS = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\Z")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_new_bucket_name(name: str) -> bool:
    """Whether a bucket of that name may be created."""
    return (
        _BUCKET.match(name) is not None
        and ".." not in name
        and ".-" not in name
        and "-." not in name
        and not _ADDRESS.match(name)
        and not name.startswith(_RESERVED_PREFIXES)
        and not name.endswith(_RESERVED_SUFFIXES)
    )


def is_hidden(container: str) -> bool:
    """Whether a container is the house's own and never a bucket."""
    return container.endswith(HIDDEN_SUFFIXES) or container[:1] in (".", "\x00")


def check_bucket(name: str) -> None:
    """Raise ``InvalidBucketName`` for what no request may name."""
    if is_hidden(name) or "\x00" in name or len(name.encode()) > CONTAINER_BYTES_MAX:
        raise S3Error("InvalidBucketName", BucketName=name)


def no_such_bucket(name: str) -> S3Error:
    """The error for a bucket that is not there: that of its name, if it cannot be
    (``account:container`` may name whatever Swift has)."""
    may_be = ":" in name or is_new_bucket_name(name)
    code = "NoSuchBucket" if may_be else "InvalidBucketName"
    return S3Error(code, BucketName=name)


def check_key(key: str) -> None:
    """Raise for a key that cannot be an object's name."""
    if len(key) * 4 > KEY_BYTES_MAX and len(key.encode()) > KEY_BYTES_MAX:
        raise S3Error(
            "KeyTooLongError",
            Size=str(len(key.encode())),
            MaxSizeAllowed=str(KEY_BYTES_MAX),
        )
    if "\x00" in key:
        raise S3Error("InvalidURI")
