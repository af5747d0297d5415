"""Container ACLs: Swift's ``X-Container-Read`` and ``X-Container-Write``.  Pure.

A list separated by commas of

* ``.r:HOST``: whoever comes from a page of that host (``*`` any host,
  ``.example.com`` the domain's hosts, ``-`` in front refuses); in order, the
  last that matches counts; not in write ACLs;
* ``.rlistings``: those may list the container too, not only read objects;
* ``account:user``, ``account`` (all its users), ``account:*``, ``*:user``,
  ``*:*`` (anybody who has a token), or the name of a group.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from objectstore.kernel.access import Identity
from objectstore.kernel.errors import Rejected

LISTINGS = ".rlistings"
_REFERRER_WORDS = frozenset({".r", ".ref", ".referer", ".referrer"})
# What a missing or unreadable Referer counts as.
_UNKNOWN_HOST = "unknown"
# Parsed ACLs kept: as many as busy containers, not as clients can invent.
_PARSED_MAX = 1024


@dataclass(frozen=True, slots=True)
class ContainerAcl:
    """An ACL taken apart.  ``referrers`` keep their order."""

    referrers: tuple[str, ...] = ()
    grantees: frozenset[str] = frozenset()

    @property
    def has_listings(self) -> bool:
        """Whether referrers may list."""
        return LISTINGS in self.grantees


def clean_acl(header: str, text: str) -> str:
    """The ACL in its short form, as it is stored.

    ``header`` is the name of the header it came in: write ACLs know no
    referrers.  Raises ``Rejected`` 400 that says what is wrong.
    """
    is_write = "write" in header.lower()
    entries = (entry.strip() for entry in text.split(","))
    return ",".join(_clean_entry(entry, is_write) for entry in entries if entry)


def _clean_entry(entry: str, is_write: bool) -> str:
    designator, colon, host = (part.strip() for part in entry.partition(":"))
    if not colon or not designator.startswith("."):
        return entry
    if designator not in _REFERRER_WORDS:
        raise Rejected(400, f"Unknown designator {designator!r} in ACL: {entry!r}")
    if is_write:
        raise Rejected(400, f"Referrers not allowed in write ACL: {entry!r}")
    sign = ""
    if host.startswith("-"):
        sign, host = "-", host[1:].strip()
    if host.startswith("*") and host != "*":
        host = host[1:].strip()
    if host in ("", "."):
        raise Rejected(
            400, f"No host/domain value after referrer designation in ACL: {entry!r}"
        )
    return f".r:{sign}{host}"


@functools.lru_cache(_PARSED_MAX)
def parse_acl(text: str) -> ContainerAcl:
    """A stored ACL taken apart; never fails (whoever stores it cleans it)."""
    entries = [entry for entry in text.split(",") if entry]
    return ContainerAcl(
        tuple(entry[3:] for entry in entries if entry.startswith(".r:")),
        frozenset(entry for entry in entries if not entry.startswith(".r:")),
    )


def referrer_allowed(referrer: str, rules: Iterable[str]) -> bool:
    """Whether the ``Referer`` header's host may read; the last match counts."""
    host = _host_of(referrer)
    allowed = False
    for rule in rules:
        refuses = rule.startswith("-")
        wanted = rule[1:] if refuses else rule
        in_domain = wanted.startswith(".") and host.endswith(wanted)
        if wanted in ("*", host) or in_domain:
            allowed = not refuses
    return allowed


def is_granted(identity: Identity, acl: ContainerAcl) -> bool:
    """Whether one of the ACL's grantees names this identity."""
    grantees = acl.grantees
    if not grantees.isdisjoint(identity.groups):
        return True
    account, _, user = identity.user.partition(":")
    return "*:*" in grantees or f"{account}:*" in grantees or f"*:{user}" in grantees


def _host_of(referrer: str) -> str:
    if not referrer:
        return _UNKNOWN_HOST
    try:
        return urlsplit(referrer).hostname or _UNKNOWN_HOST
    except ValueError:
        return _UNKNOWN_HOST
