"""What a bucket's owner said about ACLs in general.  Pure.

*Public access block*: four switches that override ACLs and policies which open
a bucket to everybody.  *Ownership*: whether ACLs count at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.s3.access import acl as acls
from objectstore.s3.access.acl import Acl
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.errors import S3Error
from objectstore.s3.settings import S3Settings
from objectstore.s3.xml.read import read_document

ENFORCED = "BucketOwnerEnforced"
PREFERRED = "BucketOwnerPreferred"
WRITER = "ObjectWriter"
OWNERSHIPS = (ENFORCED, PREFERRED, WRITER)
BLOCK_FIELDS = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)
# What a new bucket has where the operator wants buckets closed.
ALL_BLOCKED = (
    "<PublicAccessBlockConfiguration>"
    + "".join(f"<{name}>true</{name}>" for name in BLOCK_FIELDS)
    + "</PublicAccessBlockConfiguration>"
)


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """The four switches."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


NO_BLOCK = PublicAccessBlock()


def parse_block(text: str) -> PublicAccessBlock:
    """From a ``PublicAccessBlockConfiguration`` document."""
    root = read_document(text.encode(), "PublicAccessBlockConfiguration")
    return PublicAccessBlock(*[_switch(root.get(name)) for name in BLOCK_FIELDS])


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false", ""):
        raise S3Error("MalformedXML")
    return text.lower() == "true"


def access_block(facts: BucketFacts) -> PublicAccessBlock:
    """The bucket's switches, all off when it has none."""
    return facts.parsed("public-access-block", parse_block) or NO_BLOCK


def parse_ownership(text: str) -> str:
    """From an ``OwnershipControls`` document."""
    rules = list(read_document(text.encode(), "OwnershipControls").all("Rule"))
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise S3Error("MalformedXML")
    return rules[0].get("ObjectOwnership")


def ownership(facts: BucketFacts, settings: S3Settings) -> str:
    """The bucket's object ownership."""
    return (
        facts.parsed("ownership", parse_ownership) or settings.default_object_ownership
    )


def bucket_acl(facts: BucketFacts) -> Acl:
    """The bucket's ACL; private when it has none."""
    return facts.parsed("acl", acls.from_json) or acls.private(facts.account)


def check_new_acl(
    acl: Acl, facts: BucketFacts, settings: S3Settings, *, asked: str
) -> None:
    """Raise when the bucket takes no such ACL.

    ``asked`` is the canned name, if that is how the client said it: where ACLs
    are disabled, those that give the bucket's owner all are still taken.
    """
    if ownership(facts, settings) == ENFORCED:
        if asked in ("bucket-owner-full-control", "private"):
            return
        full = [grant for grant in acl.grants if grant.grantee == facts.account]
        if len(full) == len(acl.grants) and full:
            return
        raise S3Error("AccessControlListNotSupported")
    if acl.is_public and access_block(facts).block_public_acls:
        raise S3Error("AccessDenied")
