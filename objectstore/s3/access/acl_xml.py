"""ACLs as XML: ``AccessControlPolicy`` in and out."""

from __future__ import annotations

from objectstore.s3.access.acl import (
    GROUPS,
    PERMISSIONS,
    Acl,
    Grant,
    check_count,
    check_grantee,
)
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.write import document, element, text

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
ACL_BYTES_MAX = 64 * 1024


def write_acl(acl: Acl) -> bytes:
    """The answer to a GET of an ACL."""
    return document(
        "AccessControlPolicy",
        owner("Owner", acl.owner),
        element("AccessControlList", *[grant(item) for item in acl.grants]),
    )


def owner(name: str, identifier: str) -> str:
    """An element with ``ID`` and ``DisplayName``."""
    return element(name, text("ID", identifier), text("DisplayName", identifier))


def grant(item: Grant) -> str:
    """One ``Grant``."""
    if item.is_group:
        grantee = f'<Grantee {XSI} xsi:type="Group">{text("URI", item.grantee)}'
    else:
        grantee = (
            f'<Grantee {XSI} xsi:type="CanonicalUser">{text("ID", item.grantee)}'
            f"{text('DisplayName', item.grantee)}"
        )
    return element("Grant", f"{grantee}</Grantee>", text("Permission", item.permission))


def read_acl(body: bytes, expected_owner: str) -> Acl:
    """The ACL of a PUT; its owner must be the thing's owner."""
    code = "MalformedACLError"
    root = read_document(body, "AccessControlPolicy", error=code)
    named = root.child("Owner")
    listed = root.child("AccessControlList")
    if named is None or listed is None:
        raise S3Error(code)
    if named.get("ID") != expected_owner:
        raise S3Error("AccessDenied")
    grants = [read_grant(node) for node in listed.all("Grant")]
    check_count(grants)
    return Acl(expected_owner, tuple(grants))


def read_grant(node: Node) -> Grant:
    """One ``Grant`` element."""
    permission = node.get("Permission")
    grantee = node.child("Grantee")
    if grantee is None or permission not in PERMISSIONS:
        raise S3Error("MalformedACLError")
    uri = grantee.get("URI")
    if uri:
        if uri not in GROUPS:
            raise S3Error("InvalidArgument", "Invalid group uri", ArgumentValue=uri)
        return Grant(uri, permission)
    if grantee.child("EmailAddress") is not None:
        raise S3Error("NotImplemented", "Grants by e-mail address are not supported")
    if grantee.child("ID") is None:
        raise S3Error("MalformedACLError")
    return Grant(check_grantee(grantee.get("ID")), permission)
