"""S3 ACLs: grants of permissions to users and groups.  Pure.

Stored as JSON in system metadata.  A thing without one belongs to the bucket's
account, which has full control, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from objectstore.s3.caller import Caller
from objectstore.s3.errors import S3Error

PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)
PUBLIC_GROUPS = (ALL_USERS, AUTHENTICATED_USERS)
GRANTS_MAX = 100  # AWS's limit

_GRANT_HEADERS = {
    "X-Amz-Grant-Full-Control": "FULL_CONTROL",
    "X-Amz-Grant-Read": "READ",
    "X-Amz-Grant-Write": "WRITE",
    "X-Amz-Grant-Read-Acp": "READ_ACP",
    "X-Amz-Grant-Write-Acp": "WRITE_ACP",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission for a user (by canonical ID) or a group (by URI)."""

    grantee: str
    permission: str

    @property
    def is_group(self) -> bool:
        """Whether the grantee is one of the predefined groups."""
        return self.grantee in GROUPS


@dataclass(frozen=True, slots=True)
class Acl:
    """Owner and grants."""

    owner: str
    grants: tuple[Grant, ...]

    def allows(self, caller: Caller, permission: str) -> bool:
        """Whether a grant gives the caller the permission.

        An owner may always read and write the ACL.
        """
        if permission in ("READ_ACP", "WRITE_ACP") and caller.is_named(self.owner):
            return True
        for grant in self.grants:
            if grant.permission not in (permission, "FULL_CONTROL"):
                continue
            if grant.grantee == ALL_USERS:
                return True
            if grant.grantee == AUTHENTICATED_USERS:
                if not caller.is_anonymous:
                    return True
            elif not grant.is_group and caller.is_named(grant.grantee):
                return True
        return False

    @property
    def is_public(self) -> bool:
        """Whether everybody (with or without an account) is granted anything."""
        return any(grant.grantee in PUBLIC_GROUPS for grant in self.grants)

    def without_public(self) -> Acl:
        """The same without grants to everybody (IgnorePublicAcls)."""
        kept = [grant for grant in self.grants if grant.grantee not in PUBLIC_GROUPS]
        return Acl(self.owner, tuple(kept))

    def with_grants(self, more: tuple[Grant, ...]) -> Acl:
        """The same with further grants."""
        return Acl(self.owner, tuple(dict.fromkeys((*self.grants, *more))))

    def to_json(self) -> str:
        """The ACL in its stored form."""
        grants = [[grant.grantee, grant.permission] for grant in self.grants]
        return orjson.dumps([self.owner, grants]).decode()


def from_json(text: str) -> Acl:
    """An ACL in its stored form."""
    owner, grants = orjson.loads(text)
    return Acl(owner, tuple(Grant(*grant) for grant in grants))


def private(owner: str) -> Acl:
    """Full control for the owner, nothing for anybody else."""
    return Acl(owner, (Grant(owner, "FULL_CONTROL"),))


def canned(name: str, owner: str, bucket_owner: str) -> Acl:
    """One of the canned ACLs; ``InvalidArgument`` for any other name."""
    extra: dict[str, tuple[Grant, ...]] = {
        "private": (),
        "public-read": (Grant(ALL_USERS, "READ"),),
        "public-read-write": (Grant(ALL_USERS, "READ"), Grant(ALL_USERS, "WRITE")),
        "authenticated-read": (Grant(AUTHENTICATED_USERS, "READ"),),
        "aws-exec-read": (),
        "bucket-owner-read": (Grant(bucket_owner, "READ"),),
        "bucket-owner-full-control": (Grant(bucket_owner, "FULL_CONTROL"),),
        "log-delivery-write": (
            Grant(LOG_DELIVERY, "WRITE"),
            Grant(LOG_DELIVERY, "READ_ACP"),
        ),
    }
    if name not in extra:
        raise S3Error("InvalidArgument", ArgumentName="x-amz-acl", ArgumentValue=name)
    grants = (Grant(owner, "FULL_CONTROL"), *extra[name])
    return Acl(owner, tuple(dict.fromkeys(grants)))


def from_headers(
    header: Callable[[str], str], owner: str, bucket_owner: str
) -> Acl | None:
    """The ACL that a request's headers ask for; None when they ask for none."""
    name = header("X-Amz-Acl")
    grants: list[Grant] = []
    for header_name, permission in _GRANT_HEADERS.items():
        for entry in filter(None, header(header_name).split(",")):
            grants.append(Grant(_grantee(entry), permission))
    if name and grants:
        raise S3Error(
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
        )
    if name:
        return canned(name, owner, bucket_owner)
    if not grants:
        return None
    check_count(grants)
    return Acl(owner, tuple(grants))


def check_count(grants: list[Grant]) -> None:
    """Raise when there are more grants than an ACL may have."""
    if len(grants) > GRANTS_MAX:
        raise S3Error("MalformedACLError", "An ACL can have up to 100 grants")


def check_grantee(name: str) -> str:
    """A canonical ID as it may be stored."""
    if not name or len(name.encode()) > 256 or not name.isprintable():
        raise S3Error("InvalidArgument", "Invalid id", ArgumentValue=name[:256])
    return name


def _grantee(entry: str) -> str:
    kind, equals, value = entry.strip().partition("=")
    value = value.strip().strip('"')
    if kind == "id" and equals:
        return check_grantee(value)
    if kind == "uri" and value in GROUPS:
        return value
    if kind == "emailAddress":
        raise S3Error("NotImplemented", "Grants by e-mail address are not supported")
    raise S3Error("InvalidArgument", "Argument format not recognized")
