"""From a bucket's name in a request to the container that it is."""

from __future__ import annotations

from objectstore.s3.errors import S3Error
from objectstore.s3.names import no_such_bucket
from objectstore.s3.operation import Operation


def enter_bucket(operation: Operation) -> None:
    """Give the operation its bucket's facts, or raise what ``no_such_bucket`` says.

    The caller's own containers come first, then the register of buckets.
    ``account:bucket`` names a container whoever asks.
    """
    house, bucket = operation.house, operation.bucket
    context, find = operation.context, house.buckets.find
    account, colon, container = bucket.partition(":")
    if colon:
        prefixed = house.settings.reseller_prefix + account
        operation.bucket_facts = find(context, prefixed, container)
        if operation.bucket_facts is None and not operation.caller.owns(prefixed):
            # Which containers an account has is nobody else's business.
            raise S3Error("AccessDenied")
    elif not operation.caller.is_anonymous:
        operation.bucket_facts = find(context, operation.caller.account, bucket)
    if operation.bucket_facts is None and not colon:
        for fresh in (False, True):
            owner = house.registry.owner(operation.environ, bucket, fresh=fresh)
            if owner:
                operation.bucket_facts = find(context, owner, bucket)
            if operation.bucket_facts is not None or not owner:
                break
    if operation.bucket_facts is None:
        raise no_such_bucket(bucket)
    expected = operation.environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER")
    if expected and expected != operation.facts.account:
        raise S3Error("AccessDenied")
