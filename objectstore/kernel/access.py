"""Who asks, and what guards the thing that is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks.  ``groups`` are matched against ACLs: the user's own name
    (``account:user``), the account, and roles."""

    user: str
    groups: tuple[str, ...] = ()
    # Accounts (such as AUTH_test) in which this identity may do anything.
    owned_accounts: tuple[str, ...] = ()
    is_reseller_admin: bool = False
    may_read_all: bool = False  # .reseller_reader: GET and HEAD anywhere
    # Accounts in which this identity may read everything.
    readable_accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What guards the thing a request is after.

    ``container_acl`` is the container's read or write ACL (whichever the verb
    needs), ``account_acl`` the JSON of the account's ACL; "" where there is none.
    """

    container_acl: str = ""
    account_acl: str = ""
