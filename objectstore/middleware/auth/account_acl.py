"""Account ACLs: Swift's ``X-Account-Access-Control``.  Pure.

A JSON object of up to three lists of grantees (``account:user``, ``account`` or
a group):

* ``admin``: may do anything in the account that its owner may;
* ``read-write``: may read the account and do anything to containers and
  objects in it;
* ``read-only``: may read everything in it.

Stored in the account's metadata as ``X-Account-Sysmeta-Core-Access-Control``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.errors import Rejected

HEADER = "X-Account-Access-Control"
STORED_HEADER = "X-Account-Sysmeta-Core-Access-Control"
LISTS = ("admin", "read-write", "read-only")
_PARSED_MAX = 1024


@dataclass(frozen=True, slots=True)
class AccountAcl:
    """Who has what rights in an account."""

    admin: frozenset[str] = frozenset()
    read_write: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()


def check_account_acl(text: str) -> None:
    """Raise ``Rejected`` 400 when the header's value is no account ACL.

    Empty text is one: it removes the ACL.
    """
    mistake = _mistake_in(text)
    if mistake:
        raise Rejected(400, f"{HEADER} invalid: {mistake}\n\nInput: {text}\n")


def without_nobody(text: str) -> str:
    """A checked ACL as it is stored: empty when it grants nothing to anybody."""
    return text if parse_account_acl(text) != AccountAcl() else ""


@functools.lru_cache(_PARSED_MAX)
def parse_account_acl(text: str) -> AccountAcl:
    """A stored ACL taken apart; what is not valid grants nothing."""
    if not text or _mistake_in(text):
        return AccountAcl()
    lists = orjson.loads(text)
    return AccountAcl(*(frozenset(lists.get(name, ())) for name in LISTS))


def _mistake_in(text: str) -> str:
    if not text:
        return ""
    try:
        lists: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        lists = None
    if not isinstance(lists, dict):
        return f"Syntax error in input ({text!r})"
    for name in lists:
        if name not in LISTS:
            return f"Key {_json(name)} not recognized"
    for name in LISTS:
        grantees = lists.get(name, [])
        if not isinstance(grantees, list):
            return f"Value for key {_json(name)} must be a list"
        if not all(isinstance(grantee, str) for grantee in grantees):
            return f"Elements of {_json(name)} list must be strings"
    return ""


def _json(text: str) -> str:
    return orjson.dumps(text).decode()
