"""Which verb answers what: a table of level, method and subresource.

Each row names the handler, the IAM action that policies speak of, and what an
ACL must grant for it (nothing: the bucket's owner only).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from objectstore.kernel.reply import Reply
from objectstore.s3.access.authorize import Permission
from objectstore.s3.access_log.configure import put_logging
from objectstore.s3.bucket import (
    acl,
    configurations,
    create,
    delete,
    head,
    list_objects,
    list_versions,
    policy,
    stubs,
    versioning,
)
from objectstore.s3.errors import S3Error, not_allowed
from objectstore.s3.lifecycle import configure
from objectstore.s3.multipart import (
    abort,
    complete,
    initiate,
    list_parts,
    list_uploads,
    upload_part,
)
from objectstore.s3.notify.configure import put_notification
from objectstore.s3.object import acl as object_acl
from objectstore.s3.object import (
    attributes,
    copy,
    delete_objects,
    get,
    put,
    retention,
    tagging,
)
from objectstore.s3.object import delete as object_delete
from objectstore.s3.operation import Operation
from objectstore.s3.subresources import refuse_unheard_of, subresource_of

Handler = Callable[[Operation], Reply]

OWNER = Permission()
LIST = Permission(name="READ")
WRITE = Permission(name="WRITE")
READ_ACP = Permission(name="READ_ACP")
WRITE_ACP = Permission(name="WRITE_ACP")
READ_OBJECT = Permission(on_object=True, name="READ")
READ_OBJECT_ACP = Permission(on_object=True, name="READ_ACP")
WRITE_OBJECT_ACP = Permission(on_object=True, name="WRITE_ACP")


@dataclass(frozen=True, slots=True)
class Route:
    """One row.  ``version_action`` is the action when a version is named."""

    handler: Handler
    action: str
    permission: Permission = OWNER
    version_action: str = ""


BUCKET: dict[tuple[str, str], Route] = {
    ("GET", ""): Route(list_objects.list_objects, "s3:ListBucket", LIST),
    ("GET", "list-type"): Route(list_objects.list_objects_v2, "s3:ListBucket", LIST),
    ("GET", "versions"): Route(
        list_versions.list_versions, "s3:ListBucketVersions", LIST
    ),
    ("GET", "uploads"): Route(
        list_uploads.list_uploads, "s3:ListBucketMultipartUploads", LIST
    ),
    ("HEAD", ""): Route(head.head_bucket, "s3:ListBucket", LIST),
    ("DELETE", ""): Route(delete.delete_bucket, "s3:DeleteBucket"),
    ("GET", "location"): Route(head.get_location, "s3:GetBucketLocation"),
    ("GET", "acl"): Route(acl.get_bucket_acl, "s3:GetBucketAcl", READ_ACP),
    ("PUT", "acl"): Route(acl.put_bucket_acl, "s3:PutBucketAcl", WRITE_ACP),
    ("GET", "policy"): Route(policy.get_policy, "s3:GetBucketPolicy"),
    ("PUT", "policy"): Route(policy.put_policy, "s3:PutBucketPolicy"),
    ("DELETE", "policy"): Route(policy.delete_policy, "s3:DeleteBucketPolicy"),
    ("GET", "policyStatus"): Route(
        policy.get_policy_status, "s3:GetBucketPolicyStatus"
    ),
    ("GET", "versioning"): Route(versioning.get_versioning, "s3:GetBucketVersioning"),
    ("PUT", "versioning"): Route(versioning.put_versioning, "s3:PutBucketVersioning"),
    # Each key of it is authorised by itself.
    ("POST", "delete"): Route(delete_objects.delete_objects, ""),
    ("GET", "object-lock"): Route(
        configurations.LOCK.get, "s3:GetBucketObjectLockConfiguration"
    ),
    ("PUT", "object-lock"): Route(
        configurations.put_lock, "s3:PutBucketObjectLockConfiguration"
    ),
    ("GET", "requestPayment"): Route(
        configurations.PAYMENT.get, "s3:GetBucketRequestPayment"
    ),
    ("PUT", "requestPayment"): Route(
        configurations.PAYMENT.put, "s3:PutBucketRequestPayment"
    ),
    ("GET", "logging"): Route(configurations.LOGGING.get, "s3:GetBucketLogging"),
    ("PUT", "logging"): Route(put_logging, "s3:PutBucketLogging"),
    ("GET", "notification"): Route(
        configurations.NOTIFICATION.get, "s3:GetBucketNotification"
    ),
    ("PUT", "notification"): Route(put_notification, "s3:PutBucketNotification"),
    ("GET", "accelerate"): Route(stubs.get_accelerate, "s3:GetAccelerateConfiguration"),
    ("GET", "replication"): Route(
        stubs.get_replication, "s3:GetReplicationConfiguration"
    ),
}
for _name, _documents, _noun in (
    ("cors", configurations.CORS, "BucketCORS"),
    ("lifecycle", configurations.LIFECYCLE, "LifecycleConfiguration"),
    ("tagging", configurations.TAGGING, "BucketTagging"),
    ("ownershipControls", configurations.OWNERSHIP, "BucketOwnershipControls"),
    ("publicAccessBlock", configurations.ACCESS_BLOCK, "BucketPublicAccessBlock"),
    ("encryption", configurations.ENCRYPTION, "EncryptionConfiguration"),
    ("website", configurations.WEBSITE, "BucketWebsite"),
):
    BUCKET["GET", _name] = Route(_documents.get, f"s3:Get{_noun}")
    BUCKET["PUT", _name] = Route(_documents.put, f"s3:Put{_noun}")
    BUCKET["DELETE", _name] = Route(_documents.delete, f"s3:Put{_noun}")
BUCKET["DELETE", "website"] = Route(
    configurations.WEBSITE.delete, "s3:DeleteBucketWebsite"
)
BUCKET["GET", "encryption"] = Route(
    configurations.get_encryption, "s3:GetEncryptionConfiguration"
)
BUCKET["PUT", "encryption"] = Route(
    configurations.put_encryption, "s3:PutEncryptionConfiguration"
)

BUCKET["GET", "lifecycle"] = Route(
    configure.get_lifecycle, "s3:GetLifecycleConfiguration"
)
BUCKET["PUT", "lifecycle"] = Route(
    configure.put_lifecycle, "s3:PutLifecycleConfiguration"
)

CREATE_BUCKET = Route(create.create_bucket, "s3:CreateBucket")

OBJECT: dict[tuple[str, str], Route] = {
    ("GET", ""): Route(
        get.get_object, "s3:GetObject", READ_OBJECT, "s3:GetObjectVersion"
    ),
    ("HEAD", ""): Route(
        get.get_object, "s3:GetObject", READ_OBJECT, "s3:GetObjectVersion"
    ),
    ("PUT", ""): Route(put.put_object, "s3:PutObject", WRITE),
    ("PUT", "copy"): Route(copy.copy_object, "s3:PutObject", WRITE),
    ("DELETE", ""): Route(
        object_delete.delete_object,
        "s3:DeleteObject",
        WRITE,
        "s3:DeleteObjectVersion",
    ),
    ("GET", "attributes"): Route(
        attributes.get_attributes,
        "s3:GetObjectAttributes",
        READ_OBJECT,
        "s3:GetObjectVersionAttributes",
    ),
    ("GET", "acl"): Route(
        object_acl.get_object_acl,
        "s3:GetObjectAcl",
        READ_OBJECT_ACP,
        "s3:GetObjectVersionAcl",
    ),
    ("PUT", "acl"): Route(
        object_acl.put_object_acl,
        "s3:PutObjectAcl",
        WRITE_OBJECT_ACP,
        "s3:PutObjectVersionAcl",
    ),
    ("GET", "tagging"): Route(
        tagging.get_tagging, "s3:GetObjectTagging", OWNER, "s3:GetObjectVersionTagging"
    ),
    ("PUT", "tagging"): Route(
        tagging.put_tagging, "s3:PutObjectTagging", OWNER, "s3:PutObjectVersionTagging"
    ),
    ("DELETE", "tagging"): Route(
        tagging.delete_tagging,
        "s3:DeleteObjectTagging",
        OWNER,
        "s3:DeleteObjectVersionTagging",
    ),
    ("GET", "retention"): Route(retention.get_retention, "s3:GetObjectRetention"),
    ("PUT", "retention"): Route(retention.put_retention, "s3:PutObjectRetention"),
    ("GET", "legal-hold"): Route(retention.get_legal_hold, "s3:GetObjectLegalHold"),
    ("PUT", "legal-hold"): Route(retention.put_legal_hold, "s3:PutObjectLegalHold"),
    ("POST", "uploads"): Route(initiate.create_upload, "s3:PutObject", WRITE),
    ("PUT", "uploadId"): Route(upload_part.upload_part, "s3:PutObject", WRITE),
    ("PUT", "uploadId copy"): Route(
        upload_part.upload_part_copy, "s3:PutObject", WRITE
    ),
    ("POST", "uploadId"): Route(complete.complete_upload, "s3:PutObject", WRITE),
    ("GET", "uploadId"): Route(
        list_parts.list_parts, "s3:ListMultipartUploadParts", OWNER
    ),
    ("DELETE", "uploadId"): Route(abort.abort_upload, "s3:AbortMultipartUpload", WRITE),
}


def find_route(operation: Operation) -> Route:
    """The row for the operation; raises what AWS answers where there is none."""
    method = operation.method
    query = operation.query if operation.environ.get("QUERY_STRING") else {}
    subresource = subresource_of(query)
    if query and not subresource and method not in ("GET", "HEAD"):
        refuse_unheard_of(query)
    if operation.key:
        table = OBJECT
        if method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in operation.environ:
            subresource = f"{subresource} copy".strip()
        if method == "PUT" and "partNumber" in query and "uploadId" not in query:
            raise S3Error("InvalidArgument", "partNumber needs an uploadId")
    else:
        table = BUCKET
        if method == "PUT" and not subresource:
            return CREATE_BUCKET
    route = table.get((method, subresource))
    if route is not None:
        return route
    allowed = {known for known, name in table if name == subresource}
    if subresource and not allowed:
        raise S3Error("NotImplemented", Header=subresource)
    if not subresource:
        # Preflights; and of a bucket its creation, and forms.
        allowed |= {"OPTIONS"} if operation.key else {"OPTIONS", "POST", "PUT"}
    raise not_allowed(method, allowed, subresource.upper() or _kind_of(operation))


def _kind_of(operation: Operation) -> str:
    return "OBJECT" if operation.key else "BUCKET"
