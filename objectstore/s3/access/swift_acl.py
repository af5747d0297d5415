"""What a container's Swift ACLs (``X-Container-Read``/``-Write``) allow.  Pure.

An owner who opened a container through Swift has opened it: S3 requests get in
by the same entries.  Reading means objects (and, for users or with
``.rlistings``, the listing); writing means putting and deleting objects.

What both languages can say is shown in both: Swift's entries as grants of S3's ACLs,
S3's grants to write in a bucket as Swift's write ACL.  S3's READ of a bucket is less
than Swift's, which gives the objects too, so it never becomes that.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from objectstore.s3.access.acl import ALL_USERS, AUTHENTICATED_USERS, Acl, Grant
from objectstore.s3.caller import Caller

_ANYBODY = ".r:*"
_ANY_USER = "*:*"


def may_read(acl: str, caller: Caller, referrer: str, *, listing: bool) -> bool:
    """Whether the read ACL lets the caller read objects or the listing."""
    if not acl:
        return False
    entries = acl.split(",")
    if (not listing or ".rlistings" in entries) and _by_referrer(entries, referrer):
        return True
    return _by_user(entries, caller)


def may_write(acl: str, caller: Caller) -> bool:
    """Whether the write ACL lets the caller put and delete objects."""
    return bool(acl) and _by_user(acl.split(","), caller)


def _by_user(entries: list[str], caller: Caller) -> bool:
    identity = caller.identity
    if identity is None:
        return False
    account, _, user = identity.user.partition(":")
    names = {*identity.groups, identity.user, "*:*", f"{account}:*", f"*:{user}"}
    return any(entry in names for entry in entries if not entry.startswith(".r"))


def _by_referrer(entries: list[str], referrer: str) -> bool:
    allowed = False
    host = _host(referrer)
    for entry in entries:
        if not entry.startswith(".r:"):
            continue
        rule = entry[3:]
        refused = rule.startswith("-")
        rule = rule.removeprefix("-")
        if rule == "*" or rule == host or (rule[:1] == "." and host.endswith(rule)):
            allowed = not refused
    return allowed


def _host(referrer: str) -> str:
    try:
        return urlsplit(referrer).hostname or "unknown"
    except ValueError:
        return "unknown"


def bucket_grants(read_acl: str, write_acl: str) -> tuple[Grant, ...]:
    """What the ACLs are as grants of a bucket's S3 ACL."""
    entries = read_acl.split(",")
    reads = [grant for entry in entries for grant in _grants(entry, "READ")]
    if ".rlistings" in entries and _ANYBODY in entries:
        reads.append(Grant(ALL_USERS, "READ"))
    writes = [
        grant for entry in write_acl.split(",") for grant in _grants(entry, "WRITE")
    ]
    return tuple(dict.fromkeys(reads + writes))


def object_grants(read_acl: str) -> tuple[Grant, ...]:
    """What the read ACL is as grants of each object's S3 ACL."""
    entries = read_acl.split(",")
    found = [grant for entry in entries for grant in _grants(entry, "READ")]
    if _ANYBODY in entries:
        found.append(Grant(ALL_USERS, "READ"))
    return tuple(dict.fromkeys(found))


def divided(acl: Acl, read_acl: str) -> tuple[Acl, str, str]:
    """A bucket's new S3 ACL as (what S3 keeps, Swift's read, Swift's write ACL).

    It replaces what was said before: of the old read entries those stay that it names
    still.  What Swift says, S3 does not keep: whoever takes it away there has done so.
    """
    old = read_acl.split(",")
    readers = [
        entry
        for entry in old
        if (found := _grants(entry, "READ")) and set(found) <= set(acl.grants)
    ]
    if {_ANYBODY, ".rlistings"} <= set(old) and Grant(ALL_USERS, "READ") in acl.grants:
        readers += [_ANYBODY, ".rlistings"]
    said = bucket_grants(",".join(readers), "")
    writers: list[str] = []
    kept: list[Grant] = []
    for grant in acl.grants:
        entry = _write_entry(grant, acl.owner)
        if entry:
            writers.append(entry)
        # Where S3 keeps that somebody has everything, what Swift says is not shown.
        has_all = Grant(grant.grantee, "FULL_CONTROL") in acl.grants
        is_said = grant in said or (entry and grant.permission == "WRITE")
        if has_all or not is_said:
            kept.append(grant)
    own = Acl(acl.owner, tuple(kept))
    return own, ",".join(dict.fromkeys(readers)), ",".join(dict.fromkeys(writers))


def _write_entry(grant: Grant, owner: str) -> str:
    """The write entry that a grant is; "" where Swift cannot say it."""
    if grant.permission not in ("WRITE", "FULL_CONTROL") or grant.grantee == owner:
        return ""
    if grant.grantee == AUTHENTICATED_USERS:
        return _ANY_USER
    is_plain = not grant.is_group and not set(grant.grantee) & set(", *")
    return grant.grantee if is_plain and not grant.grantee.startswith(".") else ""


def _grants(entry: str, permission: str) -> list[Grant]:
    """An entry for a user, an account, or all users; none for any other."""
    if entry == _ANY_USER:
        return [Grant(AUTHENTICATED_USERS, permission)]
    if not entry or entry.startswith(".") or "*" in entry:
        return []
    return [Grant(entry, permission)]
