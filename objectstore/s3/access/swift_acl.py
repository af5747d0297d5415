"""What a container's Swift ACLs (``X-Container-Read``/``-Write``) allow.  Pure.

An owner who opened a container through Swift has opened it: S3 requests get in
by the same entries.  Reading means objects (and, for users or with
``.rlistings``, the listing); writing means putting and deleting objects.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from objectstore.s3.caller import Caller


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
