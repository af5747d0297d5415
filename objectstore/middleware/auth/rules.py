"""Who may do what: tempauth's decision, pure.

In this order: reseller admins and readers, the account's owner, the
container's ACL (referrers, then grantees), the account's ACL.  Nobody gets
into accounts outside the reseller prefixes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple

from objectstore.kernel.access import Identity
from objectstore.middleware.auth.account_acl import AccountAcl
from objectstore.middleware.auth.acl import ContainerAcl, is_granted, referrer_allowed
from objectstore.middleware.auth.users import ResellerPrefix

READS = ("GET", "HEAD")


class Verdict(enum.Enum):
    """The decision."""

    OWNER = "owner"  # allowed, and may see and set what is the owner's
    ALLOWED = "allowed"
    DENIED = "denied"


class Attempt(NamedTuple):
    """What somebody wants to do.  A tuple: one is made for every request."""

    method: str
    account: str
    container: str
    object: str
    referrer: str


def decide(
    identity: Identity | None,
    attempt: Attempt,
    prefixes: tuple[ResellerPrefix, ...],
    container_acl: ContainerAcl,
    account_acl: Callable[[], AccountAcl],
) -> Verdict:
    """The verdict; ``account_acl`` is asked only when nothing before it says yes."""
    rule = prefix_of(attempt.account, prefixes)
    if rule is None:
        return Verdict.DENIED
    if identity is not None:
        verdict = _by_role(identity, attempt, rule)
        if verdict is not Verdict.DENIED:
            return verdict
    if attempt.method == "OPTIONS":
        return Verdict.ALLOWED
    if (attempt.object or container_acl.has_listings) and referrer_allowed(
        attempt.referrer, container_acl.referrers
    ):
        return Verdict.ALLOWED
    if identity is None:
        return Verdict.DENIED
    if is_granted(identity, container_acl):
        return Verdict.ALLOWED
    return _by_account_acl(identity, attempt, account_acl())


def prefix_of(
    account: str, prefixes: tuple[ResellerPrefix, ...]
) -> ResellerPrefix | None:
    """The prefix that the account's name has; the empty one is the last resort."""
    empty = None
    for rule in prefixes:
        if not rule.prefix:
            empty = rule
        elif account.startswith(rule.prefix):
            return rule
    return empty if account else None


def _by_role(identity: Identity, attempt: Attempt, rule: ResellerPrefix) -> Verdict:
    # Accounts such as ".expiring" are the house's own.
    rest = attempt.account[len(rule.prefix) :]
    is_ordinary = bool(rest) and not rest.startswith(".")
    if identity.is_reseller_admin and is_ordinary:
        return Verdict.OWNER
    # Owners use their account, they do not create or delete it.
    owns = attempt.account in identity.owned_accounts
    uses = bool(attempt.container) or attempt.method not in ("PUT", "DELETE")
    has_group = not rule.require_group or rule.require_group in identity.groups
    if owns and uses and has_group:
        return Verdict.OWNER
    reads = attempt.method in READS and is_ordinary
    if reads and (
        identity.may_read_all or attempt.account in identity.readable_accounts
    ):
        return Verdict.ALLOWED
    return Verdict.DENIED


def _by_account_acl(identity: Identity, attempt: Attempt, acl: AccountAcl) -> Verdict:
    if not acl.admin.isdisjoint(identity.groups):
        return Verdict.OWNER
    reads = attempt.method in READS
    if (attempt.container or reads) and not acl.read_write.isdisjoint(identity.groups):
        return Verdict.ALLOWED
    if reads and not acl.read_only.isdisjoint(identity.groups):
        return Verdict.ALLOWED
    return Verdict.DENIED
