"""CreateBucket."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents, sysmeta
from objectstore.s3.access import acl as acls
from objectstore.s3.access.authorize import authorize_service
from objectstore.s3.access.bucket_rules import ALL_BLOCKED, ENFORCED, OWNERSHIPS
from objectstore.s3.bucket.acl import acl_headers
from objectstore.s3.bucket.lock_configuration import ENABLED_ONLY
from objectstore.s3.bucket.simple_documents import parse_bucket_tags
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.names import is_new_bucket_name
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.render import render

# A place, and fifty tags of the longest kind.
CONFIGURATION_BYTES_MAX = 128 * 1024
_TAGS = next(iter(documents.pack("tagging", "")))


def create_bucket(operation: Operation) -> Reply:
    """PUT of a bucket."""
    name, account = operation.bucket, operation.caller.account
    if operation.caller.is_anonymous:
        raise S3Error("AccessDenied")
    if not is_new_bucket_name(name):
        raise S3Error("InvalidBucketName", BucketName=name)
    headers = _headers(operation, account)
    headers.update(_configured(operation))
    if not operation.caller.owns(account):
        # Users without the account's rights have no buckets of their own.
        raise S3Error("AccessDenied")
    authorize_service(operation, "s3:CreateBucket", name)
    if _TAGS in headers:
        authorize_service(operation, "s3:TagResource", name)
    ask = operation.house.store.ask
    held = ask(operation.environ, "HEAD", account, name).discard()
    if held.is_success:
        raise S3Error("BucketAlreadyOwnedByYou", BucketName=name)
    _check_count(operation, account)
    owner = operation.house.registry.claim(operation.environ, name, account)
    if owner != account:
        raise S3Error("BucketAlreadyExists", BucketName=name)
    answer = ask(operation.environ, "PUT", account, name, headers=headers).discard()
    if not answer.is_success:
        raise operation.failed(answer)
    if answer.status == 202:
        raise S3Error("BucketAlreadyOwnedByYou", BucketName=name)
    if (
        "x-versions-enabled" not in headers
        and sysmeta.CONTAINER + "object-lock" in headers
    ):
        _enable_versions(operation, account)
    return Reply(200, b"", [("Location", f"/{name}")])


def _headers(operation: Operation, account: str) -> dict[str, str]:
    headers = {sysmeta.CONTAINER_CREATED: f"{operation.now():.5f}"}
    ownership = operation.header("X-Amz-Object-Ownership")
    if ownership and ownership not in OWNERSHIPS:
        raise S3Error(
            "InvalidArgument",
            "Invalid x-amz-object-ownership header: " + ownership[:64],
        )
    acl = acls.from_headers(operation.header, account, account)
    effective = ownership or operation.house.settings.default_object_ownership
    if acl is not None and acl != acls.private(account):
        if effective == ENFORCED:
            raise S3Error("InvalidBucketAclWithObjectOwnership")
        if acl.is_public and operation.house.settings.block_public_access:
            raise S3Error("InvalidBucketAclWithBlockPublicAccessError")
        said = {name: value for name, value in acl_headers(acl).items() if value}
        headers.update(said)
    if operation.house.settings.block_public_access:
        headers.update(documents.pack_new("public-access-block", ALL_BLOCKED))
    if ownership:
        document = (
            "<OwnershipControls><Rule><ObjectOwnership>"
            f"{ownership}</ObjectOwnership></Rule></OwnershipControls>"
        )
        headers.update(documents.pack_new("ownership", document))
    if operation.header("X-Amz-Bucket-Object-Lock-Enabled").lower() == "true":
        check_guarded(operation)
        headers.update(documents.pack_new("object-lock", ENABLED_ONLY))
    return headers


def check_guarded(operation: Operation) -> None:
    """A lock that Swift's face could break is none: better refuse it."""
    if not operation.house.is_guarded:
        raise S3Error(
            "NotImplemented", "Object lock needs the filter s3_guard in the pipeline"
        )


def _enable_versions(operation: Operation, account: str) -> None:
    """Object lock protects versions: there must be versions from the start."""
    answer: Answer = operation.house.store.ask(
        operation.environ,
        "POST",
        account,
        operation.bucket,
        headers={"X-Versions-Enabled": "true"},
    ).discard()
    if not answer.is_success:
        raise operation.failed(answer)


def _configured(operation: Operation) -> dict[str, str]:
    """What the body says of the new bucket: its tags; the place must be here."""
    namespace = operation.header("X-Amz-Bucket-Namespace")
    if namespace not in ("", "global"):
        raise S3Error("NotImplemented", "All buckets share one namespace here")
    body = operation.read_body(CONFIGURATION_BYTES_MAX, required=False)
    if not body.strip():
        return {}
    root = read_document(body, "CreateBucketConfiguration")
    if root.child("Bucket") is not None or root.child("Location") is not None:
        raise S3Error("NotImplemented", "Directory buckets are not supported")
    wanted = root.get("LocationConstraint")
    here = operation.house.settings.location
    if wanted and wanted != here:
        raise S3Error(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            LocationConstraint=wanted,
        )
    tags = root.child("Tags")
    if tags is None or not tags.children:
        return {}
    document = render(Node("Tagging", children=[Node("TagSet", "", tags.children)]))
    parse_bucket_tags(document)
    return documents.pack_new("tagging", document)


def _check_count(operation: Operation, account: str) -> None:
    known = operation.context.facts
    facts = None if known is None else known.account(account)
    most = operation.house.settings.max_buckets
    if facts is not None and facts.container_count >= most:
        raise S3Error("TooManyBuckets")
