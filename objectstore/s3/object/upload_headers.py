"""From an upload's headers to those of the inner PUT.

Only what is named here gets through: nothing that a client sends can become a
header of the house.
"""

from __future__ import annotations

from objectstore.s3 import sysmeta
from objectstore.s3.access import acl as acls
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.access.bucket_rules import PREFERRED, check_new_acl, ownership
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.errors import S3Error
from objectstore.s3.object import tags
from objectstore.s3.object.encryption import encryption_headers
from objectstore.s3.object.metadata import from_request, to_inner
from objectstore.s3.operation import Operation

DEFAULT_CONTENT_TYPE = "binary/octet-stream"
STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER_IR",
    }
)
_KEPT = {
    "HTTP_CACHE_CONTROL": "Cache-Control",
    "HTTP_CONTENT_DISPOSITION": "Content-Disposition",
    "HTTP_CONTENT_LANGUAGE": "Content-Language",
    "HTTP_EXPIRES": "Expires",
}
_GRANTS = "HTTP_X_AMZ_GRANT_"
# They give nobody but the writer and the bucket's owner anything: whoever may put
# an object may put it with these.
_ACLS_OF_TWO = frozenset({"private", "bucket-owner-read", "bucket-owner-full-control"})


def upload_headers(operation: Operation) -> dict[str, str]:
    """Everything about the object that its headers say, as inner headers."""
    headers = content_headers(operation)
    headers.update(to_inner(from_request(operation)))
    headers.update(s3_headers(operation))
    return headers


def content_headers(operation: Operation) -> dict[str, str]:
    """Type, encoding and the like."""
    environ = operation.environ
    sent = environ.get("CONTENT_TYPE")
    headers = {
        "Content-Type": operation.header("Content-Type")
        if sent
        else DEFAULT_CONTENT_TYPE
    }
    for key, name in _KEPT.items():
        if key in environ:
            headers[name] = operation.header(name)
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    if encoding:
        # aws-chunked is how the body travels, not what it is.
        codings = [coding.strip() for coding in encoding.split(",")]
        rest = [coding for coding in codings if coding and coding != "aws-chunked"]
        if rest:
            headers["Content-Encoding"] = ", ".join(rest)
    return headers


def s3_headers(operation: Operation) -> dict[str, str]:
    """What S3 knows beyond Swift: class, redirect, encryption, tags, ACL."""
    environ = operation.environ
    headers: dict[str, str] = {}
    storage_class = environ.get("HTTP_X_AMZ_STORAGE_CLASS")
    if storage_class:
        if storage_class not in STORAGE_CLASSES:
            raise S3Error("InvalidStorageClass", StorageClassRequested=storage_class)
        if storage_class != "STANDARD":
            headers[sysmeta.STORAGE_CLASS] = storage_class
    redirect = environ.get("HTTP_X_AMZ_WEBSITE_REDIRECT_LOCATION")
    if redirect:
        if not redirect.startswith(("/", "http://", "https://")):
            raise S3Error(
                "InvalidArgument",
                "The website redirect location must be either an absolute URL or a "
                "relative path with a '/' prefix.",
            )
        if len(redirect) > 2048:
            raise S3Error("InvalidArgument", "The redirect location is too long")
        headers[sysmeta.REDIRECT] = operation.header("X-Amz-Website-Redirect-Location")
    headers.update(encryption_headers(operation))
    if "HTTP_X_AMZ_TAGGING" in environ:
        authorize(operation, "s3:PutObjectTagging", Permission())
        stored = tags.to_stored(tags.from_header(operation.header("X-Amz-Tagging")))
        if stored:
            headers[sysmeta.TAGS] = stored
    headers.update(acl_headers(operation))
    return headers


def _gives_two_only(acl: acls.Acl, writer: str, facts: BucketFacts) -> bool:
    return all(grant.grantee in (writer, facts.account) for grant in acl.grants)


def acl_headers(operation: Operation) -> dict[str, str]:
    """Owner and ACL of a new object, where they differ from the default."""
    facts, caller = operation.facts, operation.caller
    settings = operation.house.settings
    asked = operation.environ.get("HTTP_X_AMZ_ACL", "")
    writer = caller.account or facts.account
    acl = None
    if asked or [key for key in operation.extras if key.startswith(_GRANTS)]:
        acl = acls.from_headers(operation.header, writer, facts.account)
    if acl is not None:
        if asked not in _ACLS_OF_TWO and not _gives_two_only(acl, writer, facts):
            authorize(operation, "s3:PutObjectAcl", Permission(name="WRITE"))
        check_new_acl(acl, facts, settings, asked=asked)
    rule = ownership(facts, settings)
    if rule == "BucketOwnerEnforced" or (acl is None and writer == facts.account):
        return {}
    if rule == PREFERRED and asked == "bucket-owner-full-control":
        writer = facts.account
        acl = None
    headers: dict[str, str] = {}
    if writer != facts.account:
        headers[sysmeta.OWNER] = writer
        acl = acl or acls.private(writer)
    if acl is not None:
        headers[sysmeta.ACL] = acl.to_json()
    return headers
